/** What every use case is asked with, and answers: who, under which key, and whether it was done before. */
import type { Grant } from '../domain/grants.js';
import type { Scope } from '../events/shapes.js';
import type { Instant } from '../kernel/time.js';

/** Who asks, under which key, and why; goes into the metadata of every event that follows. */
export interface Caller {
  /** Subject of the token. */
  readonly actor: string;
  /** What the subject may do, and where, when the request came. */
  readonly grants: readonly Grant[];
  /** Which of the subject's tokens was shown. */
  readonly tokenId?: string;
  /** When that token ends by itself; absent: never. */
  readonly tokenEndsAt?: Instant;
}

/** Whose share of the server it is: of the token, or of the subject where a host says who asks. */
export const keyOf = ({ actor, tokenId }: Caller): string => tokenId ?? actor;

/** True for what the caller may see; where it is absent, everything is seen. */
export type Sees = (scope: Scope) => boolean;

/** A thing by its full id, and in whose scope it lies. */
export interface Place {
  readonly id: string;
  readonly scope: Scope;
}

export interface CommandContext {
  readonly caller: Caller;
  /** UUID: derived from actor, route and `Idempotency-Key`, or random when there is no key. */
  readonly commandId: string;
  /** Lower-case hex SHA-256 of the request's body. */
  readonly bodySha256: string;
  readonly reason?: string;
  /** `If-Match`: refused when the stream that is written to has another revision. */
  readonly expectedRevision?: number;
}

/** The answer of a command: `repeated` when it was answered from what was recorded before. */
export interface Done<A> {
  readonly value: A;
  readonly repeated: boolean;
}
