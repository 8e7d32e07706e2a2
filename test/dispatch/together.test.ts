import { describe, expect, it } from 'vitest';
import { together } from '../../src/dispatch/together.js';

const never = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => {
      resolve(undefined);
    });
  });

describe('together', () => {
  it('gives what each gives, in order', async () => {
    const given = await together(new AbortController().signal, [3, 1], (n) => Promise.resolve(n * 2));
    expect(given).toEqual([6, 2]);
  });
  it('given one that fails, then the others are stopped and waited for, and its failure is told', async () => {
    let isStopped = false;
    const work = async (name: string, until: AbortSignal): Promise<undefined> => {
      if (name === 'fails') throw new Error('lost');
      await never(until);
      isStopped = true;
    };
    await expect(together(new AbortController().signal, ['waits', 'fails'], work)).rejects.toThrow('lost');
    expect(isStopped).toBe(true);
  });
  it('given one that gives nothing, or an abort, then nothing', async () => {
    const work = (name: string, until: AbortSignal): Promise<string | undefined> =>
      name === 'nothing'
        ? Promise.resolve(undefined)
        : name === 'waits'
          ? never(until)
          : Promise.resolve(name);
    expect(await together(new AbortController().signal, ['a', 'waits', 'nothing'], work)).toEqual([]);
    expect(await together(AbortSignal.abort(), ['a', 'waits'], work)).toEqual([]);
  });
});
