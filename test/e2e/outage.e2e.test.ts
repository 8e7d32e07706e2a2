/** What is lost, and what is done twice, when the process that keeps the events goes away under load? Nothing, and nothing. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import { ok } from '../contract/event-store-tools.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openIn } from '../store/sqlite-tools.js';
import { proxyTo, type Proxy } from '../store/tcp-proxy.js';
import { until } from './processes.js';
import type { Ran } from './program.js';
import { TERMINAL } from './terminal.js';
import { aWorld, type Answer, type Project, type World } from './world.js';

let world: World;
let node: ServedProcess;
let proxy: Proxy | undefined;
let data: string;
let marker: string;
beforeEach(async () => {
  world = await aWorld();
  data = join(world.folder, 'events');
  marker = join(world.folder, 'marker');
  node = await serveProcess(data);
});
afterEach(async () => {
  node.thaw();
  await world.stop();
  await proxy?.close();
  proxy = undefined;
  await node.end();
  await world.close();
});

const PHASES = ['lint', 'syntax', 'unit'];
const LONG_LINES = 100;
const CUTS = 10;
/** An append is longer, and what the protocol itself sends is shorter. */
const REQUEST_BYTES = 300;

/** Each job leaves one line at its begin and one at its end; `long` prints on until the file `enough` is there. */
const project = (long = false): Project => {
  const mark = (what: string): string => `echo "${what} $BATON_JOB_ID" >> '${marker}'`;
  const print = `i=0; while [ $i -lt ${LONG_LINES} ] || [ ! -e '${world.folder}/enough' ]; do i=$((i+1)); echo "line $i"; echo $i >> '${world.folder}/lines'; sleep 0.05; done`;
  const work = (phase: string): string => (long && phase === 'unit' ? print : 'echo "of $BATON_JOB_ID"');
  return {
    commands: Object.fromEntries(
      PHASES.map((phase) => [phase, `${mark('begin')}; ${work(phase)}; ${mark('end')}`]),
    ),
  };
};

const linesOf = async (name: string): Promise<string[]> =>
  (await readFile(join(world.folder, name), 'utf8').catch(() => '')).split('\n').slice(0, -1);

/** What was asked for until it was acknowledged. */
interface Load {
  readonly changes: string[];
  /** Of commands on the runner `second`; each was given its own. */
  readonly reasons: string[];
  /** Answers that were no acknowledgement, by status; 0 is none at all. */
  readonly refused: Map<number, number>;
  readonly acknowledged: () => number;
  /** Hands in what is left, and resolves when all is acknowledged. */
  readonly finish: () => Promise<void>;
}

/** Two at a time: changes, and pauses of a runner. Each is asked for with its key until it is acknowledged, as a careful program does. */
const load = (repository: string, branches: readonly string[]): Load => {
  const [changes, reasons] = [[] as string[], [] as string[]];
  const refused = new Map<number, number>();
  // a property, since the compiler takes a variable that it has seen for unchanging
  const all = { areIn: false };
  const insist = async (path: string, body: unknown): Promise<Answer> => {
    const headers = { 'Idempotency-Key': randomUUID() };
    return until(`POST ${path} is acknowledged`, async () => {
      const answer = await world.ask('POST', path, body, headers).catch(() => undefined);
      if (answer !== undefined && answer.status < 300) return answer;
      // the load is no more than is allowed: everything else is the store's absence
      expect([undefined, 503], answer?.bytes.toString()).toContain(answer?.status);
      refused.set(answer?.status ?? 0, (refused.get(answer?.status ?? 0) ?? 0) + 1);
      return undefined;
    });
  };
  const submitting = (async () => {
    for (const branch of branches) {
      const answer = await insist('/changes', { repository, branch, target: 'main' });
      changes.push((answer.json() as ChangeView).id);
    }
  })();
  const pausing = (async () => {
    for (let n = 0; !all.areIn || n % 2 === 1; n += 1) {
      const reason = `command ${n}`;
      await insist(`/runners/second/${n % 2 === 0 ? 'pause' : 'resume'}`, { reason });
      reasons.push(reason);
    }
  })();
  const done = Promise.all([submitting, pausing]);
  // waited for at the end; until then nobody would hear it
  done.catch(() => undefined);
  return {
    ...{ changes, reasons, refused },
    acknowledged: () => changes.length + reasons.length,
    finish: async () => {
      await submitting;
      all.areIn = true;
      await done;
    },
  };
};

const branchesIn = (repository: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => {
    world.aBranch(repository, `change-${index}`, project());
    return `change-${index}`;
  });

/** Waits for the ends of the changes, stops everything, and answers what was recorded. */
const recorded = async (): Promise<readonly Recorded<RawEvent>[]> => {
  expect((await world.stop())?.code).toBe(0);
  await node.end();
  const store = await openIn(join(data, 'store'));
  const events = await ok(store.readAll('start', { maxCount: 1_000_000 }));
  await store.close();
  return events;
};

const jobsOf = async (changes: readonly string[]): Promise<string[]> => {
  const jobs: string[] = [];
  for (const id of changes) {
    const change = await world.finished(id);
    expect(change.stages.map(({ status }) => status)).toEqual(['passed']);
    jobs.push(...change.stages.flatMap(({ phases }) => phases.flatMap((phase) => phase.jobs)));
  }
  return jobs;
};

/** The one count of both tests. */
const expectOnce = async (
  jobs: readonly string[],
  { changes, reasons }: Load,
  others: readonly string[] = [],
): Promise<void> => {
  expect(jobs).toHaveLength((changes.length + others.length) * PHASES.length);
  expect(new Set(jobs).size).toBe(jobs.length);
  expect((await linesOf('marker')).sort()).toEqual(jobs.flatMap((id) => [`begin ${id}`, `end ${id}`]).sort());

  const events = await recorded();
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const streamsOf = (type: string): string[] =>
    events.filter(({ event }) => event.type === type).map(({ stream }) => stream);
  const all = [...changes, ...others].map((id) => `change-${id}`).sort();
  expect(streamsOf('ChangeOpened').sort()).toEqual(all);
  expect(streamsOf('PatchsetAdded').sort()).toEqual(all);
  const said = events.map(({ metadata }) => metadata.reason).filter((reason) => reason !== undefined);
  expect(said.filter((reason) => reason.startsWith('command '))).toEqual(reasons);
  const jobStreams = jobs.map((id) => `job-${id}`).sort();
  for (const type of ['JobQueued', 'JobAssigned', 'JobStarted', 'JobOutputSealed', 'JobSucceeded'])
    expect(streamsOf(type).sort(), type).toEqual(jobStreams);
  expect(TERMINAL.flatMap(streamsOf).sort()).toEqual(jobStreams);
};

interface Readiness {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}
const readiness = async (): Promise<Readiness> =>
  (await (await fetch(`${world.url}/readyz`)).json()) as Readiness;
const storeIsAway = () =>
  until('the server says that its store is away', async () => {
    const check = (await readiness()).checks.find(({ name }) => name === 'store');
    return check?.ok === false ? check.detail : undefined;
  });
const isReady = () =>
  until('the server is ready', async () => ((await readiness()).status === 'ready' ? true : undefined));

const expectWayOut = ({ code, out, err }: Ran, why: RegExp): void => {
  expect([code, out], err).toEqual([1, '']);
  expect(err).toMatch(/^baton: .*the event store/);
  expect(err).toMatch(why);
  expect(err).toMatch(/^hint: Look whether the event store runs/m);
};

it('given a node that is killed twice and frozen once under load, then nothing acknowledged is lost, nothing is done twice, and a long job is collected', async () => {
  await world.start({}, 'error', ['--store', node.address]);
  const repository = world.aRepository('project', project(true));
  const branches = branchesIn(repository, 4);
  await world.addRunner('first');
  await world.addRunner('second');
  const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
  const long = (submitted.json() as ChangeView).id;
  await until('the long job runs', async () => ((await linesOf('lines')).length > 0 ? true : undefined));
  const under = load(repository, branches);
  const goesOn = async (): Promise<void> => {
    const before = under.acknowledged();
    await until('commands are acknowledged', () => (under.acknowledged() > before + 1 ? true : undefined));
  };
  const runsOn = async (): Promise<void> => {
    const before = (await linesOf('lines')).length;
    await until('the long job prints on', async () =>
      (await linesOf('lines')).length > before + 10 ? true : undefined,
    );
  };

  await goesOn();
  await node.end('SIGKILL');
  const [queue, submit] = await Promise.all([
    world.baton('queue'),
    world.baton('change', 'submit', '--repo', repository, '--branch', 'feature', '--target', 'main'),
    storeIsAway(),
    runsOn(),
  ]);
  expectWayOut(queue, /cannot be reached|did not answer/);
  expectWayOut(submit, /cannot be reached|did not answer/);
  node = await serveProcess(data, node.port);
  await isReady();
  await goesOn();

  await node.end('SIGKILL');
  await storeIsAway();
  node = await serveProcess(data, node.port);
  await goesOn();

  node.freeze();
  const frozenAt = performance.now();
  const [asked] = await Promise.all([
    world.baton('queue'),
    storeIsAway().then(() => {
      // before a question to the store itself is given up
      expect(performance.now() - frozenAt).toBeLessThan(9_000);
    }),
    runsOn(),
  ]);
  expectWayOut(asked, /did not answer/);
  node.thaw();
  await isReady();
  await goesOn();
  await under.finish();

  world.file('enough', '');
  const jobs = await jobsOf([...under.changes, long]);
  const longJob = (await world.jobsOf(long)).find(({ phase }) => phase === 'unit');
  const printed = (await linesOf('lines')).map((n) => `line ${n}\n`);
  const log = await world.ask('GET', `/jobs/${longJob?.id ?? ''}/log`);
  expect(log.bytes.toString('utf8')).toBe(printed.join(''));
  expect(printed.length).toBeGreaterThanOrEqual(LONG_LINES);
  // asking again was needed
  expect(under.refused.get(503)).toBeGreaterThan(0);
  await expectOnce(jobs, under, [long]);
});

it('given connections that are cut after a request was passed on, again and again under load, then nothing acknowledged is lost and nothing is done twice', async () => {
  proxy = await proxyTo(node.port);
  await world.start({}, 'error', ['--store', `esdb://127.0.0.1:${proxy.port}?tls=false`]);
  const repository = world.aRepository('project', project());
  const branches = branchesIn(repository, 4);
  await world.addRunner('first');
  await world.addRunner('second');
  const under = load(repository, branches);
  for (let cut = 0; cut < CUTS; cut += 1) {
    const before = under.acknowledged();
    await proxy.cutAfterNext(REQUEST_BYTES);
    await until('a command is acknowledged', () => (under.acknowledged() > before ? true : undefined));
  }
  await under.finish();
  const jobs = await jobsOf(under.changes);
  await expectOnce(jobs, under);
});
