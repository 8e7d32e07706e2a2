/** The way of a change as steps: six stages, and the two gates between them that need a person. */
import type { ChangeView, Deed } from '../../app/change-view.js';

export type StageRun = ChangeView['stages'][number];

const order = [
  ...['verify', 'approve', 'build', 'acceptance'],
  ...['deliver', 'union', 'rehearsal', 'delivered'],
] as const;
type Gate = 'approve' | 'deliver';

/** `waits`: for what comes before it. `never`: the change has left the way before it. */
export type GateState =
  | { readonly kind: 'passed'; readonly deed?: Deed }
  | { readonly kind: 'open' | 'moving' | 'waits' | 'never' };

export type Step =
  | { readonly kind: 'stage'; readonly stage: string; readonly runs: readonly StageRun[] }
  | { readonly kind: 'gate'; readonly gate: Gate; readonly state: GateState };

const isGate = (name: string): name is Gate => name === 'approve' || name === 'deliver';

/** Words as headings have them. */
export const titleOf = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;

/** All runs of a stage, oldest first. */
export const runsOf = ({ stages }: ChangeView, stage: string): readonly StageRun[] =>
  stages.filter((run) => run.stage === stage);

const approval = (change: ChangeView): GateState => {
  const { status, approved, actions } = change;
  if (status === 'merging') return { kind: 'moving' };
  if (status === 'deleted') return { kind: 'never' };
  // an approval whose merge was refused leaves the change open
  if (status !== 'open') return { kind: 'passed', ...(approved === undefined ? {} : { deed: approved }) };
  return { kind: actions.includes('approve') ? 'open' : 'waits' };
};

const delivery = ({ status, delivered, actions }: ChangeView): GateState => {
  if (delivered !== undefined) return { kind: 'passed', deed: delivered };
  if (status === 'deleted' || status === 'superseded') return { kind: 'never' };
  return { kind: actions.includes('deliver') ? 'open' : 'waits' };
};

/** Stages and gates in order. */
export const stepsOf = (change: ChangeView): readonly Step[] =>
  order.map((name) =>
    isGate(name)
      ? { kind: 'gate', gate: name, state: name === 'approve' ? approval(change) : delivery(change) }
      : { kind: 'stage', stage: name, runs: runsOf(change, name) },
  );

const isStage = (name: string): boolean => order.some((known) => known === name && !isGate(known));

/** The stage that is shown: the one chosen, if it is one; else that of the newest run. */
export const openStage = ({ stages }: ChangeView, chosen: string | undefined): string =>
  chosen !== undefined && isStage(chosen) ? chosen : (stages.at(-1)?.stage ?? 'verify');

/** The run that is shown: the one chosen, else the newest. */
export const openRun = (runs: readonly StageRun[], chosen: string | undefined): StageRun | undefined =>
  runs.find(({ stageRunId }) => stageRunId === chosen) ?? runs.at(-1);

export const isLiveRun = ({ status }: Pick<StageRun, 'status'>): boolean =>
  status === 'queued' || status === 'running';

/** One whose end has been asked for is cancelling; one whose jobs all wait for a runner does so, too. */
export const runStatus = (run: Pick<StageRun, 'status' | 'cancelRequested' | 'waiting'>): string => {
  if (run.cancelRequested !== undefined && isLiveRun(run)) return 'cancelling';
  return run.waiting === true ? 'waiting_for_a_runner' : run.status;
};

/** When a stage begins, for one that has not. */
export const beginsWhen: Readonly<Record<string, string>> = {
  verify: 'It begins with each patchset.',
  build: 'It begins when the change is approved and its merge has landed.',
  acceptance: 'It begins when Build has passed.',
  union: 'It begins when the change is delivered.',
  rehearsal: 'It begins when Union has passed.',
  delivered: 'It begins when Rehearsal has passed.',
};
