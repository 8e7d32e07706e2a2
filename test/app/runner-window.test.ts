import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { standingsBy } from '../../src/app/judged-runner.js';
import { runnerWindow, type RunnerRequest } from '../../src/app/runner-window.js';
import type { Compatibility } from '../../src/domain/compatibility.js';
import { parseRule } from '../../src/domain/compatibility.js';
import { aRunner } from '../http/edge.js';

const fleet = [
  aRunner({ name: 'a-idle', labels: ['linux', 'gpu'] }),
  aRunner({ name: 'b-busy', current: { 0: 'j1', 1: 'j2' }, host: 'Far.example.org' }),
  aRunner({ name: 'c-draining', state: 'draining' }),
  aRunner({ name: 'd-paused', state: 'paused' }),
  aRunner({ name: 'e-untested', state: 'untested' }),
  aRunner({ name: 'f-unfit', state: 'unfit' }),
  aRunner({ name: 'g-other-key', foundHostKey: 'SHA256:x' }),
  aRunner({ name: 'h-unreachable', state: 'unreachable' }),
  aRunner({ name: 'i-quarantined', state: 'quarantined', current: { 1: 'j3' } }),
  aRunner({ name: 'j-retired', state: 'retired', foundHostKey: 'SHA256:x' }),
  aRunner({ name: 'k-idle', attributes: { platform_family: 'rhel', hostname: 'K9' } }),
];

const windowOf = (request: Partial<RunnerRequest>, standingOf = standingsBy(rulesOf())) =>
  runnerWindow(fleet, { limit: 100, ...request }, standingOf);
const namesOf = (request: Partial<RunnerRequest>): string[] =>
  windowOf(request).items.map(({ name }) => name);

function rulesOf(...texts: readonly string[]): Compatibility {
  const rules = texts.map((text) => {
    const rule = parseRule(text);
    if (E.isLeft(rule)) throw new Error(text);
    return rule.right;
  });
  return { rules, baton: '1.0.0' };
}

describe('a window of runners', () => {
  it('has first what somebody must look at, then what is kept from work, then what works, and what is idle last', () => {
    expect(namesOf({})).toEqual([
      ...['i-quarantined', 'h-unreachable', 'g-other-key', 'f-unfit', 'e-untested'],
      ...['d-paused', 'c-draining', 'b-busy', 'a-idle', 'k-idle'],
    ]);
  });

  it('given a runner of which a slot is quarantined, then it stands with those that somebody must look at', () => {
    const slot = aRunner({ name: 'z-slot', quarantinedSlots: [1] });
    const { items } = runnerWindow([...fleet, slot], { limit: 6 }, standingsBy(rulesOf()));
    expect(items.map(({ name }) => name).slice(4)).toEqual(['e-untested', 'z-slot']);
  });

  it('given that names are wanted, then they are in the order of names', () => {
    expect(namesOf({ sort: 'name', offset: 2, limit: 3 })).toEqual(['c-draining', 'd-paused', 'e-untested']);
  });

  it('counts states, busy slots and slots of all but the retired, whatever is asked for', () => {
    const { total, counts, busy, slots } = windowOf({ state: 'ready', limit: 1 });
    expect({ total, busy, slots }).toEqual({ total: 4, busy: 3, slots: 20 });
    expect(counts).toEqual({
      ...{ ready: 4, draining: 1, paused: 1, untested: 1, unfit: 1, unreachable: 1, quarantined: 1 },
    });
  });

  it('counts as free what is neither busy nor quarantined, on runners that are ready and break no rule', () => {
    expect(windowOf({ limit: 1 }).free).toBe(6);
    expect(windowOf({}, ({ state }) => ({ state, incompatible: 'too old' })).free).toBe(0);
    const [runner] = fleet;
    if (runner === undefined) throw new Error('no runner');
    const slots = { ...runner, current: { 0: 'j1' }, quarantinedSlots: [0, 1], slots: 3 };
    expect(runnerWindow([slots], { limit: 1 }, standingsBy(rulesOf())).free).toBe(1);
    // quarantined slots that a cut took away are not missing among the others
    const cut = { ...runner, quarantinedSlots: [2, 3], slots: 2 };
    expect(runnerWindow([cut], { limit: 1 }, standingsBy(rulesOf())).free).toBe(2);
  });

  it.each([
    [{ state: 'retired' }, ['j-retired']],
    [{ label: 'gpu' }, ['a-idle']],
    [{ label: 'gp' }, []],
    [{ q: 'FAR.' }, ['b-busy']],
    [{ q: 'k9' }, ['k-idle']],
    [{ q: 'idle', state: 'ready', offset: 1 }, ['k-idle']],
  ] satisfies [Partial<RunnerRequest>, string[]][])('given %j, then these', (request, names) => {
    expect(namesOf(request)).toEqual(names);
  });

  it('given a rule that a ready one breaks, then it is unfit, and comes before those that are well', () => {
    const standingOf = standingsBy(rulesOf('platform_family rhel needs baton >=2.0'));
    const { items, counts } = windowOf({}, standingOf);
    expect(items.map(({ name }) => name).slice(3, 6)).toEqual(['f-unfit', 'k-idle', 'e-untested']);
    expect(counts).toMatchObject({ unfit: 2, ready: 3 });
    // the same again: what was judged once is remembered
    expect(windowOf({}, standingOf).counts).toEqual(counts);
  });
});
