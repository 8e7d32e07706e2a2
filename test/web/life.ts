/** An installation on an ordinary day, for pictures: runners that work, one that leaves and one in trouble, changes at all stages, and jobs that wait. */
import type { JobView } from '../../projections/jobs.js';
import { startRunner } from '../../src/cli/demo/fleet.js';
import { until } from '../e2e/processes.js';
import type { Project, World } from '../e2e/world.js';
import { commit } from '../source/given-repository.js';

const SKIPPED = ['quality', 'security', 'publish', 'provision', 'smoke', 'functional'];

/** `unit`: the filters of that phase, in Baton's own words. `alone`: Verify has no other phase. */
const project = (
  commands: Project['commands'],
  { unit, alone = false }: { readonly unit?: unknown; readonly alone?: boolean } = {},
): Project => ({
  commands: { lint: 'echo no faults', syntax: 'echo fine', deploy: 'echo deployed', ...commands },
  config: {
    version: '2',
    job_dispatch: { version: 'v2' },
    skip_phases: alone ? [...SKIPPED, 'lint', 'syntax'] : SKIPPED,
    ...(unit === undefined ? {} : { baton: { filters: { unit } } }),
  },
});

const debian = { platform_family: 'debian' };

/** Colours, groups, and a line that is written over; it runs for long. */
const LOG = [
  String.raw`echo '--- Install'`,
  String.raw`for part in router basket search; do echo "added $part 2.4.1"; done`,
  String.raw`echo '--- Compile'`,
  String.raw`for n in 1 2 3 4 5 6 7 8; do printf '\033[2m[%s/8]\033[0m src/part-%s.ts \033[32mok\033[0m\n' $n $n; done`,
  String.raw`echo '+++ Unit tests'`,
  String.raw`for n in 1 2 3 4 5 6 7 8 9; do printf ' \033[32m✓\033[0m basket keeps its lines \033[2m(case %s, %s ms)\033[0m\n' $n $((n * 7)); done`,
  String.raw`printf ' \033[33m! basket empties after a day: skipped\033[0m\n'`,
  String.raw`printf ' \033[31m✗ prices are rounded once\033[0m\n   \033[1mexpected 12.35, found 12.34\033[0m at src/prices.ts:41\n'`,
  String.raw`for n in 10 20 30 40 50 60; do printf '\rslow tests %s%%' $n; done`,
  'sleep 900',
].join('; ');

const FAILS = [
  String.raw`echo '--- Install'`,
  'echo added 3 packages',
  String.raw`echo '+++ Unit tests'`,
  String.raw`printf ' \033[31m✗ a voucher counts once\033[0m\n'`,
  'exit 1',
].join('; ');

const statusOf = async (world: World, change: string, status: JobView['status']): Promise<JobView> =>
  until(`a job of ${change} is ${status}`, async () =>
    (await world.jobsOf(change)).find((job) => job.status === status),
  );

/** Enrolled with the host key of another machine, as if it had been changed. */
const addStranger = async (world: World, name: string, other: string): Promise<void> => {
  const runner = await startRunner(world.folder, name, 'rocky');
  world.runners.push(runner);
  const { port, user, privateKey, base } = runner;
  const login = { host: '127.0.0.1', port, user, hostKey: other, privateKey, base };
  await world.ask('POST', '/runners', { name, ...login, slots: 2, labels: ['rpm'] });
  await world.ask('POST', `/runners/${name}/test`, {});
};

export interface Life {
  readonly runningJob: string;
  readonly failedJob: string;
  /** With a matrix, one row of which waits. */
  readonly change: string;
}

/** The world is started, and empty. */
export const liveIn = async (world: World): Promise<Life> => {
  const first = await startRunner(world.folder, 'build-01', 'debian');
  const second = await startRunner(world.folder, 'build-02', 'alpine');
  await world.enrol(first, 2, { labels: ['docker'] });
  await world.enrol(second, 1, { labels: ['small'] });
  await addStranger(world, 'build-03', first.fingerprint);

  const web = world.aRepository('web', project({ unit: 'echo 214 tests passed' }));
  world.aBranch(web, 'faster-search', project({ unit: 'echo 214 passed' }), 'Search answers while one types');
  const delivered = await world.submitted(web, 'faster-search');
  for (const what of ['approve', 'deliver']) {
    await world.finished(delivered.id);
    await world.do(delivered.id, what, { reason: 'looks good' });
  }
  await world.finished(delivered.id);

  const shop = world.aRepository('shop', project({ unit: 'echo fine' }));
  world.aBranch(shop, 'vouchers', project({ unit: FAILS }), 'Vouchers count for one basket only');
  const failed = await world.submitted(shop, 'vouchers');
  await world.finished(failed.id);
  world.aBranch(shop, 'reviewed', project({ unit: 'echo 91 tests passed' }), 'Prices say their currency');
  await world.finished((await world.submitted(shop, 'reviewed')).id);

  // two patchsets of one change: what the first one ran is of no use any more
  const docs = world.aRepository('docs', project({ unit: 'echo fine' }));
  const long = project(
    { unit: 'echo building 48 pages; sleep 900' },
    { unit: { labels: ['small'] }, alone: true },
  );
  world.aBranch(docs, 'manual', long, 'A manual for operators');
  const manual = await world.submitted(docs, 'manual');
  await statusOf(world, manual.id, 'running');
  commit(docs, { note: 'more\n' }, 'A manual for operators, with pictures');
  await world.submitted(docs, 'manual');
  await statusOf(world, manual.id, 'cancelled');
  await statusOf(world, manual.id, 'running');
  await world.ask('POST', '/runners/build-02/drain', { reason: 'new disk on Monday' });

  const matrix = project({ unit: LOG }, { unit: [debian, { labels: ['rpm'] }], alone: true });
  world.aBranch(shop, 'basket', matrix, 'The basket keeps its lines over a restart');
  const change = await world.submitted(shop, 'basket');
  const { id: runningJob } = await statusOf(world, change.id, 'running');
  for (const [branch, title, unit] of [
    ['nightly', 'Nightly load test', debian],
    ['sitemap', 'A map of all pages', debian],
    ['icons', 'Icons for large screens', { platform: 'mac_os_x' }],
    ['cookies', 'Fewer cookies', debian],
  ] as const) {
    world.aBranch(web, branch, project({ unit: 'sleep 900' }, { unit, alone: true }), title);
    await world.submitted(web, branch);
  }
  const { id: failedJob } = await statusOf(world, failed.id, 'failed');
  return { runningJob, failedJob, change: change.id };
};
