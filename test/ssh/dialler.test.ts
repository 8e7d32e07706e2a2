/** When is dialled? With timers and chances that the test gives. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunnerTarget } from '../../src/app/ports.js';
import { createDialler } from '../../src/ssh/dialler.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const target = (host: string): RunnerTarget => ({
  ...{ name: host, host, port: 22, user: 'ci', base: '.baton', hostKeys: [] },
  auth: { kind: 'agent' },
});

/** Dials that take so long each; `at`: when each was begun, in ms. */
const given = (takesMs: number, random: () => number = () => 1) => {
  const at: number[] = [];
  const begin = Date.now();
  const dial = createDialler(async () => {
    at.push(Date.now() - begin);
    await new Promise((resolve) => setTimeout(resolve, takesMs));
    return 'connected';
  }, random);
  return { at, dial };
};

describe('createDialler', () => {
  it('given one host, then one after the other, and the first at once', async () => {
    const { at, dial } = given(50);
    const all = Promise.all([1, 2, 3].map(() => dial(target('a'))));
    await vi.runAllTimersAsync();
    expect(await all).toEqual(['connected', 'connected', 'connected']);
    expect(at).toEqual([0, 50, 100]);
  });
  it('given one that hangs, then the next waits a second for it and no more', async () => {
    const { at, dial } = given(15_000);
    void dial(target('a'));
    void dial(target('a'));
    await vi.runAllTimersAsync();
    expect(at).toEqual([0, 1000]);
  });
  it('given one that fails, then the next has its turn', async () => {
    let n = 0;
    const dial = createDialler(() =>
      ++n === 1 ? Promise.reject(new Error('no')) : Promise.resolve('connected'),
    );
    const both = Promise.allSettled([dial(target('a')), dial(target('a'))]);
    await vi.runAllTimersAsync();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
  it('given 500 hosts at once, then they are spread over seconds, as chance has it', async () => {
    let seed = 1;
    const { at, dial } = given(50, () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    for (let n = 0; n < 500; n += 1) void dial(target(`host-${n}`));
    await vi.runAllTimersAsync();
    expect(at).toHaveLength(500);
    expect(Math.max(...at)).toBeGreaterThan(1_500);
    expect(Math.max(...at)).toBeLessThanOrEqual(2_000);
    const perMs = new Map<number, number>();
    for (const ms of at) perMs.set(ms, (perMs.get(ms) ?? 0) + 1);
    expect(Math.max(...perMs.values())).toBeLessThan(20);
  });
  it('given hosts one after the other, then nobody waits', async () => {
    const { at, dial } = given(0);
    for (const host of ['a', 'b', 'c']) {
      const connected = dial(target(host));
      await vi.runAllTimersAsync();
      await connected;
    }
    expect(at).toEqual([0, 0, 0]);
  });
});
