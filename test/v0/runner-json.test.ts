import { describe, expect, it } from 'vitest';
import type { NumberedRunner } from '../../src/app/original.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { hostnamesOf, runnerCalled, runnerJson, type Tested } from '../../src/http/v0/runner-json.js';
import { aJob, aRunner } from '../http/edge.js';

const one = (runner: Partial<RunnerStatus> = {}, more: Partial<NumberedRunner> = {}): NumberedRunner => ({
  id: 'r-1',
  runner: aRunner(runner),
  ...more,
});
const shown = (runner: NumberedRunner, tested?: Tested) =>
  runnerJson(runner, hostnamesOf([runner]).get(runner.runner.name) ?? '', tested);
const probe = { at: '2026-01-31T12:00:00.000Z', verdict: 'ready', findings: [] };

describe('health', () => {
  it.each([
    ['never looked at', { state: 'untested' }, {}],
    ['ready', { state: 'ready', probe }, { status: 'ok', command_output: null }],
    ['unfit', { state: 'unfit', detail: 'no setsid' }, { status: 'error', command_output: 'no setsid' }],
    ['unreachable', { state: 'unreachable', detail: 'away' }, { status: 'error', command_output: 'away' }],
    [
      'quarantined',
      { state: 'quarantined', detail: '3 times' },
      { status: 'error', command_output: '3 times' },
    ],
    ['drained and well', { state: 'draining', probe }, { status: 'ok', command_output: null }],
    ['paused and never looked at', { state: 'paused' }, {}],
    [
      'drained and away',
      {
        state: 'draining',
        detail: 'drained by ops',
        probe: { ...probe, verdict: 'unreachable', detail: 'away' },
      },
      { status: 'error', command_output: 'away' },
    ],
  ] as const)('of a runner that is %s', (_, runner, health) => {
    expect(shown(one(runner)).health).toEqual(health);
  });

  it('while a test is under way it is pending, and one that came to nothing is an error', () => {
    expect(shown(one(), 'pending').health).toEqual({ status: 'pending', command_output: null });
    expect(shown(one(), { failed: 'the store is away' }).health).toEqual({
      ...{ status: 'error', command_output: 'the store is away' },
    });
  });
});

describe('job', () => {
  it('names the change, as there; of another host one without a change; and nothing of one that is not seen', () => {
    const job = aJob({ changeId: 'c-1', changeTitle: 'Fix x' });
    expect(shown(one({}, { job })).job).toEqual({
      ...{ id: 'c-1', title: 'Fix x', org: 'default', project: 'web-shop' },
    });
    expect(shown(one({}, { job: aJob() })).job).toMatchObject({ id: '', title: '', project: 'web-shop' });
    expect(shown(one({}, { job: 'hidden' })).job).toEqual({ id: '', title: '', org: '', project: '' });
    expect(shown(one()).job).toEqual({});
  });
});

describe('what a runner is called', () => {
  const first = one({ name: 'a', host: 'h1' });
  const twins = [one({ name: 'b', host: 'h2' }), one({ name: 'c', host: 'h2' })];
  const all = [first, ...twins];

  it('is its address, or its name where two have the address', () => {
    expect([...hostnamesOf(all)]).toEqual([
      ['a', 'h1'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  it('finds it again, and so does its name', () => {
    for (const runner of all) {
      expect(runnerCalled(all, hostnamesOf(all).get(runner.runner.name) ?? '')).toBe(runner);
      expect(runnerCalled(all, runner.runner.name)).toBe(runner);
    }
    expect(runnerCalled(all, 'h2')).toBeUndefined();
  });

  it('stands in the key line, which an agent has none of', () => {
    const keyed = one({ host: 'h1', user: 'job_runner', publicKey: 'ssh-ed25519 AAAA baton' });
    expect(shown(keyed).openssh_public_key).toBe('ssh-ed25519 AAAA job_runner@h1\n');
    expect(shown(one({ auth: 'agent' })).openssh_public_key).toBe('');
  });
});
