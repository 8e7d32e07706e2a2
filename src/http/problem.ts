/** The one shape of a refusal on the wire (RFC 9457), shared by server and client. */
import type { Problem } from '../app/errors.js';

export interface ProblemDocument {
  /** `urn:baton:problem:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What was expected, what was found. */
  readonly detail: string;
  readonly code: string;
  /** Finer than `code`. */
  readonly reason: string;
  /** What to do. */
  readonly hint?: string;
  readonly problems?: readonly Problem[];
  /** `urn:uuid:<request id>`: finds the request in the server's log. */
  readonly instance: string;
}
