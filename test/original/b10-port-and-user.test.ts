import { describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { reachOf } from '../../src/app/runner-target.js';
import { runner } from '../../src/domain/runner.js';
import type { RunnerEvent } from '../../src/events/catalog.js';
import { fold } from '../../src/kernel/decider.js';
import { anEnrolment } from '../builders.js';

const reached = (...more: readonly RunnerEvent[]) => {
  const enrolled: RunnerEvent = {
    type: 'RunnerEnrolled',
    data: anEnrolment({ host: 'build.example.org', port: 2222, user: 'ci' }),
  };
  const target = reachOf('r1', fold(runner, [enrolled, ...more]));
  return E.isRight(target) ? target.right : undefined;
};

describe('B10: every login uses the port and the user that the runner was enrolled or set with', () => {
  it('given 2222 and ci, then jobs, probes and questions reach it so', () => {
    expect(reached()).toMatchObject({ host: 'build.example.org', port: 2222, user: 'ci' });
  });
  it('given another port later, then that one, and the user stays', () => {
    expect(reached({ type: 'RunnerSettingsChanged', data: { port: 2200 } })).toMatchObject({
      port: 2200,
      user: 'ci',
    });
  });
  it('given a runner that was retired while a job is still there, then it is reached as before', () => {
    expect(reached({ type: 'RunnerRetired', data: {} })).toMatchObject({ port: 2222, user: 'ci' });
  });
});
