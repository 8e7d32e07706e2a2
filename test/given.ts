/** How do tests speak of deciders and projections? In pasts, commands and events, and in nothing else. */
import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { BatonEvent } from '../src/events/catalog.js';
import { fold, type Decider } from '../src/kernel/decider.js';
import { deriveId } from '../src/kernel/ids.js';
import type { Projection } from '../src/kernel/projection.js';
import type { Metadata, Recorded } from '../src/kernel/recorded.js';
import { plusMillis } from '../src/kernel/time.js';

/** `const given = givenFor(decider)`, then `given(history).when(command).then(events)` or `.thenRefused(reason)`. */
export const givenFor =
  <Command, State, Event extends { readonly type: string }, Refusal>(
    decider: Decider<Command, State, Event, Refusal>,
  ) =>
  (history: readonly Event[]) => ({
    when: (command: Command) => {
      const decision = decider.decide(command, fold(decider, history));
      return {
        then: (events: readonly Event[]): void => {
          expect(decision).toEqual(E.right(events));
        },
        thenTypes: (types: readonly Event['type'][]): void => {
          expect(E.isRight(decision) ? decision.right.map(({ type }) => type) : decision.left).toEqual(types);
        },
        /** A text is the refusal's `code` or `reason`; an object is what the refusal has at least. */
        thenRefused: (reason: string | Partial<Refusal>): void => {
          if (E.isRight(decision)) expect.fail(`not refused: ${JSON.stringify(decision.right)}`);
          const { left } = decision;
          if (typeof reason !== 'string') expect(left).toMatchObject(reason);
          else {
            const named: { code?: unknown; reason?: unknown } = Object(left) as object;
            expect([left, named.code, named.reason]).toContain(reason);
          }
        },
      };
    },
  });

/** One event of a history. `afterMs`: how long after the one before it; a second when nothing is said. */
export type Given = BatonEvent & {
  readonly stream: string;
  readonly by?: string;
  readonly reason?: string;
  readonly afterMs?: number;
};

export const FIRST_INSTANT = '2026-01-01T00:00:00.000Z';

/** As a store would give them: positions 1, 2, 3 …, revisions per stream, times from the first instant on. */
export const givenEvents = (...events: readonly Given[]): readonly Recorded<BatonEvent>[] => {
  const revisions = new Map<string, number>();
  let at = FIRST_INSTANT;
  return events.map(({ stream, by, reason, afterMs, ...event }, i) => {
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    if (i > 0) at = plusMillis(at, afterMs ?? 1000);
    const metadata: Metadata = {
      commandId: deriveId('given', i),
      bodySha256: '',
      recordedAt: at,
      actor: by ?? 'baton',
      schema: 1,
      ...(reason === undefined ? {} : { reason }),
    };
    return { stream, revision, position: String(i + 1), id: deriveId('event', i), event, metadata };
  });
};

/** The view after these events. */
export const viewOf = <View>(
  projection: Projection<View, BatonEvent>,
  events: readonly Recorded<BatonEvent>[],
): View => {
  const view = projection.init();
  for (const recorded of events) projection.evolve(view, recorded);
  return view;
};
