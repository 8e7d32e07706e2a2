/** Histories of the standalone host, made by its own deciders and process, with the core played by hand. */
import * as E from 'fp-ts/lib/Either.js';
import { changeDecider, type ChangeCommand } from '../../../plugin/hosts/standalone/change.js';
import { changeIdOf } from '../../../plugin/hosts/standalone/ids.js';
import { standaloneProcess, type StandaloneCommand } from '../../../plugin/hosts/standalone/process.js';
import { stageRunDecider } from '../../../plugin/hosts/standalone/stage-run.js';
import type { BatonEvent, ChangeEvent } from '../../../src/events/catalog.js';
import type { PlannedPhase } from '../../../src/events/change.js';
import type { Outcome, Source } from '../../../src/events/shapes.js';
import { fold } from '../../../src/kernel/decider.js';
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
): ChangeCommand => ({
  ...{ kind: 'SubmitPatchset', changeId, scope, pipeline: 'main', branch: 'feature', title: 'Add b' },
  ...{ source: source(sha), plan },
});

/** A small world: streams, the process at their head, and the commands that it gave. */
export const aWorld = (category = '') => {
  const log: Recorded<BatonEvent>[] = [];
  const given: StandaloneCommand[] = [];
  let state = standaloneProcess.init();

  const record = (stream: string, event: BatonEvent): Recorded<BatonEvent> => {
    const revision = log.filter((other) => other.stream === category + stream).length;
    const recorded = {
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
    log.push(recorded);
    state = standaloneProcess.evolve(state, recorded);
    given.push(...standaloneProcess.react(state, recorded));
    return recorded;
  };
  const past = (stream: string): readonly ChangeEvent[] =>
    log.filter((other) => other.stream === category + stream).map(({ event }) => event as ChangeEvent);

  const change = (command: ChangeCommand): void => {
    const stream = `change-${command.changeId}`;
    const decided = changeDecider.decide(command, fold(changeDecider, past(stream)));
    if (E.isLeft(decided)) throw new Error(decided.left.message);
    for (const event of decided.right) record(stream, event);
  };
  /** Carries a command out, as the server would. */
  const perform = (command: StandaloneCommand): void => {
    if (command.kind === 'PromotePhase') {
      const { host, hostKey, attempt } = command.data;
      const stream = `phase_run-${deriveId('phase_run', host, hostKey, attempt)}`;
      if (past(stream).length === 0) record(stream, { type: 'PhasePromoted', data: command.data });
      return;
    }
    const stream = `stage_run-${command.stageRunId}`;
    const decided = stageRunDecider.decide(command, fold(stageRunDecider, past(stream)));
    if (E.isLeft(decided)) throw new Error(decided.left.message);
    for (const event of decided.right) record(stream, event);
  };
  /** Performs what was given until nothing is left to do. */
  const settle = (): void => {
    for (let command = given.shift(); command; command = given.shift()) perform(command);
  };
  const phaseRunOf = (stageRunId: string, phase: string, attempt = 1): string =>
    deriveId('phase_run', 'standalone', `${stageRunId}/${phase}`, attempt);
  const finishPhase = (stageRunId: string, phase: string, outcome: Outcome): void => {
    record(`phase_run-${phaseRunOf(stageRunId, phase)}`, {
      type: 'PhaseFinished',
      data: { outcome, jobs: [] },
    });
  };
  const types = (stream: string): readonly string[] => past(stream).map(({ type }) => type);
  return { log, given, record, change, perform, settle, finishPhase, phaseRunOf, types, state: () => state };
};
