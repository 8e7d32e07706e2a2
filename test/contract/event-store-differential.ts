/** Do two event stores give the same answers to the same script? Random scripts; places are compared by rank, never as text. */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Appended, EventStore, ExpectedRevision, StoreError, StoreFilter } from '../../src/app/ports.js';
import { comparePositions } from '../../src/kernel/recorded.js';
import type { OpenedStore } from './event-store.js';
import { metadata, ok, type Seen } from './event-store-tools.js';

type Direction = 'forwards' | 'backwards';

type Step =
  | {
      readonly kind: 'append';
      readonly stream: number;
      readonly ids: readonly number[];
      readonly expected: ExpectedRevision;
      readonly type: string;
    }
  | { readonly kind: 'keepLast'; readonly stream: number; readonly n: number }
  | {
      readonly kind: 'readStream';
      readonly stream: number;
      readonly from: number;
      readonly maxCount: number;
      readonly direction: Direction;
    }
  | {
      readonly kind: 'readAll';
      /** Rank of the event to start at, among all that are visible. */
      readonly from: number | 'start' | 'end';
      readonly maxCount: number;
      readonly direction: Direction;
      readonly filter: number;
    }
  | { readonly kind: 'head'; readonly filter: number };

// Prefixes of one another, and one whose last character has no successor of its own length in UTF-16 order.
const STREAMS = ['a', 'a-b', 'b', 'b\u{10ffff}'];
const TYPES = ['Made', 'MadeAgain', 'Ended'];

const filters = (category: string): readonly StoreFilter[] => [
  { streamPrefixes: [category] },
  { streamPrefixes: [`${category}-a`] },
  { streamPrefixes: [`${category}-a-`, `${category}-b\u{10ffff}`] },
  { streamPrefixes: [`${category}-a`, `${category}-a-b`, `${category}-none`] },
  { streamPrefixes: [] },
];

const streamIndex = fc.integer({ min: 0, max: STREAMS.length - 1 });
const direction = fc.constantFrom<Direction>('forwards', 'backwards');
const count = fc.integer({ min: 0, max: 6 });
const filterIndex = fc.integer({ min: 0, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream: streamIndex,
      // Few ids, so that repeats, partial repeats and clashes are common.
      ids: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }),
      expected: fc.oneof(
        fc.constantFrom<ExpectedRevision>('any', 'no_stream', 'stream_exists'),
        fc.integer({ min: 0, max: 5 }),
      ),
      type: fc.constantFrom(...TYPES),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('keepLast' as const),
      stream: streamIndex,
      n: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('readStream' as const),
      stream: streamIndex,
      from: count,
      maxCount: count,
      direction,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('readAll' as const),
      from: fc.oneof(fc.constantFrom<'start' | 'end'>('start', 'end'), fc.integer({ min: 0, max: 8 })),
      maxCount: count,
      direction,
      filter: filterIndex,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('head' as const), filter: filterIndex }) },
);

/** Plays scripts on one store; the answers hold nothing that may rightly differ between two stores. */
const player = (store: EventStore, category: string) => {
  const mine = filters(category);
  const nameOf = (stream: number): string => `${category}-${STREAMS[stream] ?? ''}`;
  const everything = (): Promise<readonly Seen[]> =>
    ok(store.readAll('start', { filter: { streamPrefixes: [category] }, maxCount: 10_000 }));

  const shown = async (seen: readonly Seen[]) => {
    const all = await everything();
    return seen.map(({ position, ...rest }) => ({
      ...rest,
      rank: all.findIndex((one) => one.position === position),
    }));
  };
  const either = async <A>(result: E.Either<StoreError, A>, show: (value: A) => unknown): Promise<unknown> =>
    E.isLeft(result) ? result.left : { right: await show(result.right) };

  const appended = async ({ revision, position }: Appended) => ({
    revision,
    before: (await everything()).filter((one) => comparePositions(one.position, position) <= 0).length,
  });

  return async (one: Step): Promise<unknown> => {
    switch (one.kind) {
      case 'append': {
        const events = one.ids.map((id) => ({
          id: `00000000-0000-4000-8000-00000000000${String(id)}`,
          event: { type: one.type, data: { id } },
          metadata: metadata(),
        }));
        return either(await store.append(nameOf(one.stream), events, one.expected)(), appended);
      }
      case 'keepLast':
        return either(await store.keepLast(nameOf(one.stream), one.n)(), () => null);
      case 'readStream':
        return either(await store.readStream(nameOf(one.stream), one)(), shown);
      case 'readAll': {
        const from =
          typeof one.from === 'number' ? ((await everything())[one.from]?.position ?? 'end') : one.from;
        const { maxCount, direction } = one;
        const filter = mine[one.filter] ?? {};
        return either(await store.readAll(from, { maxCount, direction, filter })(), shown);
      }
      case 'head':
        return either(await store.head(mine[one.filter])(), async (last) =>
          last === undefined ? null : (await shown([last]))[0],
        );
    }
  };
};

/** One store of each kind is opened for all scripts; each script has streams of its own. */
export const eventStoreDifferential = (
  name: string,
  openOne: () => Promise<OpenedStore>,
  openOther: () => Promise<OpenedStore>,
  runs = 120,
): void => {
  describe(`event store differential: ${name}`, () => {
    it('gives the same answers to the same random scripts', async () => {
      const [one, other] = [await openOne(), await openOther()];
      try {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
            const category = `diff_${randomUUID().replaceAll('-', '')}`;
            const [first, second] = [player(one.store, category), player(other.store, category)];
            const shows = one.showsHidden === true || other.showsHidden === true;
            for (const next of steps.filter(({ kind }) => !shows || kind !== 'keepLast'))
              expect(await second(next)).toEqual(await first(next));
          }),
          { numRuns: runs },
        );
      } finally {
        await one.close();
        await other.close();
      }
    });
  });
};
