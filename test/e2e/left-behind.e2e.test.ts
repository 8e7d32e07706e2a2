/** A server that died before it tidied up after a job leaves its files on the runner; they do not stay there for ever. */
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.close());

it('given files of a job that has ended, then a probe a day later has them tidied up', async () => {
  await world.start({ BATON_FAILPOINT: 'cleanUp.before' });
  const { base } = await world.addRunner('r1');
  const repository = world.aRepository('shop', {
    commands: { lint: 'echo linted', syntax: 'true', unit: 'true' },
  });
  const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  const { id } = answer.json() as ChangeView;
  await world.server?.done;
  const ended = (await world.events())
    .filter(({ event }) => event.type === 'JobSucceeded')
    .map(({ stream }) => stream.replace('job-', ''));
  expect(ended.length).toBeGreaterThan(0);
  await world.start();
  const names = (): readonly string[] => readdirSync(base, { recursive: true, encoding: 'utf8' });
  const left = (): readonly string[] => names().filter((name) => name.endsWith('.go'));
  const isOfEnded = (name: string): boolean => ended.some((jobId) => name.includes(jobId));
  await until('the others have ended and are tidied up', async () =>
    (await world.jobsOf(id)).every(({ endedAt }) => endedAt !== undefined) && left().every(isOfEnded)
      ? true
      : undefined,
  );
  const stay = left();
  expect(stay).toHaveLength(ended.length);
  await world.baton('runner', 'test', 'r1');
  expect(left()).toEqual(stay);

  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  for (const name of stay) utimesSync(join(base, name), twoDaysAgo, twoDaysAgo);
  await world.baton('runner', 'test', 'r1');
  expect(left()).toEqual([]);
  expect(
    names()
      .filter(isOfEnded)
      .map((name) => name.split('.').at(-1)),
  ).toEqual(ended.map(() => 'rc'));
});
