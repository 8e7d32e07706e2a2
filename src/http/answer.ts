/** What a route gives back, before it goes out. */
import type { AppError } from '../app/errors.js';

export type Answer =
  /** It was done, and there is nothing to say. */
  | { readonly kind: 'empty' }
  /** A refusal with a header that belongs to it. */
  | {
      readonly kind: 'refusal';
      readonly error: AppError;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'json';
      readonly status: 200 | 201 | 202;
      readonly value: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Revision, for `ETag`. */
      readonly revision?: number;
      /** Answered from what was recorded before. */
      readonly repeated?: boolean;
    }
  | {
      readonly kind: 'stream';
      readonly status: 200 | 206;
      readonly headers: Readonly<Record<string, string>>;
      /** Server-sent events, where a last one can say why they end. */
      readonly isEvents?: boolean;
      /** Pulled only as fast as the reader reads; must end soon after `signal` aborts. */
      readonly pieces: (
        signal: AbortSignal,
        requestId: string,
      ) => AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
    };
