/** Histories of the standalone host, made by its own deciders and process, with the core played by hand. */
import * as E from 'fp-ts/lib/Either.js';
import {
  changeDecider,
  type ChangeCommand,
  type ObsoleteJobs,
} from '../../../plugin/hosts/standalone/change.js';
import { changeIdOf, keyOf, placeOf } from '../../../plugin/hosts/standalone/ids.js';
import { pipelineDecider } from '../../../plugin/hosts/standalone/pipeline.js';
import { standaloneProcess, type StandaloneCommand } from '../../../plugin/hosts/standalone/process.js';
import { stageRunDecider } from '../../../plugin/hosts/standalone/stage-run.js';
import { phaseRun } from '../../../src/domain/phase-run.js';
import { phases } from '../../../src/domain/stage-plan.js';
import type { BatonEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { Outcome, Source } from '../../../src/events/shapes.js';
import type { ConfiguredPhase, Dependency, MergeObstacle } from '../../../src/events/promotion.js';
import { fold, type Decider } from '../../../src/kernel/decider.js';
import { deriveId } from '../../../src/kernel/ids.js';
import type { Recorded } from '../../../src/kernel/recorded.js';

export const scope = { enterprise: 'default', organisation: 'default', project: 'web' };
export const changeId = changeIdOf(scope, 'main', 'feature');

export const source = (sha: string, repository = '/repo/web'): Source => ({ kind: 'git', repository, sha });

export const planned = (phase: string, more: Partial<PlannedPhase> = {}): PlannedPhase => ({
  phase,
  group: 0,
  skipped: false,
  rows: [{ label: '', filter: [] }],
  steps: [{ name: phase, run: 'true' }],
  limits: { cancelGraceMs: 1000, logBytes: 1000 },
  ...more,
});

export const submit = (
  sha: string,
  plan: readonly PlannedPhase[] = [planned('unit'), planned('lint')],
  branch = 'feature',
): ChangeCommand => ({
  ...{ kind: 'SubmitPatchset', changeId: changeIdOf(scope, 'main', branch), scope, pipeline: 'main', branch },
  ...{ title: 'Add b', source: source(sha), plan },
});

/** All ten phases; only these are not skipped. */
export const configured = (...run: readonly string[]): readonly ConfiguredPhase[] =>
  phases.map((phase) => {
    const { group: _, ...rest } = planned(phase, { skipped: !run.includes(phase) });
    return rest;
  });

/** The merge that is verified and lands in these histories. */
export const mergeOf = (sha: string): Source => ({
  ...source(`merge-${sha}`),
  ...{ branch: 'feature', merge: { target: 'main', targetSha: 'tip', branchSha: sha } },
});

export const approve = (
  sha: string,
  run: readonly string[] = ['unit', 'deploy'],
  more: { readonly patchset?: number; readonly changeId?: string } = {},
): ChangeCommand => ({
  ...{ kind: 'ApproveChange', changeId, patchset: 1, source: mergeOf(sha), phases: configured(...run) },
  ...more,
});

/** A project of its own, with one change from `feature` into `main`, and what it depends on. */
export const aProject = (
  project: string,
  {
    dependencies = [],
    enterprise = scope.enterprise,
    branch = 'feature',
  }: {
    readonly dependencies?: readonly Dependency[];
    readonly enterprise?: string;
    readonly branch?: string;
  } = {},
) => {
  const own = { ...scope, project, enterprise };
  const id = changeIdOf(own, 'main', branch);
  const at = (sha: string): Source => source(sha, `/repo/${project}`);
  return {
    id,
    scope: own,
    submit: (sha: string, plan: readonly PlannedPhase[] = [planned('unit')]): ChangeCommand => ({
      ...{ kind: 'SubmitPatchset', changeId: id, scope: own, pipeline: 'main', branch },
      ...{ title: `Change ${project}`, source: at(sha), plan },
    }),
    approve: (sha: string, run: readonly string[] = ['deploy'], patchset = 1): ChangeCommand => ({
      ...{ kind: 'ApproveChange', changeId: id, patchset, phases: configured(...run), dependencies },
      source: {
        ...at(`merge-${sha}`),
        ...{ branch, merge: { target: 'main', targetSha: 'tip', branchSha: sha } },
      },
    }),
    deliver: { kind: 'DeliverChange', changeId: id } satisfies ChangeCommand,
  };
};

/** A small world: streams, the process at their head, and the commands that it gave. */
export const aWorld = (category = '', recorded: readonly Recorded<BatonEvent>[] = []) => {
  const log: Recorded<BatonEvent>[] = [...recorded];
  const streams = new Map<string, BatonEvent[]>();
  const keep = ({ stream, event }: Recorded<BatonEvent>): void => {
    const past = streams.get(stream);
    if (past) past.push(event);
    else streams.set(stream, [event]);
  };
  recorded.forEach(keep);
  let state = recorded.reduce(standaloneProcess.evolve, standaloneProcess.init());
  /** After a start, what is owed; then what each event made owed. */
  const given: StandaloneCommand[] = [...standaloneProcess.resume(state)];

  const record = (stream: string, event: BatonEvent): Recorded<BatonEvent> => {
    const revision = past(stream).length;
    const written = {
      ...{ stream: category + stream, revision, event, position: String(log.length + 1) },
      id: deriveId(stream, revision),
      metadata: {
        commandId: '',
        bodySha256: '',
        recordedAt: '2026-01-01T00:00:00.000Z',
        actor: 'baton',
        schema: 1,
      },
    };
    log.push(written);
    keep(written);
    state = standaloneProcess.evolve(state, written);
    given.push(...standaloneProcess.react(state, written));
    return written;
  };
  const past = (stream: string): readonly BatonEvent[] => streams.get(category + stream) ?? [];

  /** As the server would: decide on the stream's past, and record what comes of it. A refusal is answered. */
  const decide = <C, S, Ev extends BatonEvent, R>(
    stream: string,
    decider: Decider<C, S, Ev, R>,
    command: C,
  ): R | undefined => {
    const decided = decider.decide(command, fold(decider, past(stream) as readonly Ev[]));
    if (E.isLeft(decided)) return decided.left;
    for (const event of decided.right) record(stream, event);
    return undefined;
  };
  const tryChange = (command: ChangeCommand) => decide(`change-${command.changeId}`, changeDecider, command);
  const change = (command: ChangeCommand): void => {
    const refusal = tryChange(command);
    if (refusal) throw new Error(refusal.message);
  };
  /** What becomes of jobs of superseded changes. */
  let obsolete: ObsoleteJobs = 'cancel';
  /** What comes of a merge; by default it lands. */
  let obstacle: MergeObstacle | undefined;
  const merge = (command: Extract<StandaloneCommand, { kind: 'PerformMerge' }>): void => {
    const { sha } = command.source;
    const recorded: ChangeCommand = obstacle
      ? { kind: 'RecordMergeRefused', changeId: command.changeId, sha, why: obstacle, detail: 'No.' }
      : { kind: 'RecordMerged', changeId: command.changeId, sha, branchDeleted: true };
    change(recorded);
  };
  /** Carries a command out, as the server would. */
  const perform = (command: StandaloneCommand): void => {
    switch (command.target) {
      case 'change':
        change(command.kind === 'SupersedeChange' ? { ...command, obsolete } : command);
        break;
      case 'pipeline':
        decide(`pipeline-${command.pipelineId}`, pipelineDecider, command);
        break;
      case 'source':
        merge(command);
        break;
      case 'stage_run':
        decide(`stage_run-${command.stageRunId}`, stageRunDecider, command);
        break;
      case 'phase_run': {
        const hostKey = command.kind === 'PromotePhase' ? command.data.hostKey : command.hostKey;
        const stream = `phase_run-${deriveId('phase_run', 'standalone', hostKey, 1)}`;
        decide(
          stream,
          phaseRun,
          command.kind === 'PromotePhase' ? command : { kind: 'CancelPhase', host: 'standalone', hostKey },
        );
      }
    }
  };
  /** Performs what was given until nothing is left to do. */
  const settle = (): void => {
    for (let command = given.shift(); command; command = given.shift()) perform(command);
  };
  const phaseRunOf = (stageRunId: string, phase: string, attempt = 1): string =>
    deriveId('phase_run', 'standalone', `${stageRunId}/${phase}`, attempt);
  const finishPhase = (stageRunId: string, phase: string, outcome: Outcome): void => {
    const stream = `phase_run-${phaseRunOf(stageRunId, phase)}`;
    const jobs = [{ jobId: 'j', label: '', outcome }];
    decide(stream, phaseRun, { kind: 'FinishPhase', jobs });
  };
  /** Phase runs that were promoted and have not ended; a consumer's phase is `CHANGE/PHASE`. */
  const running = (): readonly { readonly stageRunId: string; readonly phase: string }[] =>
    log.flatMap(({ event, stream }) => {
      if (event.type !== 'PhasePromoted') return [];
      const ended = streams.get(stream)?.some(({ type }) => type === 'PhaseFinished') === true;
      const { stageRunId, ...phase } = placeOf(event.data.hostKey);
      return ended ? [] : [{ stageRunId, phase: keyOf(phase) }];
    });
  /** Everything owed is done, and every phase ends well, until nothing moves any more. */
  const runOn = (outcome: (phase: string) => Outcome = () => 'succeeded'): void => {
    settle();
    while (running().length > 0) {
      for (const { stageRunId, phase } of running()) finishPhase(stageRunId, phase, outcome(phase));
      settle();
    }
  };
  const types = (stream: string): readonly string[] => past(stream).map(({ type }) => type);
  return {
    ...{ log, given, record, change, tryChange, perform, settle, runOn, running, finishPhase },
    ...{ phaseRunOf, types, past, state: () => state },
    obsoleteJobs: (policy: ObsoleteJobs) => {
      obsolete = policy;
    },
    refuseMerges: (why: MergeObstacle | undefined) => {
      obstacle = why;
    },
  };
};
