/** A fleet in which each runner is in another state: one works, the others need somebody. */
import type { World } from '../e2e/world.js';
import { until } from '../e2e/processes.js';

const OTHER_KEY = 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

export interface Fleet {
  /** A job that runs on build-01 until this file is removed. */
  readonly gate: string;
  readonly running: string;
}

const ok = async (world: World, path: string, body: object = {}): Promise<void> => {
  const { status, bytes } = await world.ask('POST', path, body);
  if (status >= 300) throw new Error(`${path}: ${bytes.toString()}`);
};

/** build-01 has a job, build-02 shows another host key than the accepted one, build-03 answers to nobody, build-04 was never tested. */
export const aFleet = async (world: World): Promise<Fleet> => {
  const first = await world.addRunner('build-01', 4);
  await ok(world, '/runners/build-01/settings', { labels: ['gpu', 'fast'] });
  const { privateKey, user, port, base } = first;
  const place = { host: '127.0.0.1', user, privateKey, base };
  await ok(world, '/runners', { ...place, name: 'build-02', port, hostKey: OTHER_KEY, base: `${base}-02` });
  await ok(world, '/runners/build-02/test');
  await ok(world, '/runners', { ...place, name: 'build-03', port: 1, hostKey: OTHER_KEY, labels: ['gpu'] });
  await ok(world, '/runners/build-03/test');
  await ok(world, '/runners', { ...place, name: 'build-04', port, labels: ['arm'], base: `${base}-04` });

  const gate = world.file('gate', '');
  const repository = world.aRepository('shop', {
    commands: {
      unit: `while [ -e '${gate}' ]; do sleep 0.1; done`,
      lint: 'exit 3',
      syntax: 'true',
    },
  });
  const { id } = await world.submitted(repository);
  const jobs = await until('one job runs and two have ended', async () => {
    const all = await world.jobsOf(id);
    const done = all.filter(({ endedAt }) => endedAt !== undefined);
    return done.length === 2 && all.some(({ status }) => status === 'running') ? all : undefined;
  });
  return { gate, running: jobs.find(({ status }) => status === 'running')?.id ?? '' };
};
