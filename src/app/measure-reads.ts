/** What can be asked of the queue over time, now or as it was known at a moment. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  measuresBetween,
  type QueueMeasures,
  type QueueMeasuresView,
} from '../../projections/queue-measures.js';
import type { Instant } from '../kernel/time.js';
import { appError, type AppError } from './errors.js';
import type { ViewSource } from './past.js';

/** Absent: until now, and a day before that. */
export interface MeasuresRequest {
  readonly since?: Instant;
  readonly until?: Instant;
}

export type { QueueMeasures };

const DAY_MS = 86_400_000;

/** `now` is undefined where nobody knows how late it was: then the last event says. */
export const measureReads = (
  source: ViewSource<QueueMeasuresView>,
  now: () => Instant | undefined,
): { readonly queueMeasures: (request: MeasuresRequest) => TaskEither<AppError, QueueMeasures> } => ({
  queueMeasures:
    ({ since, until }) =>
    async () => {
      await source.caughtUp();
      const view = source.view();
      const time = now();
      const nowMs = time === undefined ? view.lastMs : Date.parse(time);
      const untilMs = until === undefined ? nowMs : Date.parse(until);
      const sinceMs = since === undefined ? untilMs - DAY_MS : Date.parse(since);
      return sinceMs >= untilMs
        ? E.left(
            appError('invalid', 'span_empty', '`since` does not lie before `until`.', {
              hint: 'Give an earlier since.',
            }),
          )
        : E.right(measuresBetween(view, { sinceMs, untilMs, nowMs }));
    },
});
