import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { turns } from '../../src/app/turns.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that goes on until it is told to end. */
const askers = (atOnce: number, mostWaiting: number) => {
  const all = turns(atOnce, mostWaiting);
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (asker: string, name: string, signal = new AbortController().signal) =>
    all.take(asker, signal, async () => {
      running.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      running.splice(running.indexOf(name), 1);
      return E.right(name);
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settled();
  };
  return { ask, end, running };
};

describe('turns', () => {
  it('given more than may run, then the others follow in the order of asking, and each asker has one', async () => {
    const { ask, end, running } = askers(2, 8);
    const done = [ask('ada', 'a1'), ask('ada', 'a2'), ask('bob', 'b1'), ask('cy', 'c1')];
    await settled();
    expect(running).toEqual(['a1', 'b1']);
    await end('b1');
    expect(running).toEqual(['a1', 'c1']);
    await end('a1');
    expect(running).toEqual(['c1', 'a2']);
    await end('a2');
    await end('c1');
    expect(await Promise.all(done)).toEqual(['a1', 'a2', 'b1', 'c1'].map((name) => E.right(name)));
  });

  it('given one that leaves while it waits, then it never runs and holds up nobody', async () => {
    const { ask, end, running } = askers(1, 8);
    const abort = new AbortController();
    const first = ask('ada', 'a1');
    const left = ask('bob', 'b1', abort.signal);
    const last = ask('cy', 'c1');
    await settled();
    abort.abort();
    expect(await left).toMatchObject({ left: { reason: 'asker_left' } });
    await end('a1');
    expect(running).toEqual(['c1']);
    await end('c1');
    expect(await ask('bob', 'b2', abort.signal)).toMatchObject({ left: { reason: 'asker_left' } });
    expect([await first, await last]).toEqual([E.right('a1'), E.right('c1')]);
  });

  it('given an asker with too many that wait, then it is refused, and others are not', async () => {
    const { ask, end, running } = askers(2, 1);
    const going = [ask('ada', 'a1'), ask('ada', 'a2')];
    expect(await ask('ada', 'a3')).toMatchObject({
      left: { code: 'too_many_requests', reason: 'too_many_searches' },
    });
    going.push(ask('bob', 'b1'));
    await settled();
    expect(running).toEqual(['a1', 'b1']);
    for (const name of ['a1', 'b1', 'a2']) await end(name);
    expect((await Promise.all(going)).every(E.isRight)).toBe(true);
  });

  it('given work that throws, then the next one has its turn', async () => {
    const all = turns(1, 8);
    const { signal } = new AbortController();
    await expect(all.take('ada', signal, () => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
    expect(await all.take('bob', signal, () => Promise.resolve(E.right(1)))).toEqual(E.right(1));
  });
});
