/** Which changes show what is written to a stream? */
import type { ChangeView } from '../../../src/app/use-cases.js';
import type { ChangesView } from './changes.js';

const find = <Row>(table: Readonly<Record<string, Row>>, id: string): Row | undefined =>
  Object.hasOwn(table, id) ? table[id] : undefined;

const changeIdOf = (view: ChangesView, category: string, id: string): string | undefined => {
  if (category === 'change') return id;
  const stageRunId = category === 'stage_run' ? id : find(view.phaseRuns, id)?.stageRunId;
  return stageRunId === undefined ? undefined : find(view.stageRuns, stageRunId);
};

/** With `all`, any of them may: the end of a Union may block pipelines, or free them, and their changes tell. */
export const changesTouched = (view: ChangesView, stream: string): readonly ChangeView[] | 'all' => {
  const dash = stream.indexOf('-');
  const [category, id] = [stream.slice(0, dash), stream.slice(dash + 1)];
  const changeId = changeIdOf(view, category, id);
  const change = changeId === undefined ? undefined : find(view.changes, changeId);
  if (change === undefined) return [];
  const run = change.stages.find(({ stageRunId }) => stageRunId === id);
  const isEnded = run !== undefined && run.status !== 'queued' && run.status !== 'running';
  return isEnded && run.stage === 'union' ? 'all' : [change];
};
