/** What `explain` answers: every runner against every clause. */
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
