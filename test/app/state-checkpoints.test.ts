import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plain, revived, stateCheckpoints } from '../../src/app/state-checkpoints.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-states-'));
});
afterEach(() => rm(directory, { recursive: true }));

const throughFile = async (view: unknown): Promise<unknown> => {
  const checkpoints = stateCheckpoints(directory);
  await checkpoints.save({ name: 'process-a', version: 1, position: '7', view })();
  const loaded = await checkpoints.load('process-a', 1)();
  return E.isRight(loaded) ? loaded.right?.view : expect.fail(loaded.left.message);
};

describe('the kept state of a process', () => {
  it('given Maps and Sets of any size at any depth, when read again, then it is the same', async () => {
    const table = new Map(
      Array.from({ length: 3000 }, (_, n) => [
        `job-${n}`,
        { n, busy: new Map([[n, 'a']]), bad: new Set([1, 2]), filter: { $map: [1], values: ['debian'] } },
      ]),
    );
    const state = {
      ...{ arrivals: 7, classes: [{ id: 'a', pools: new Set() }], none: new Map() },
      jobs: table,
      failures: { order: 3, jobs: new Map([['a', { runner: 'b' }]]), runners: new Map() },
    };
    for (const kept of [state, table, new Map()])
      expect(isDeepStrictEqual(await throughFile(kept), kept)).toBe(true);
  });
  it('given names that mean something, then they are names', () => {
    const keys = fc.constantFrom('$map', '$set', '$object', '$', '__proto__', 'constructor', 'a');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()))), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(revived(JSON.parse(JSON.stringify(plain(JSON.parse(text))))))).toBe(text);
      }),
    );
  });
});
