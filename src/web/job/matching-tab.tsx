/** Why a job waits, or why it ran where it did: every runner against every condition. */
import { ExplainTable } from '../parts/explain-table.js';
import { ProblemNote } from '../parts/problem.js';
import { useExplained } from '../parts/use-explained.js';

export const MatchingTab = ({ id }: { readonly id: string }) => {
  const { data, error } = useExplained(id);
  if (data === undefined)
    return error === null ? <p className="muted">One moment…</p> : <ProblemNote error={error} />;
  return <ExplainTable answer={data} />;
};
