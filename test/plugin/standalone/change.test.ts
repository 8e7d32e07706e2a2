import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { changeDecider, type ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { pipelineIdOf, stageRunIdOf } from '../../../plugin/hosts/standalone/ids.js';
import type { Stage } from '../../../src/domain/stage-plan.js';
import type { ChangeEvent } from '../../../src/events/catalog.js';
import type { MergeObstacle } from '../../../src/events/promotion.js';
import type { Outcome } from '../../../src/events/shapes.js';
import { fold } from '../../../src/kernel/decider.js';
import { approve, changeId, planned, scope, source, submit } from './history.js';

const after = (events: readonly ChangeEvent[], command: ChangeCommand) =>
  changeDecider.decide(command, fold(changeDecider, events));

const events = (decided: ReturnType<typeof after>): readonly ChangeEvent[] => {
  if (E.isLeft(decided)) throw new Error(decided.left.message);
  return decided.right;
};

const opened = events(after([], submit('a1')));

describe('SubmitPatchset', () => {
  it('given no change, then it is opened with patchset 1 and Verify is triggered', () => {
    expect(opened.map(({ type }) => type)).toEqual(['ChangeOpened', 'PatchsetAdded', 'StageTriggered']);
    expect(opened[2]?.data).toMatchObject({
      stage: 'verify',
      patchset: 1,
      queueKey: `verify:${changeId}`,
      stageRunId: stageRunIdOf(changeId, 'verify', 0),
    });
  });

  it('given an open change and another sha, then patchset 2, another run of Verify, and the old one is not to go on', () => {
    const next = events(after(opened, submit('b2', [planned('unit')])));
    expect(next.map(({ type, data }) => [type, data])).toEqual([
      ['PatchsetAdded', { number: 2, source: source('b2') }],
      [
        'StageCancelRequested',
        { stage: 'verify', stageRunId: stageRunIdOf(changeId, 'verify', 0), why: 'new_patchset' },
      ],
      [
        'StageTriggered',
        {
          ...{ stage: 'verify', patchset: 2, queueKey: `verify:${changeId}`, plan: [planned('unit')] },
          stageRunId: stageRunIdOf(changeId, 'verify', 1),
        },
      ],
    ]);
  });

  it('given the sha of the latest patchset, then refused: same_patchset', () => {
    expect(after(opened, submit('a1'))).toMatchObject(E.left({ code: 'same_patchset' }));
  });

  it('given the sha of an earlier patchset, then it is a new one', () => {
    const second = [...opened, ...events(after(opened, submit('b2')))];
    expect(events(after(second, submit('a1')))[0]?.data).toMatchObject({ number: 3 });
  });

  it('given the same branch of another repository, then refused: other_repository', () => {
    const command = { ...submit('b2'), source: source('b2', '/repo/other') } as ChangeCommand;
    expect(after(opened, command)).toMatchObject(E.left({ code: 'other_repository' }));
  });
});

/** Histories of a change, by the name of where they have come to. */
const stories = (() => {
  const at: Record<string, readonly ChangeEvent[]> = { none: [] };
  const then = (from: string, name: string, ...commands: readonly ChangeCommand[]): void => {
    at[name] = commands.reduce<readonly ChangeEvent[]>(
      (past, command) => [...past, ...events(after(past, command))],
      at[from] ?? [],
    );
  };
  const ended = (stage: string, status: 'passed' | 'failed' | 'cancelled', n = 0): ChangeCommand => ({
    ...{ kind: 'RecordStageEnded', changeId, stage, stageRunId: stageRunIdOf(changeId, stage, n), status },
    phases: [
      { phase: 'unit', phaseRunId: 'u', outcome: status === 'passed' ? 'succeeded' : 'failed' },
      { phase: 'lint', phaseRunId: 'l', outcome: 'succeeded' },
    ],
  });
  const landed: ChangeCommand = { kind: 'RecordMerged', changeId, sha: 'merge-a1', branchDeleted: true };
  const superseded = (delivered: boolean): ChangeCommand => ({
    ...{ kind: 'SupersedeChange', changeId, by: 'later', delivered },
  });
  const deliver: ChangeCommand = { kind: 'DeliverChange', changeId };
  then('none', 'verifying', submit('a1'));
  then('verifying', 'verified', ended('verify', 'passed'));
  then('verifying', 'verify failed', ended('verify', 'failed'));
  then('verifying', 'verify cancelled', { kind: 'CancelStage', changeId }, ended('verify', 'cancelled'));
  then('verified', 'verifying again', { kind: 'RerunStage', changeId, stage: 'verify' });
  then('verified', 'merging', approve('a1'));
  then('merging', 'refused', {
    ...{ kind: 'RecordMergeRefused', changeId, sha: 'merge-a1', why: 'target_moved', detail: 'No.' },
  });
  then('merging', 'building', landed);
  then('building', 'build failed', ended('build', 'failed'));
  then('building', 'superseded while building', superseded(false));
  then('build failed', 'superseded', superseded(false));
  then('building', 'accepting', ended('build', 'passed'));
  then('accepting', 'accepted', ended('acceptance', 'passed'));
  then('accepting', 'acceptance failed', ended('acceptance', 'failed'));
  then('accepted', 'in union', deliver);
  then('in union', 'union failed', ended('union', 'failed'));
  then('in union', 'in rehearsal', ended('union', 'passed'));
  then('in rehearsal', 'rehearsal failed', ended('rehearsal', 'failed'));
  then('in rehearsal', 'in delivered', ended('rehearsal', 'passed'));
  then('in delivered', 'through', ended('delivered', 'passed'));
  then('through', 'through, later delivered', superseded(true));
  then('in union', 'in union, later delivered', superseded(true));
  then('verified', 'deleted', { kind: 'DeleteChange', changeId });
  return { at, landed, ended, superseded };
})();

const rerun = (stage: Stage): ChangeCommand => ({ kind: 'RerunStage', changeId, stage });
const again = (stage: Stage, phase: string): ChangeCommand => ({
  ...{ kind: 'RerunPhase', changeId, stage, phase },
});
const simple = (kind: 'DeliverChange' | 'DeleteChange' | 'CancelStage'): ChangeCommand => ({
  kind,
  changeId,
});
const deliver = simple('DeliverChange');
const remove = simple('DeleteChange');
const cancel = simple('CancelStage');
const { landed, ended, superseded } = stories;
const refused = (why: MergeObstacle, sha = 'merge-a1'): ChangeCommand => ({
  ...{ kind: 'RecordMergeRefused', changeId, sha, why, detail: 'No.' },
});

/** Of the phase of these stories that failed; its other jobs ended so. */
const retry = (
  stage: Stage,
  more: {
    readonly phaseRunId?: string;
    readonly others?: readonly { label: string; outcome: Outcome }[];
  } = {},
): ChangeCommand => ({
  ...{ kind: 'RetryJob', changeId, stage, phase: 'unit', others: more.others ?? [] },
  ...{ job: { phaseRunId: more.phaseRunId ?? 'u', jobId: 'j' }, row: { label: 'debian', filter: [] } },
});
const sibling = (outcome: Outcome) => ({ others: [{ label: 'rhel', outcome }] });

/** Where the change stands, what is asked, and what comes of it: types of events, or a refusal's code. */
const table: readonly (readonly [string, string, ChangeCommand, readonly string[] | string])[] = [
  ['none', 'approve', approve('a1'), 'change_unknown'],
  ['none', 'deliver', deliver, 'change_unknown'],
  ['none', 'delete', remove, 'change_unknown'],
  ['none', 'cancel', cancel, 'change_unknown'],
  ['none', 'rerun verify', rerun('verify'), 'change_unknown'],

  ['verifying', 'approve', approve('a1'), 'stage_not_over'],
  ['verifying', 'deliver', deliver, 'change_open'],
  ['verifying', 'rerun verify', rerun('verify'), 'stage_running'],
  ['verifying', 'rerun phase', again('verify', 'unit'), 'stage_running'],
  ['verifying', 'cancel', cancel, ['StageCancelRequested']],
  ['verifying', 'delete', remove, ['ChangeDeleted', 'StageCancelRequested']],
  ['verifying', 'an end of another run', ended('verify', 'passed', 7), []],

  ['verified', 'approve', approve('a1'), ['MergeIntended']],
  ['verified', 'approve an older patchset', approve('a1', [], { patchset: 0 }), 'patchset_outdated'],
  ['verified', 'cancel', cancel, 'nothing_to_cancel'],
  ['verified', 'delete', remove, ['ChangeDeleted']],
  ['verified', 'rerun verify', rerun('verify'), ['StageTriggered']],
  ['verified', 'rerun build', rerun('build'), 'change_open'],
  ['verified', 'rerun a phase that succeeded', again('verify', 'unit'), 'phase_not_to_rerun'],
  ['verified', 'the same end once more', ended('verify', 'failed'), []],
  ['verified', 'a merge that nobody intended', landed, []],
  ['verified', 'a refusal of no merge', refused('declined'), []],
  ['verified', 'supersede', superseded(false), []],

  ['verify failed', 'approve', approve('a1'), 'stage_not_passed'],
  ['verify failed', 'rerun verify', rerun('verify'), ['StageTriggered']],
  ['verify failed', 'rerun phase', again('verify', 'unit'), ['PhaseRerunTriggered']],
  ['verify failed', 'rerun an unheard-of phase', again('verify', 'deploy'), 'phase_not_to_rerun'],
  ['verify cancelled', 'approve', approve('a1'), 'stage_not_passed'],
  ['verify cancelled', 'rerun verify', rerun('verify'), ['StageTriggered']],
  ['verifying again', 'approve', approve('a1'), 'stage_not_over'],

  ['merging', 'approve', approve('a1'), 'change_merging'],
  ['merging', 'delete', remove, 'change_merging'],
  ['merging', 'submit', submit('b2'), 'change_merging'],
  ['merging', 'cancel', cancel, 'nothing_to_cancel'],
  ['merging', 'rerun verify', rerun('verify'), 'change_merging'],
  ['merging', 'landed', landed, ['ChangeMerged', 'StageTriggered']],
  ['merging', 'another merge landed', { ...landed, sha: 'other' }, []],
  ['merging', 'refused', refused('target_moved'), ['MergeRefused']],
  ['refused', 'approve', approve('a1'), ['MergeIntended']],
  ['refused', 'submit', submit('b2'), ['PatchsetAdded', 'StageTriggered']],
  ['refused', 'landed after all', landed, []],

  ['building', 'submit', submit('b2'), 'change_closed'],
  ['building', 'approve', approve('a1'), 'change_merged'],
  ['building', 'delete', remove, 'change_merged'],
  ['building', 'deliver', deliver, 'stage_not_over'],
  ['building', 'rerun build', rerun('build'), 'stage_running'],
  ['building', 'cancel', cancel, ['StageCancelRequested']],
  ['building', 'landed once more', landed, []],
  ['building', 'supersede', superseded(false), ['ChangeSuperseded', 'StageCancelRequested']],
  ['building', 'build failed', ended('build', 'failed'), ['StageEnded']],
  ['building', 'build passed', ended('build', 'passed'), ['StageEnded', 'StageTriggered']],
  ['superseded while building', 'build passed', ended('build', 'passed'), ['StageEnded']],
  ['build failed', 'rerun build', rerun('build'), ['StageTriggered']],
  ['build failed', 'rerun phase', again('build', 'unit'), ['PhaseRerunTriggered']],
  ['build failed', 'rerun verify', rerun('verify'), 'change_merged'],
  ['build failed', 'rerun acceptance', rerun('acceptance'), 'stage_not_reached'],
  ['build failed', 'deliver', deliver, 'stage_not_over'],

  ['superseded', 'rerun build', rerun('build'), 'change_superseded'],
  ['superseded', 'deliver', deliver, 'change_superseded'],
  ['superseded', 'submit', submit('b2'), 'change_closed'],
  ['superseded', 'supersede', superseded(false), []],

  ['accepting', 'deliver', deliver, 'stage_not_over'],
  ['accepting', 'rerun build', rerun('build'), 'stage_passed_by'],
  ['accepting', 'acceptance passed', ended('acceptance', 'passed'), ['StageEnded']],
  ['acceptance failed', 'deliver', deliver, 'stage_not_passed'],
  ['acceptance failed', 'rerun acceptance', rerun('acceptance'), ['StageTriggered']],
  ['accepted', 'deliver', deliver, ['ChangeDelivered', 'StageTriggered']],
  ['accepted', 'rerun acceptance', rerun('acceptance'), ['StageTriggered']],
  ['accepted', 'supersede', superseded(false), ['ChangeSuperseded']],

  ['in union', 'deliver', deliver, 'change_delivered'],
  ['in union', 'supersede by one in Acceptance', superseded(false), []],
  ['in union', 'union passed', ended('union', 'passed'), ['StageEnded', 'StageTriggered']],
  ['in union, later delivered', 'union passed', ended('union', 'passed'), ['StageEnded']],
  ['union failed', 'rerun union', rerun('union'), ['StageTriggered']],
  ['union failed', 'rerun rehearsal', rerun('rehearsal'), 'stage_not_reached'],
  ['in rehearsal', 'rerun union', rerun('union'), 'stage_passed_by'],
  ['rehearsal failed', 'rerun rehearsal', rerun('rehearsal'), ['StageTriggered']],
  ['in delivered', 'rerun rehearsal', rerun('rehearsal'), 'stage_passed_by'],
  ['through', 'rerun delivered', rerun('delivered'), ['StageTriggered']],
  ['through', 'rerun acceptance', rerun('acceptance'), 'change_delivered'],
  ['through', 'cancel', cancel, 'nothing_to_cancel'],
  ['through', 'submit', submit('b2'), 'change_closed'],
  ['through, later delivered', 'rerun delivered', rerun('delivered'), 'change_superseded'],

  ['none', 'retry a job', retry('verify'), 'change_unknown'],
  ['verifying', 'retry a job', retry('verify'), 'stage_running'],
  ['verify failed', 'retry a job', retry('verify'), ['PhaseRerunTriggered']],
  [
    'verify failed',
    'retry a job whose others succeeded',
    retry('verify', sibling('succeeded')),
    ['PhaseRerunTriggered'],
  ],
  [
    'verify failed',
    'retry a job whose others did not',
    retry('verify', sibling('failed')),
    'other_jobs_unwell',
  ],
  ['verify failed', 'retry a job of an earlier run', retry('verify', { phaseRunId: 'v' }), 'job_outdated'],
  ['verify failed', 'retry a job of build', retry('build'), 'change_open'],
  ['verify cancelled', 'retry a job', retry('verify'), ['PhaseRerunTriggered']],
  ['verifying again', 'retry a job', retry('verify'), 'stage_running'],
  ['merging', 'retry a job of verify', retry('verify'), 'change_merging'],
  ['building', 'retry a job', retry('build'), 'stage_running'],
  ['build failed', 'retry a job', retry('build'), ['PhaseRerunTriggered']],
  ['build failed', 'retry a job of verify', retry('verify'), 'change_merged'],
  ['accepting', 'retry a job of build', retry('build'), 'stage_passed_by'],
  ['superseded', 'retry a job', retry('build'), 'change_superseded'],
  ['acceptance failed', 'retry a job', retry('acceptance'), ['PhaseRerunTriggered']],
  ['union failed', 'retry a job', retry('union'), ['PhaseRerunTriggered']],
  ['rehearsal failed', 'retry a job', retry('rehearsal'), ['PhaseRerunTriggered']],
  ['through', 'retry a job of union', retry('union'), 'stage_passed_by'],
  ['deleted', 'retry a job', retry('verify'), 'change_deleted'],

  ['deleted', 'submit', submit('b2'), 'change_closed'],
  ['deleted', 'approve', approve('a1'), 'change_deleted'],
  ['deleted', 'delete', remove, 'change_deleted'],
  ['deleted', 'rerun verify', rerun('verify'), 'change_deleted'],
];

describe('every transition', () => {
  it.each(table)(
    'given a change %s, when asked to %s, then as the table says',
    (where, _, command, result) => {
      const decided = after(stories.at[where] ?? [], command);
      if (typeof result === 'string') expect(decided).toMatchObject(E.left({ code: result }));
      else expect(events(decided).map(({ type }) => type)).toEqual(result);
    },
  );

  it('every story of the table is told, and every refusal has a way out', () => {
    for (const [where, , command, result] of table) {
      expect(Object.keys(stories.at)).toContain(where);
      const decided = after(stories.at[where] ?? [], command);
      if (typeof result === 'string' && E.isLeft(decided)) {
        expect(decided.left.message).toMatch(/expected.*\.$/);
        expect(decided.left.hint).not.toBe('');
      }
    }
  });

  it('given a cancel that was asked for, then once more changes nothing', () => {
    const asked = [
      ...(stories.at['verifying'] ?? []),
      ...events(after(stories.at['verifying'] ?? [], cancel)),
    ];
    expect(events(after(asked, cancel))).toEqual([]);
  });

  it('given a phase run again, then the new run keeps the others with their phase runs', () => {
    const [event] = events(after(stories.at['verify failed'] ?? [], again('verify', 'unit')));
    expect(event?.data).toMatchObject({
      ...{ stage: 'verify', phase: 'unit', rerunOf: stageRunIdOf(changeId, 'verify', 0) },
      stageRunId: stageRunIdOf(changeId, 'verify', 1),
      kept: [{ phase: 'lint', phaseRunId: 'l', outcome: 'succeeded' }],
    });
  });
});

describe('a job that is tried again', () => {
  const rows = [
    { label: 'rhel', filter: [] },
    { label: 'debian', filter: [] },
  ];
  const failed = [
    submit('a1', [planned('unit', { rows }), planned('lint')]),
    ended('verify', 'failed'),
  ].reduce<readonly ChangeEvent[]>((past, command) => [...past, ...events(after(past, command))], []);
  const filter = [{ key: 'runner', op: 'none' as const, values: ['r1'] }];
  const asked = {
    ...retry('verify', sibling('succeeded')),
    row: { label: 'debian', filter },
  } as ChangeCommand;
  const retried = [...failed, ...events(after(failed, asked))];
  const rowsOf = (command: ChangeCommand) => {
    const again = [...retried, ...events(after(retried, ended('verify', 'failed', 1)))];
    const [event] = events(after(again, command));
    return event?.type === 'StageTriggered' || event?.type === 'PhaseRerunTriggered'
      ? event.data.plan.find(({ phase }) => phase === 'unit')?.rows
      : undefined;
  };

  it('then its phase has only its row, and the others keep their ends', () => {
    expect(retried.at(-1)).toMatchObject({
      type: 'PhaseRerunTriggered',
      data: {
        ...{ stage: 'verify', phase: 'unit', rerunOf: stageRunIdOf(changeId, 'verify', 0) },
        stageRunId: stageRunIdOf(changeId, 'verify', 1),
        retryOf: { phaseRunId: 'u', jobId: 'j' },
        kept: [{ phase: 'lint', phaseRunId: 'l', outcome: 'succeeded' }],
        plan: [{ phase: 'unit', rows: [{ label: 'debian', filter }] }, { phase: 'lint' }],
      },
    });
  });
  it('then the whole phase and the whole stage have all rows when they run again afterwards', () => {
    expect(rowsOf(again('verify', 'unit'))).toEqual(rows);
    expect(rowsOf(rerun('verify'))).toEqual(rows);
  });
  it('given others that did not succeed, then they are named, and how to run them all', () => {
    const decided = after(failed, retry('verify', sibling('timed_out')));
    expect(decided).toMatchObject(
      E.left({
        message: expect.stringContaining('rhel: timed out') as string,
        hint: expect.stringMatching(/baton change rerun \w{8} --stage verify --phase unit/) as string,
      }),
    );
  });
});

/** Stories by what they have in common. */
const unverified = ['verifying', 'verifying again'];
const failedVerify = ['verify failed', 'verify cancelled'];
const verified = ['verified', 'refused'];
const open = [...unverified, ...failedVerify, ...verified];
const merged = ['building', 'build failed', 'accepting', 'accepted', 'acceptance failed'];
const passedBy = ['superseded while building', 'superseded'];
const latest = ['in union', 'union failed', 'in rehearsal', 'rehearsal failed', 'in delivered', 'through'];
const older = ['in union, later delivered', 'through, later delivered'];
const given = [...latest, ...older];
const known = [...open, 'merging', ...merged, ...passedBy, ...given, 'deleted'];
const except = (...left: readonly string[]): readonly string[] =>
  known.filter((story) => !left.includes(story));

const notOpen = {
  ...{ change_unknown: ['none'], change_merging: ['merging'], change_merged: merged },
  ...{ change_superseded: passedBy, change_delivered: given, change_deleted: ['deleted'] },
};
const notMerged = {
  ...{ change_unknown: ['none'], change_open: open, change_merging: ['merging'] },
  ...{ change_superseded: passedBy, change_delivered: given, change_deleted: ['deleted'] },
};
const notDelivered = {
  ...{ change_unknown: ['none'], change_open: open, change_merging: ['merging'], change_merged: merged },
  ...{ change_superseded: [...passedBy, ...older], change_deleted: ['deleted'] },
};
/** Only in these something comes of it. */
const only = (result: string, ...where: readonly string[]): Cells => ({
  ...{ change_unknown: ['none'], [result]: where, nothing: except(...where) },
});

/** What comes of it → in which stories. */
type Cells = Readonly<Record<string, readonly string[]>>;

const [afterBuild, afterAcceptance] = [
  ['accepting', 'accepted', 'acceptance failed'],
  ['in rehearsal', 'rehearsal failed', 'in delivered', 'through'],
];

const everyCell: readonly (readonly [string, ChangeCommand, Cells])[] = [
  [
    ...(['submit', submit('b2')] as const),
    {
      'ChangeOpened, PatchsetAdded, StageTriggered': ['none'],
      'PatchsetAdded, StageCancelRequested, StageTriggered': unverified,
      'PatchsetAdded, StageTriggered': [...failedVerify, ...verified],
      change_merging: ['merging'],
      change_closed: [...merged, ...passedBy, ...given, 'deleted'],
    },
  ],
  [
    ...(['approve', approve('a1')] as const),
    { ...notOpen, stage_not_over: unverified, stage_not_passed: failedVerify, MergeIntended: verified },
  ],
  ['say that the merge has landed', landed, only('ChangeMerged, StageTriggered', 'merging')],
  ['say that the merge was refused', refused('declined'), only('MergeRefused', 'merging')],
  [
    ...(['deliver', deliver] as const),
    {
      ...notMerged,
      stage_not_over: ['building', 'build failed', 'accepting'],
      stage_not_passed: ['acceptance failed'],
      'ChangeDelivered, StageTriggered': ['accepted'],
    },
  ],
  [
    ...(['delete', remove] as const),
    {
      ...notOpen,
      'ChangeDeleted, StageCancelRequested': unverified,
      ChangeDeleted: [...failedVerify, ...verified],
    },
  ],
  [
    ...(['cancel', cancel] as const),
    {
      change_unknown: ['none'],
      StageCancelRequested: [
        ...[...unverified, 'building', 'accepting', 'in union', 'in rehearsal', 'in delivered'],
        'in union, later delivered',
      ],
      nothing: ['superseded while building'],
      nothing_to_cancel: [
        ...[
          ...failedVerify,
          ...verified,
          'merging',
          'build failed',
          'superseded',
          'accepted',
          'acceptance failed',
        ],
        ...['union failed', 'rehearsal failed', 'through', 'through, later delivered', 'deleted'],
      ],
    },
  ],
  [
    ...(['supersede by one that has begun Acceptance', superseded(false)] as const),
    {
      change_unknown: ['none'],
      'ChangeSuperseded, StageCancelRequested': ['building', 'accepting'],
      ChangeSuperseded: ['build failed', 'accepted', 'acceptance failed'],
      nothing: except(...merged),
    },
  ],
  [
    ...(['supersede by one that was delivered', superseded(true)] as const),
    {
      change_unknown: ['none'],
      'ChangeSuperseded, StageCancelRequested': ['building', 'accepting'],
      ChangeSuperseded: ['build failed', 'accepted', 'acceptance failed', ...latest],
      nothing: except(...merged, ...latest),
    },
  ],
  [
    ...(['run verify again', rerun('verify')] as const),
    { ...notOpen, stage_running: unverified, StageTriggered: [...failedVerify, ...verified] },
  ],
  [
    ...(['run unit of verify again', again('verify', 'unit')] as const),
    {
      ...notOpen,
      stage_running: unverified,
      phase_not_to_rerun: verified,
      PhaseRerunTriggered: failedVerify,
    },
  ],
  // whether the job may be tried again is looked at before
  [
    ...(['try a job of verify again', retry('verify')] as const),
    { ...notOpen, stage_running: unverified, PhaseRerunTriggered: [...failedVerify, ...verified] },
  ],
  ...(['StageTriggered', 'PhaseRerunTriggered'] as const).flatMap((result) => {
    const isStage = result === 'StageTriggered';
    const run = (stage: Stage) =>
      [
        `run ${isStage ? '' : 'unit of '}${stage} again`,
        isStage ? rerun(stage) : again(stage, 'unit'),
      ] as const;
    // a stage that has passed runs again as a whole, none of its phases does
    const whenPassed = isStage ? result : 'phase_not_to_rerun';
    return [
      [
        ...run('build'),
        {
          ...notMerged,
          stage_running: ['building'],
          [result]: ['build failed'],
          stage_passed_by: afterBuild,
        },
      ],
      [
        ...run('acceptance'),
        {
          ...notMerged,
          stage_not_reached: ['building', 'build failed'],
          stage_running: ['accepting'],
          ...(isStage
            ? { [result]: ['accepted', 'acceptance failed'] }
            : { [result]: ['acceptance failed'], [whenPassed]: ['accepted'] }),
        },
      ],
      [
        ...run('union'),
        {
          ...notDelivered,
          stage_running: ['in union'],
          [result]: ['union failed'],
          stage_passed_by: afterAcceptance,
        },
      ],
      [
        ...run('rehearsal'),
        {
          ...notDelivered,
          stage_not_reached: ['in union', 'union failed'],
          stage_running: ['in rehearsal'],
          [result]: ['rehearsal failed'],
          stage_passed_by: ['in delivered', 'through'],
        },
      ],
      [
        ...run('delivered'),
        {
          ...notDelivered,
          stage_not_reached: ['in union', 'union failed', 'in rehearsal', 'rehearsal failed'],
          stage_running: ['in delivered'],
          [whenPassed]: ['through'],
        },
      ],
    ] as const;
  }),
  // whether the job failed is looked at before; here it is where the change stands
  [
    ...(['retry a job of verify', retry('verify')] as const),
    { ...notOpen, stage_running: unverified, PhaseRerunTriggered: [...failedVerify, ...verified] },
  ],
  [
    ...(['retry a job of build', retry('build')] as const),
    {
      ...notMerged,
      stage_running: ['building', 'superseded while building'],
      change_superseded: ['superseded'],
      stage_passed_by: afterBuild,
      PhaseRerunTriggered: ['build failed'],
    },
  ],
  [
    ...(['retry a job of acceptance', retry('acceptance')] as const),
    {
      ...notMerged,
      stage_not_reached: ['building', 'build failed'],
      stage_running: ['accepting'],
      PhaseRerunTriggered: ['accepted', 'acceptance failed'],
    },
  ],
  [
    ...(['retry a job of union', retry('union')] as const),
    {
      ...notDelivered,
      stage_running: ['in union', 'in union, later delivered'],
      change_superseded: [...passedBy, 'through, later delivered'],
      stage_passed_by: afterAcceptance,
      PhaseRerunTriggered: ['union failed'],
    },
  ],
  [
    ...(['retry a job of rehearsal', retry('rehearsal')] as const),
    {
      ...notDelivered,
      stage_not_reached: ['in union', 'union failed'],
      stage_running: ['in rehearsal'],
      stage_passed_by: ['in delivered', 'through'],
      PhaseRerunTriggered: ['rehearsal failed'],
    },
  ],
  [
    ...(['retry a job of delivered', retry('delivered')] as const),
    {
      ...notDelivered,
      stage_not_reached: ['in union', 'union failed', 'in rehearsal', 'rehearsal failed'],
      stage_running: ['in delivered'],
      PhaseRerunTriggered: ['through'],
    },
  ],
  // each stage, and where its end makes another one begin
  ...(
    [
      ['verify', ['verifying'], []],
      ['build', ['superseded while building'], ['building']],
      ['acceptance', ['accepting'], []],
      ['union', ['in union, later delivered'], ['in union']],
      ['rehearsal', [], ['in rehearsal']],
      ['delivered', ['in delivered'], []],
    ] as const
  ).flatMap(([stage, stops, goesOn]) => {
    const live = [...stops, ...goesOn];
    const passed: Cells = {
      ...{ change_unknown: ['none'], StageEnded: stops, nothing: except(...live) },
      'StageEnded, StageTriggered': goesOn,
    };
    return [
      [`say that ${stage} has passed`, ended(stage, 'passed'), passed] as const,
      [`say that ${stage} has failed`, ended(stage, 'failed'), only('StageEnded', ...live)] as const,
      [`say that ${stage} was cancelled`, ended(stage, 'cancelled'), only('StageEnded', ...live)] as const,
    ];
  }),
];

describe.each(everyCell)('asked to %s', (_, command, cells) => {
  it('the table tells of every story once', () => {
    expect(Object.values(cells).flat().toSorted()).toEqual(Object.keys(stories.at).toSorted());
  });

  it.each(Object.entries(cells).flatMap(([result, where]) => where.map((story) => [story, result] as const)))(
    'given a change %s, then %s',
    (story, result) => {
      const decided = after(stories.at[story] ?? [], command);
      const found = E.isLeft(decided)
        ? decided.left.code
        : decided.right.map(({ type }) => type).join(', ') || 'nothing';
      expect(found).toBe(result);
    },
  );
});

describe('every command', () => {
  it('stands in the table', () => {
    const kinds = new Set(everyCell.map(([, { kind }]) => kind));
    const all: Readonly<Record<ChangeCommand['kind'], true>> = {
      ...{ SubmitPatchset: true, ApproveChange: true, RecordMerged: true, RecordMergeRefused: true },
      ...{ RecordStageEnded: true, DeliverChange: true, DeleteChange: true, CancelStage: true },
      ...{ SupersedeChange: true, RerunStage: true, RerunPhase: true, RetryJob: true },
    };
    expect([...kinds].toSorted()).toEqual(Object.keys(all).toSorted());
  });
});

/** Jobs that a command makes useless, when what runs is to go on. */
describe('obsolete jobs that finish', () => {
  const obsolete = 'finish' as const;
  const [first, second] = [0, 1].map((n) => stageRunIdOf(changeId, 'verify', n));
  const asked = (decided: ReturnType<typeof after>) =>
    events(decided).flatMap(({ type, data }) => (type === 'StageCancelRequested' ? [data] : []));

  it.each([
    ['verifying', { ...submit('b2'), obsolete } as ChangeCommand, 'new_patchset'],
    ['verifying', { kind: 'DeleteChange', changeId, obsolete }, 'deleted'],
    [
      'building',
      { kind: 'SupersedeChange', changeId, by: 'later', delivered: false, obsolete },
      'superseded',
    ],
  ] satisfies readonly (readonly [string, ChangeCommand, string])[])(
    'given a change %s, then only what waits is to end',
    (where, command, why) => {
      expect(asked(after(stories.at[where] ?? [], command))).toMatchObject([{ why, running: 'finish' }]);
    },
  );

  it('given it was left running, then a person may still cancel it, and the next patchset with the usual policy does', () => {
    const past = stories.at['verifying'] ?? [];
    const two = [...past, ...events(after(past, { ...submit('b2'), obsolete } as ChangeCommand))];
    expect(asked(after(two, cancel)).map(({ stageRunId }) => stageRunId)).toEqual([first, second]);
    expect(asked(after(two, submit('c3'))).map(({ stageRunId }) => stageRunId)).toEqual([first, second]);
    // what was said of the first one is not said again
    const third = asked(after(two, { ...submit('c3'), obsolete } as ChangeCommand));
    expect(third.map(({ stageRunId }) => stageRunId)).toEqual([second]);
    const cancelled = [...two, ...events(after(two, cancel))];
    expect(asked(after(cancelled, cancel))).toEqual([]);
  });

  it('given it was superseded and goes on to a good end, then nothing follows', () => {
    const past = stories.at['building'] ?? [];
    const command: ChangeCommand = { ...superseded(false), obsolete } as ChangeCommand;
    const left = [...past, ...events(after(past, command))];
    expect(events(after(left, ended('build', 'passed'))).map(({ type }) => type)).toEqual(['StageEnded']);
  });
});

describe('stage queues', () => {
  it('are one per change for Verify, one per pipeline for Build and Acceptance, one per enterprise after', () => {
    const keys = (stories.at['through'] ?? []).flatMap((event) =>
      event.type === 'StageTriggered' ? [event.data.queueKey] : [],
    );
    const pipelineId = pipelineIdOf(scope, 'main');
    expect(keys).toEqual([
      ...[`verify:${changeId}`, `build:${pipelineId}`, `acceptance:${pipelineId}`],
      ...['union:default', 'rehearsal:default', 'delivered:default'],
    ]);
  });
});
