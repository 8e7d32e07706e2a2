import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removal } from '../../src/dispatch/removal.js';
import { plusMillis } from '../../src/kernel/time.js';
import { anAssignment, anEnrolment, aQueuedJob } from '../builders.js';
import { OneProcess } from './one-process.js';

const key = { kind: 'key', secretRef: 'runner/r1', publicKey: 'ssh-ed25519 AAAA' } as const;
const alice = { actor: 'alice', reason: 'sold' };

class Site extends OneProcess<ReturnType<typeof removal.init>> {
  constructor(crashAt: readonly number[] = []) {
    super(removal, crashAt);
    this.tell('r1', { kind: 'EnrolRunner', data: anEnrolment({ slots: 4, auth: key }) });
    this.tell('r2', { kind: 'EnrolRunner', data: anEnrolment({ name: 'r2' }) });
  }
  run(id: string, runner = 'r1'): void {
    this.fact(`job-${id}`, { type: 'JobQueued', data: aQueuedJob() });
    this.fact(`job-${id}`, { type: 'JobAssigned', data: anAssignment({ runner }) });
  }
  end(id: string): void {
    this.fact(`job-${id}`, { type: 'JobCancelled', data: { attempt: 1, evidence: { how: 'signalled' } } });
  }
  rest(): void {
    this.at = plusMillis(this.at, 5_000);
    this.tick();
  }
}

describe('a runner that is to be removed', () => {
  it('given no job there, then it is retired at once, in the name of who wanted it', () => {
    const site = new Site();
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: false }, alice);
    expect(site.events.at(-1)).toMatchObject({ event: { type: 'RunnerRetired' }, metadata: alice });
  });
  it('given jobs that are to be cancelled, then they are, with actor and reason, and it retires after the last', () => {
    const site = new Site();
    site.run('a');
    site.run('b');
    site.run('elsewhere', 'r2');
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: true }, alice);
    const cancels = site.events.filter(({ event }) => event.type === 'JobCancelRequested');
    expect(cancels.map(({ stream, metadata: { actor, reason } }) => [stream, actor, reason])).toEqual([
      ['job-a', 'alice', 'sold'],
      ['job-b', 'alice', 'sold'],
    ]);
    site.end('a');
    expect(site.types('runner-r1')).not.toContain('RunnerRetired');
    site.end('b');
    expect(site.types('runner-r1').at(-1)).toBe('RunnerRetired');
    expect(site.types('runner-r2')).toEqual(['RunnerEnrolled']);
  });
  it('given a job that slipped in and is not to be cancelled, then it ends first', () => {
    const site = new Site();
    site.run('a');
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: false }, alice);
    expect(site.types('job-a')).toEqual(['JobQueued', 'JobAssigned']);
    site.fact('job-a', { type: 'JobSucceeded', data: { attempt: 1 } });
    expect(site.types('runner-r1').at(-1)).toBe('RunnerRetired');
  });
  it('given it is retired, then all its keys are removed after a rest, once, and no sooner than its last job', () => {
    const site = new Site();
    const second = { ...key, secretRef: 'runner/r1/2' };
    site.tell('r1', { kind: 'ChangeSettings', data: { auth: second } });
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: false }, alice);
    site.run('late');
    site.rest();
    expect(site.types('runner-r1').at(-1)).toBe('RunnerRetired');
    site.end('late');
    site.rest();
    site.rest();
    expect(site.asked.flatMap((one) => ('secretRef' in one ? [one.secretRef] : []))).toEqual([
      'runner/r1',
      'runner/r1/2',
    ]);
    expect(site.types('runner-r1').slice(-2)).toEqual(['RunnerKeyRemoved', 'RunnerKeyRemoved']);
  });
});

describe('a name that is taken again', () => {
  const second = { ...key, secretRef: 'runner/r1/2' };
  const takenAgain = (late: boolean): Site => {
    const site = new Site();
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: false }, alice);
    if (late) site.run('late');
    site.tell('r1', { kind: 'EnrolRunner', data: anEnrolment({ auth: second }) });
    site.rest();
    return site;
  };
  const keysGone = (site: Site) =>
    site.events.flatMap(({ event }) => (event.type === 'RunnerKeyRemoved' ? [event.data.secretRef] : []));

  it('given the key of the former runner was there still, then that alone is removed, once, while the next one works', () => {
    const site = takenAgain(false);
    site.rest();
    expect(keysGone(site)).toEqual(['runner/r1']);
    expect(site.asked.filter((one) => 'secretRef' in one)).toHaveLength(1);
    expect(site.types('runner-r1').at(-2)).toBe('RunnerEnrolled');
  });
  it('given a job that came to the former one at the last moment, then its key is removed after that job', () => {
    const site = takenAgain(true);
    expect(keysGone(site)).toEqual([]);
    site.end('late');
    site.rest();
    expect(keysGone(site)).toEqual(['runner/r1']);
  });
  it('given it is removed as well, then its own jobs end first, and its own key goes', () => {
    const site = takenAgain(false);
    site.run('a');
    site.tell('r1', { kind: 'RequestRemoval', cancelJobs: true }, alice);
    expect(site.types('job-a').at(-1)).toBe('JobCancelRequested');
    site.end('a');
    site.rest();
    expect(keysGone(site)).toEqual(['runner/r1', 'runner/r1/2']);
    expect(site.types('runner-r1').filter((type) => type === 'RunnerRetired')).toHaveLength(2);
  });
});

describe('the process, killed after any event and started again,', () => {
  it('writes the same events under the same ids as if nothing had happened', () => {
    const play = (crashes: readonly number[], cancelJobs: boolean): Site => {
      const site = new Site(crashes);
      site.run('a');
      site.run('b');
      site.tell('r1', { kind: 'RequestRemoval', cancelJobs }, alice);
      site.end('b');
      site.end('a');
      site.tell('r1', {
        kind: 'EnrolRunner',
        data: anEnrolment({ auth: { ...key, secretRef: 'runner/r1/2' } }),
      });
      site.rest();
      site.tell('r1', { kind: 'RequestRemoval', cancelJobs }, alice);
      site.rest();
      return site;
    };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
        fc.boolean(),
        (crashes, cancel) => {
          expect(play(crashes, cancel).events).toEqual(play([], cancel).events);
        },
      ),
    );
  });
});
