/** What can be asked of changes, now or as they were. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../../../src/app/errors.js';
import type { ViewSource } from '../../../src/app/past.js';
import type { ChangeView, Sees, UseCases } from '../../../src/app/use-cases.js';
import { changePage } from './change-page.js';
import type { ChangesView } from './changes.js';

const MIN_PREFIX = 4;

/** The change with that id, or the only one whose id starts so, among those that are seen. */
export const findChange = (
  { changes }: ChangesView,
  id: string,
  sees: Sees = () => true,
): E.Either<AppError, ChangeView> => {
  const exact = Object.hasOwn(changes, id) ? changes[id] : undefined;
  const matching =
    exact !== undefined && sees(exact)
      ? [exact]
      : id.length < MIN_PREFIX
        ? []
        : Object.values(changes).filter((change) => change.id.startsWith(id) && sees(change));
  const [found] = matching;
  return found !== undefined && matching.length === 1
    ? E.right(structuredClone(found))
    : E.left(
        matching.length > 1
          ? appError(
              'not_found',
              'change_ambiguous',
              `${matching.length} changes have ids that start with ${id}.`,
              { hint: 'Give more characters.' },
            )
          : appError('not_found', 'change_unknown', `There is no change ${id}.`, {
              hint: 'baton change list',
            }),
      );
};

/** The consumer that is meant, by its change's id or how that begins, among those of the latest run of the stage. */
export const consumerOf = (
  { changes }: ChangesView,
  changeId: string,
  stage: string,
  given: string,
): E.Either<AppError, string> => {
  const run = changes[changeId]?.stages.findLast((other) => other.stage === stage);
  const matching = (run?.consumers ?? []).filter(
    (consumer) =>
      consumer.changeId === given || (given.length >= MIN_PREFIX && consumer.changeId.startsWith(given)),
  );
  const [found] = matching;
  return found !== undefined && matching.length === 1
    ? E.right(found.changeId)
    : E.left(
        appError(
          'not_found',
          'consumer_unknown',
          `A consumer that took part in ${stage} was expected; ${matching.length} have ids that start with ${given}.`,
          { hint: 'See them with baton change show.' },
        ),
      );
};

/** List and show, of the live view or of one at a moment. */
export const changeReads = (
  changes: ViewSource<ChangesView>,
): Pick<UseCases, 'listChanges' | 'showChange'> => ({
  listChanges: (filter, page) => async () => {
    await changes.caughtUp();
    return changePage(changes.view(), filter, page);
  },
  showChange: (id) => async () => {
    await changes.caughtUp();
    return findChange(changes.view(), id);
  },
});
