import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { owedMessages, type Message } from '../../src/webhooks/owed.js';

const message = (position: number, stream: string): Message => ({
  ...{ position: String(position), stream, id: `e${position}`, body: '{}' },
  at: `2026-01-31T12:00:0${position % 10}.000Z`,
});
const given = (...messages: readonly Message[]) => {
  const owed = owedMessages();
  for (const one of messages) owed.add(one);
  return owed;
};
const [a1, a2, b1] = [message(1, 'a'), message(2, 'a'), message(3, 'b')];

describe('what a receiver has yet to be told', () => {
  it('goes one after the other in a stream, and streams do not wait for each other', () => {
    const owed = given(a1, a2, b1);
    expect([owed.next(0)?.id, owed.next(0)?.id, owed.next(0)?.id]).toEqual(['e1', 'e3', undefined]);
    owed.taken(a1);
    expect(owed.next(0)?.id).toBe('e2');
    expect(owed.positions()).toEqual(['2', '3']);
    expect(owed.oldest()).toBe('2026-01-31T12:00:02.000Z');
  });

  it('is sent eight at a time, and one at a time after a failure, until something is taken again', () => {
    const owed = given(...Array.from({ length: 20 }, (_, n) => message(n, `s${n}`)));
    const first = Array.from({ length: 9 }, () => owed.next(0)).filter((one) => one !== undefined);
    expect(first).toHaveLength(8);
    for (const one of first) owed.failed(one, 0, 10);
    // they were under way together: that is one failure
    expect([owed.failures(), owed.due()]).toEqual([1, 1010]);
    expect(owed.next(1009)).toBeUndefined();
    const probe = owed.next(1010)!;
    expect(owed.next(1010)).toBeUndefined();
    owed.taken(probe);
    expect(Array.from({ length: 9 }, () => owed.next(1010)).filter((one) => one !== undefined)).toHaveLength(
      8,
    );
  });

  it('pauses after 1 s, 2 s, 4 s and at last after 5 min; what the receiver asks for is kept to', () => {
    const owed = given(a1);
    let now = 0;
    const pauses = Array.from({ length: 12 }, () => {
      const sent = owed.next(now)!;
      owed.failed(sent, now, now);
      const due = owed.due() ?? NaN;
      const paused = due - now;
      now = due;
      return paused / 1000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    owed.failed(owed.next(now)!, now, now, 3_600_000);
    expect(owed.due()).toBe(now + 3_600_000);
  });

  it('given one that is never taken, then the others are, and it comes again by its own pauses', () => {
    const owed = given(a1, a2, b1, message(4, 'c'));
    owed.failed(owed.next(0)!, 0, 0);
    for (const id of ['e3', 'e4']) {
      const sent = owed.next(1000)!;
      expect(sent.id).toBe(id);
      owed.taken(sent);
    }
    expect(owed.next(1000)?.id).toBe('e1');
    owed.failed(a1, 1000, 1000);
    expect(owed.due()).toBe(3000);
  });

  it('for any course of things: no stream overtakes itself, nothing is lost, and no time is named when nothing can be sent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
        fc.infiniteStream(fc.nat(3)),
        (streams, fates) => {
          const owed = given(...streams.map((stream, n) => message(n, stream)));
          const taken: Message[] = [];
          const sent: Message[] = [];
          let now = 0;
          for (let step = 0; owed.size() > 0 && step < 2000; step++) {
            const next = owed.next(now);
            if (next !== undefined) {
              expect(sent.some(({ stream }) => stream === next.stream)).toBe(false);
              sent.push(next);
              continue;
            }
            const done = sent.shift();
            if (done === undefined) {
              const due = owed.due();
              expect(due).toBeGreaterThan(now);
              now = due ?? NaN;
            } else if (fates.next().value === 0) owed.failed(done, now, now);
            else {
              owed.taken(done);
              taken.push(done);
            }
          }
          expect(taken).toHaveLength(streams.length);
          for (const name of ['a', 'b', 'c']) {
            const places = taken
              .filter(({ stream }) => stream === name)
              .map(({ position }) => Number(position));
            expect(places).toEqual([...places].sort((x, y) => x - y));
          }
          expect([owed.weight(), owed.oldest()]).toEqual([0, undefined]);
        },
      ),
    );
  });
});
