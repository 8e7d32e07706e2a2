/** What `explain` answers: every runner against every clause. */
import { enterpriseClause } from '../src/domain/matching.js';
import type { Clause } from '../src/events/shapes.js';

export interface ExplainAnswer {
  readonly jobId: string;
  readonly status: string;
  /** One sentence. */
  readonly verdict: string;
  readonly runners: readonly {
    readonly runner: string;
    readonly suits: boolean;
    /** Why it cannot take a job now although it suits, e.g. `busy: 1 of 1 slots`; absent when it can. */
    readonly unavailable?: string;
    readonly clauses: readonly { readonly clause: Clause; readonly holds: boolean; readonly found: string }[];
  }[];
}

type Row = ExplainAnswer['runners'][number];

const ENTERPRISE = enterpriseClause('').key;

/** True when it is kept for other enterprises than the job's. */
export const isClosedTo = ({ clauses }: Row): boolean =>
  clauses.some(({ clause, holds }) => clause.key === ENTERPRISE && !holds);

/** For people of the job's enterprise alone: runners that are kept for others are not told of. */
export const withoutClosed = (answer: ExplainAnswer): ExplainAnswer => ({
  ...answer,
  runners: answer.runners.filter((row) => !isClosedTo(row)),
});
