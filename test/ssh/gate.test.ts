import { describe, expect, it } from 'vitest';
import { createGate } from '../../src/ssh/gate.js';

const settled = async <A>(promise: Promise<A>): Promise<A | 'waits'> =>
  Promise.race([promise, new Promise<'waits'>((resolve) => setImmediate(resolve, 'waits'))]);

describe('gate', () => {
  it('given room for two, when a third comes, then it waits until one leaves, in the order of coming', async () => {
    const gate = createGate(2);
    const first = await gate.enter(1000);
    await gate.enter(1000);
    const third = gate.enter(60_000);
    const fourth = gate.enter(60_000);
    expect(await settled(third)).toBe('waits');
    first?.();
    expect(await settled(third)).toBeTypeOf('function');
    expect(await settled(fourth)).toBe('waits');
    (await third)?.();
    expect(await settled(fourth)).toBeTypeOf('function');
  });

  it('given it is closed, then who waits is told, and nobody is let in', async () => {
    const gate = createGate(1);
    await gate.enter(1000);
    const waits = gate.enter(60_000);
    gate.close();
    expect(await settled(waits)).toBeUndefined();
    expect(await gate.enter(60_000)).toBeUndefined();
  });

  it('given one that leaves twice, then only one place is free', async () => {
    const gate = createGate(1);
    const first = await gate.enter(1000);
    const second = gate.enter(60_000);
    first?.();
    first?.();
    expect(await settled(second)).toBeTypeOf('function');
    expect(await gate.enter(1)).toBeUndefined();
  });

  it('given one that gave up, then the place goes to the next', async () => {
    const gate = createGate(1);
    const first = await gate.enter(1000);
    expect(await gate.enter(1)).toBeUndefined();
    const third = gate.enter(60_000);
    first?.();
    expect(await settled(third)).toBeTypeOf('function');
  });
});
