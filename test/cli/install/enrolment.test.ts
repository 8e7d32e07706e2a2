/** What is done at the server for a machine: enrolled, set, left as it is, or refused. */
import { describe, expect, it } from 'vitest';
import type { RunnerAsOf } from '../../../src/app/evidence.js';
import { enrolmentOf, hostKeysOf, mayInstall, portOf } from '../../../src/cli/install/enrolment.js';
import type { Wish } from '../../../src/cli/install/wish.js';
import { aRunner } from '../../http/edge.js';

const KEY = `SHA256:${'A'.repeat(43)}`;
const aWish = (over: Partial<Wish> = {}): Wish => ({
  ...{ host: 'h', serverHost: 'h', admin: 'admin', login: {}, name: 'b7', runnerUser: 'job_runner' },
  ...{ enterprises: [], labels: [], trustedCerts: [], isolate: false, yes: true },
  ...over,
});
const there = (over: Partial<RunnerAsOf> = {}): RunnerAsOf =>
  aRunner({
    name: 'b7',
    host: 'h',
    user: 'job_runner',
    port: 2222,
    hostKeys: [KEY],
    labels: ['gpu'],
    ...over,
  });

describe('a name', () => {
  it.each([
    ['no runner', undefined],
    ['a retired one, whatever it was', there({ state: 'retired', host: 'other', user: 'other' })],
    ['the same machine', there()],
  ])('given %s, then it may be installed', (_what, existing) => {
    expect(mayInstall(aWish(), existing)).toMatchObject({ _tag: 'Right' });
  });
  it.each([
    ['another machine', there({ host: 'other' }), 'runner_exists'],
    ['another account', there({ user: 'builder' }), 'runner_exists'],
    ['one that is being removed', there({ state: 'removing' }), 'runner_removing'],
    ['one with an agent', there({ auth: 'agent' }), 'runner_set_up_otherwise'],
    ['one behind a jump host', there({ jump: 'g@j' }), 'runner_set_up_otherwise'],
  ])('given %s of that name, then it is refused with a way out', (_what, existing, code) => {
    expect(mayInstall(aWish(), existing)).toMatchObject({ left: { code } });
  });
  it('given slots that share an account, when isolation is wanted, then it is refused', () => {
    expect(mayInstall(aWish({ isolate: true }), there())).toMatchObject({
      left: { code: 'not_isolated', hint: expect.stringContaining('--uninstall --as admin') as string },
    });
    expect(mayInstall(aWish({ isolate: true }), there({ isolated: true }))).toMatchObject({ _tag: 'Right' });
  });
});

describe('an enrolment', () => {
  it('given no runner or a retired one, then a new one on port 22 with one slot, unless more is wanted', () => {
    expect(enrolmentOf(aWish(), KEY, undefined)).toMatchObject({
      right: { kind: 'new', again: false, port: 22, slots: 1 },
    });
    expect(enrolmentOf(aWish({ port: 24, slots: 3 }), KEY, there({ state: 'retired' }))).toMatchObject({
      right: { kind: 'new', again: true, port: 24, slots: 3 },
    });
  });

  it('B10: given the same machine and no port, then it is reached at the port that it has, and nothing is set', () => {
    expect(portOf(aWish(), there())).toBe(2222);
    expect(portOf(aWish(), there({ state: 'retired' }))).toBe(22);
    expect(enrolmentOf(aWish(), KEY, there())).toMatchObject({
      right: { kind: 'same', changes: {}, before: {}, slots: 2 },
    });
  });

  it('given other values, then those are set, with what they were; what is not given stays', () => {
    const wish = aWish({ slots: 4, labels: ['gpu', 'fast'], enterprises: ['acme'], port: 2222 });
    expect(enrolmentOf(wish, KEY, there())).toMatchObject({
      right: {
        changes: { slots: 4, labels: ['gpu', 'fast'], enterprises: ['acme'] },
        before: { slots: 2, labels: ['gpu'], enterprises: [] },
        slots: 4,
      },
    });
    expect(enrolmentOf(aWish({ slots: 2, labels: ['gpu'] }), KEY, there())).toMatchObject({
      right: { changes: {} },
    });
  });

  it('given fewer slots, then those of an isolated runner must be free that are to go', () => {
    const busy = there({ isolated: true, slots: 3, current: { 2: 'a-job' } });
    expect(enrolmentOf(aWish({ slots: 2 }), KEY, busy)).toMatchObject({
      left: {
        code: 'runner_busy',
        exit: 5,
        hint: expect.stringContaining('runner drain b7 --wait') as string,
      },
    });
    expect(enrolmentOf(aWish({ slots: 3 }), KEY, busy)).toMatchObject({ _tag: 'Right' });
    const free = there({ isolated: true, slots: 3, current: { 0: 'a-job' } });
    expect(enrolmentOf(aWish({ slots: 2 }), KEY, free)).toMatchObject({ right: { changes: { slots: 2 } } });
    const shared = there({ slots: 3, current: { 2: 'a-job' } });
    expect(enrolmentOf(aWish({ slots: 2 }), KEY, shared)).toMatchObject({ _tag: 'Right' });
  });

  it('given another host key than the accepted one, then it is refused', () => {
    const other = `SHA256:${'B'.repeat(43)}`;
    expect(enrolmentOf(aWish(), other, there())).toMatchObject({ left: { code: 'host_key_changed' } });
    expect(hostKeysOf(aWish(), there())).toEqual([KEY]);
    expect(hostKeysOf(aWish({ hostKey: other }), there())).toEqual([other]);
    expect(hostKeysOf(aWish(), there({ state: 'retired' }))).toEqual([]);
  });
});
