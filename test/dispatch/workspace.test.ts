import { describe, expect, it } from 'vitest';
import { placeOf } from '../../src/dispatch/workspace.js';

const scope = { enterprise: 'acme', organisation: 'shop', project: 'web' };

describe('placeOf', () => {
  it('given no policy, then nothing is kept, and the room of the installation is wanted', () => {
    expect(placeOf({ scope }, 0, 1000)).toEqual({ freeBytes: 1000 });
    expect(placeOf({ scope }, 0, 0)).toEqual({});
  });

  it('given what to keep, then for a day unless it is said', () => {
    expect(placeOf({ scope, workspace: { keep: 'always' } }, 0, 0)).toEqual({
      keep: { when: 'always', ms: 86_400_000 },
    });
    expect(placeOf({ scope, workspace: { keep: 'on_failure', keepMs: 5 } }, 0, 0).keep?.ms).toBe(5);
    expect(placeOf({ scope, workspace: { keep: 'never', keepMs: 5 } }, 0, 0)).toEqual({});
    // a month at most
    expect(placeOf({ scope, workspace: { keep: 'always', keepMs: 1e15 } }, 0, 0).keep?.ms).toBe(
      30 * 86_400_000,
    );
  });

  it('given the room that a phase wants, then that of the installation does not count, also where it wants none', () => {
    expect(placeOf({ scope, workspace: { freeBytes: 5 } }, 0, 1000)).toEqual({ freeBytes: 5 });
    expect(placeOf({ scope, workspace: { freeBytes: 0 } }, 0, 1000)).toEqual({});
  });

  it('given the same name, then the same cache in a project, and another in each other one', () => {
    const cacheIn = (of: Partial<typeof scope>, cache = 'gems') =>
      placeOf({ scope: { ...scope, ...of }, workspace: { cache } }, 0, 0).cache;
    expect(cacheIn({})).toBe(cacheIn({}));
    const others = [
      cacheIn({}),
      cacheIn({ enterprise: 'other' }),
      cacheIn({ organisation: 'other' }),
      cacheIn({ project: 'other' }),
      cacheIn({}, 'other'),
      // the same letters, parted elsewhere
      cacheIn({ organisation: 'sho', project: 'pweb' }),
    ];
    expect(new Set(others).size).toBe(others.length);
    expect(others.every((word) => /^[0-9a-f]{32}$/.test(word ?? ''))).toBe(true);
  });

  it('given a home that is kept, then one for each slot and project', () => {
    const homeOf = (slot: number, of: Partial<typeof scope> = {}) =>
      placeOf({ scope: { ...scope, ...of }, workspace: { home: 'kept' } }, slot, 0).home;
    expect(homeOf(0)).toBe(homeOf(0));
    expect(new Set([homeOf(0), homeOf(1), homeOf(0, { project: 'other' })]).size).toBe(3);
  });
});
