/** How does a stored event reach a view? Decoded, and never fatal: what goes wrong with one event is told. */
import * as E from 'fp-ts/lib/Either.js';
import type { BatonEvent } from '../events/catalog.js';
import { decode } from '../events/catalog.js';
import type { Projection } from '../kernel/projection.js';
import type { RawEvent, Recorded } from '../kernel/recorded.js';
import { textOf } from './follow-store.js';

export type FoldProblem = (
  code: 'unreadable_event' | 'projection_failed',
  message: string,
  cause?: unknown,
) => void;

/** Gives one event to the projection; answers it when it could be read. */
export const foldInto = <View>(
  { name, evolve }: Projection<View, BatonEvent>,
  view: View,
  recorded: Recorded<RawEvent>,
  problem: FoldProblem,
): Recorded<BatonEvent> | undefined => {
  // EventStoreDB's own streams
  if (recorded.stream.startsWith('$')) return undefined;
  const where = `${recorded.stream}@${recorded.revision}`;
  const decoded = decode(recorded);
  if (E.isLeft(decoded)) {
    const why = decoded.left.problems.join('; ');
    problem('unreadable_event', `${name} leaves out event ${where}, which this version cannot read: ${why}`);
    return undefined;
  }
  try {
    evolve(view, decoded.right);
  } catch (cause) {
    problem('projection_failed', `projection ${name} failed at event ${where}: ${textOf(cause)}`, cause);
  }
  return decoded.right;
};
