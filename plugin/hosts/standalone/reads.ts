/** What can be asked of changes, now or as they were. */
import * as E from 'fp-ts/lib/Either.js';
import { appError } from '../../../src/app/errors.js';
import type { ViewSource } from '../../../src/app/past.js';
import type { UseCases } from '../../../src/app/use-cases.js';
import type { ChangesView } from './changes.js';

const MIN_PREFIX = 4;

/** List and show, of the live view or of one at a moment. */
export const changeReads = (
  changes: ViewSource<ChangesView>,
): Pick<UseCases, 'listChanges' | 'showChange'> => ({
  listChanges: () => async () => {
    await changes.caughtUp();
    return E.right(structuredClone(Object.values(changes.view().changes)));
  },
  showChange: (id) => async () => {
    await changes.caughtUp();
    const all = changes.view().changes;
    const matching = Object.hasOwn(all, id)
      ? [all[id]]
      : id.length < MIN_PREFIX
        ? []
        : Object.values(all).filter((change) => change.id.startsWith(id));
    const [found] = matching;
    return found !== undefined && matching.length === 1
      ? E.right(structuredClone(found))
      : E.left(
          appError('not_found', 'change_unknown', `There is no change ${id}.`, { hint: 'baton change list' }),
        );
  },
});
