/** How does a stored event reach a view? Decoded once, however many views take it, and never fatal: what goes wrong is told. */
import * as E from 'fp-ts/lib/Either.js';
import type { BatonEvent, UnreadableEvent } from '../events/catalog.js';
import { decode } from '../events/catalog.js';
import type { Projection } from '../kernel/projection.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { textOf } from './follow-store.js';

export type FoldProblem = (
  code: 'unreadable_event' | 'projection_failed',
  message: string,
  cause?: unknown,
) => void;

/** An event as it lies in the store, and what it says; undefined: it is one of EventStoreDB's own. */
export interface Decoded {
  readonly recorded: Recorded<RawEvent>;
  readonly event: E.Either<UnreadableEvent, Recorded<BatonEvent>> | undefined;
}

export const decoded = (recorded: Recorded<RawEvent>): Decoded => ({
  recorded,
  event: recorded.stream.startsWith('$') ? undefined : decode(recorded),
});

/** Gives one event to the projection; answers it when it could be read. */
export const foldInto = <View>(
  { name, evolve }: Projection<View, BatonEvent>,
  view: View,
  { recorded, event }: Decoded,
  problem: FoldProblem,
): Recorded<BatonEvent> | undefined => {
  if (event === undefined) return undefined;
  const where = `${recorded.stream}@${recorded.revision}`;
  if (E.isLeft(event)) {
    const why = event.left.problems.join('; ');
    problem('unreadable_event', `${name} leaves out event ${where}, which this version cannot read: ${why}`);
    return undefined;
  }
  try {
    evolve(view, event.right);
  } catch (cause) {
    problem('projection_failed', `projection ${name} failed at event ${where}: ${textOf(cause)}`, cause);
  }
  return event.right;
};
