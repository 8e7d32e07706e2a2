/** A network that cuts, resets, half-closes, crawls or lags, at the start of a job, in its log and at its end. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import type { Cut, Weather } from './link.js';
import { aFaultyRunner, filesOn, type FaultyRunner } from './runner.js';
import { sum, tallyOf, type Counts, type Tally } from './tally.js';

let world: World;
let tally: Tally;
let runner: FaultyRunner;
const counted: Counts[] = [];
beforeAll(async () => {
  world = await aWorld();
  tally = tallyOf(world);
  await world.start();
  runner = await aFaultyRunner(world, 'runner');
});
afterAll(async () => {
  world.server?.child.kill('SIGCONT');
  console.log(`faults: link ${runner.link.harmed()} connections, ${JSON.stringify(sum(counted))}`);
  await world.close();
});

/** 2 MB in pieces, then nothing until it is told to go on, then a last line. */
const print = (name: string): string =>
  `i=0; while [ $i -lt 20 ]; do i=$((i+1)); seq $((i*100000)) $((i*100000+15000)); sleep 0.03; done; : > '${file(name)}.printed'; until [ -e '${file(name)}' ]; do sleep 0.02; done; echo last`;
const file = (name: string): string => join(world.folder, name);
const isThere = (name: string): Promise<true> =>
  until(`the file ${name}`, () => existsSync(file(name)) || undefined);

type Place = 'at its start' | 'in its log' | 'at its end';
const places: readonly Place[] = ['at its start', 'in its log', 'at its end'];

describe('a link that is cut', () => {
  const cuts: readonly Cut[] = ['end', 'half', 'reset'];
  let n = 0;
  it.each(cuts.flatMap((how) => places.map((place) => [how, place] as const)))(
    'given a cut (%s) in the middle of a packet %s, then the job ran once and its log is whole',
    async (how, place) => {
      const name = `enough-${(n += 1)}`;
      const project = tally.project(print(name));
      const harmed = runner.link.harmed();
      const [cutAtStart, cutInLog, cutAtEnd] = places.map(
        (one, at) => () =>
          one === place ? runner.link.cutAfter([21, 700_003, 17][at] ?? 1, how) : Promise.resolve(),
      );
      const starting = cutAtStart?.();
      const submission = tally.submit(project);
      await starting;
      const logging = cutInLog?.();
      await isThere(`${name}.printed`);
      await logging;
      const ending = cutAtEnd?.();
      await writeFile(file(name), '');
      await ending;
      counted.push(await tally.expectOnce(await submission.change()));
      expect(runner.link.harmed()).toBeGreaterThan(harmed);
    },
  );

  it('given cuts again and again while it prints, then the job ran once and its log is whole', async () => {
    const submission = tally.submit(tally.project(print('again')));
    for (const [bytes, how] of [
      [90_001, 'reset'],
      [250_007, 'end'],
      [65_537, 'half'],
      [400_009, 'reset'],
    ] as const)
      await runner.link.cutAfter(bytes, how);
    await isThere('again.printed');
    await writeFile(file('again'), '');
    counted.push(await tally.expectOnce(await submission.change()));
  });

  it('given nobody at the port for a while, then the job ran once and its log is whole', async () => {
    const submission = tally.submit(tally.project(print('away')));
    await until('the job has begun', async () =>
      (await tally.begun()).length > counted.length ? true : undefined,
    );
    await runner.link.refuse();
    await isThere('away.printed');
    await writeFile(file('away'), '');
    await runner.link.open();
    counted.push(await tally.expectOnce(await submission.change()));
  });
});

describe('a link that is slow', () => {
  it.each<[string, Weather, number]>([
    ['20 KB a second', { bytesPerSecond: 20_000 }, 3],
    ['100 ms more each way', { delayMs: 100 }, 20],
  ])('given %s, then the job ran once and its log is whole', async (_, weather, pieces) => {
    runner.link.weather(weather);
    const script = `i=0; while [ $i -lt ${pieces} ]; do i=$((i+1)); seq $((i*100000)) $((i*100000+4000)); sleep 0.05; done`;
    counted.push(await tally.expectOnce(await tally.submit(tally.project(script)).change()));
    runner.link.weather({});
  });
});

describe('a server that stands still', () => {
  it('given SIGSTOP while a job prints and ends, when it goes on, then the job ran once and its log is whole', async () => {
    const submission = tally.submit(tally.project(print('still')));
    const change = await submission.change();
    await until('the log begins', async () => {
      const [job] = await world.jobsOf(change);
      const log = job === undefined ? undefined : await world.ask('GET', `/jobs/${job.id}/log`);
      return log?.status === 200 && log.bytes.length > 0 ? true : undefined;
    });
    world.server?.child.kill('SIGSTOP');
    await isThere('still.printed');
    await writeFile(file('still'), '');
    await until('the job has ended there', async () => {
      const [job = ''] = (await tally.begun()).slice(-1);
      return (await filesOn(runner, '.rc')).get(`${job}.1.rc`)?.startsWith('rc=') === true ? true : undefined;
    });
    world.server?.child.kill('SIGCONT');
    counted.push(await tally.expectOnce(change));
  });
});
