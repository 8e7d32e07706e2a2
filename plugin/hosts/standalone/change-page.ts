/** One page of changes, newest first: the one that was opened last comes first, and stays at its place whatever becomes of it. */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../../../src/app/errors.js';
import { cursorOf, readCursor, type Page, type PageRequest } from '../../../src/app/pages.js';
import type { ChangeFilter, ChangeView } from '../../../src/app/use-cases.js';
import type { ChangesView } from './changes.js';

const KIND = 'changes';

const fits = (change: ChangeView, { status, project, sees }: ChangeFilter): boolean =>
  (sees === undefined || sees(change)) &&
  (status === undefined || change.status === status) &&
  (project === undefined || change.project === project);

/**
 * A cursor names the change that the page begins with. A number would tell how many there are of others; and one that no longer fits
 * the filter, since it was merged meanwhile, still says where to go on.
 */
export const changePage = (
  { changes }: ChangesView,
  filter: ChangeFilter,
  { cursor, limit }: PageRequest,
): E.Either<AppError, Page<ChangeView>> => {
  const { sees } = filter;
  const seenId = ([id]: readonly unknown[]): string | undefined => {
    const change = typeof id === 'string' && Object.hasOwn(changes, id) ? changes[id] : undefined;
    return change !== undefined && fits(change, sees === undefined ? {} : { sees }) ? change.id : undefined;
  };
  const place = readCursor(KIND, cursor, seenId);
  if (E.isLeft(place)) return place;
  const newestFirst = Object.values(changes).reverse();
  const from = place.right === undefined ? 0 : newestFirst.findIndex(({ id }) => id === place.right);
  const items: ChangeView[] = [];
  for (const change of newestFirst.slice(from)) {
    if (!fits(change, filter)) continue;
    if (items.length === limit)
      return E.right({ items: structuredClone(items), next: cursorOf(KIND, change.id) });
    items.push(change);
  }
  return E.right({ items: structuredClone(items) });
};
