/** Long lists come in pages. A cursor says where the next one begins; it is opaque, and nothing in it is trusted. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from './errors.js';

export interface PageRequest {
  /** `next` of the page before; absent for the first page. */
  readonly cursor?: string;
  readonly limit: number;
}

/** `next` is absent on the last page. */
export interface Page<A> {
  readonly items: readonly A[];
  readonly next?: string;
}

/** A cursor of that kind of list: kinds differ where places of one list mean nothing in another. */
export const cursorOf = (kind: string, ...place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([kind, ...place])).toString('base64url');

const placeIn = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
};

/** The place that a cursor of that kind names, if `read` can make something of it. */
export const readCursor = <A>(
  kind: string,
  cursor: string | undefined,
  read: (place: readonly unknown[]) => A | undefined,
): E.Either<AppError, A | undefined> => {
  if (cursor === undefined) return E.right(undefined);
  const parts = placeIn(cursor);
  const place = Array.isArray(parts) && parts[0] === kind ? read(parts.slice(1)) : undefined;
  return place === undefined
    ? E.left(
        appError('invalid', 'cursor_unusable', 'The cursor is not one that this list gave out.', {
          hint: 'Begin again without a cursor.',
        }),
      )
    : E.right(place);
};
