/** What does a server that is killed at any instant lose, and what does it do twice? Nothing, and nothing. */
import { createHash, randomInt, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { isLong } from '../faults/length.js';
import { atNode } from './event-place.js';
import { TERMINAL } from './terminal.js';
import { aWorld, type Answer, type Project, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(() => world.close());

/** With the events at a node, each kill takes longer, and less of what it finds is new. */
const KILLS = isLong ? 200 : atNode ? 5 : 20;
const MOST_AT_ONCE = 3;
const LINES = 200;
/** What the phase `syntax` prints: so many pieces of 140 KB. */
const PIECES = 20;
const PHASES = ['lint', 'syntax', 'unit'];
const ROWS = 2;
const JOBS_PER_CHANGE = PHASES.length - 1 + ROWS;
/** The latest instant of a kill after a start, in milliseconds; a job takes about twice as long. */
const LATEST_MS = 1500;

/** mulberry32: a few lines, so that a printed seed gives the same instants on every machine. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Each job leaves one line at its begin and one at its end in `marker`, and prints numbered lines in between. */
const project = (marker: string): Project => {
  const mark = (what: string) => `echo "${what} $BATON_JOB_ID" >> '${marker}'`;
  const pieces = `i=0; while [ $i -lt ${PIECES} ]; do i=$((i+1)); seq $((i * 100000 + 1)) $((i * 100000 + 20000)); sleep 0.1; done`;
  const count = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "line $i of $BATON_JOB_ID"; [ $((i % 10)) -ne 0 ] || sleep 0.15; done`;
  return {
    commands: Object.fromEntries(
      PHASES.map((phase) => [
        phase,
        `${mark('begin')}; ${phase === 'syntax' ? pieces : count}; ${mark('end')}`,
      ]),
    ),
    config: {
      version: '2',
      job_dispatch: {
        version: 'v2',
        filters: { unit: [{ os: ['linux'] }, { platform_family: ['debian'] }] },
      },
    },
  };
};

const printedBy = ({ id, phase }: JobView): string =>
  phase === 'syntax'
    ? Array.from({ length: PIECES * 20_000 }, (_, i) => {
        const piece = Math.floor(i / 20_000) + 1;
        return `${piece * 100_000 + (i % 20_000) + 1}\n`;
      }).join('')
    : Array.from({ length: LINES }, (_, i) => `line ${i + 1} of ${id}\n`).join('');

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** Asks until there is an answer, always with the same key, as a careful program does. */
const submitting = (repository: string, branch: string) => {
  const key = randomUUID();
  const ask = async (): Promise<Answer | undefined> =>
    world
      .ask('POST', '/changes', { repository, branch, target: 'main' }, { 'Idempotency-Key': key })
      .catch(() => undefined);
  return ask;
};

describe('a server killed by SIGKILL', () => {
  it(
    `given ${KILLS} random instants, then every job ran once, no byte is missing, and the changes passed`,
    async () => {
      const seed = Number(process.env['BATON_TEST_SEED'] ?? randomInt(2 ** 31));
      const random = randomOf(seed);
      console.log(`seed of the instants: BATON_TEST_SEED=${seed}`);
      const marker = join(world.folder, 'marker');
      const repository = world.aRepository('project', project(marker));
      for (let i = 1; i <= KILLS; i += 1) world.aBranch(repository, `change-${i}`, project(marker));
      await world.addRunner('first');
      await world.addRunner('second');

      const changes: string[] = [];
      /** Of those that were submitted last. */
      const running = async (): Promise<number> => {
        const views = await Promise.all(changes.slice(-MOST_AT_ONCE).map((id) => world.change(id)));
        return views.filter(({ stages }) => stages.every(({ status }) => status !== 'passed')).length;
      };
      for (let killed = 0; killed < KILLS; killed += 1) {
        const submit =
          (await running()) === MOST_AT_ONCE
            ? undefined
            : submitting(repository, `change-${changes.length + 1}`);
        const answer = submit?.();
        await new Promise((resolve) => setTimeout(resolve, Math.round(random() * LATEST_MS)));
        await world.stop('SIGKILL');
        await world.start();
        if (submit === undefined) continue;
        // a server killed before it answered is asked once more
        const submitted = (await answer) ?? (await submit());
        expect(submitted?.status, `seed ${seed}`).toBe(201);
        changes.push((submitted?.json() as ChangeView).id);
      }

      const jobs: string[] = [];
      for (const id of changes) {
        const change = await world.finished(id);
        expect(
          change.stages.map(({ status }) => status),
          `seed ${seed}`,
        ).toEqual(['passed']);
        jobs.push(...change.stages.flatMap(({ phases }) => phases.flatMap((phase) => phase.jobs)));
      }
      expect(jobs, `seed ${seed}`).toHaveLength(changes.length * JOBS_PER_CHANGE);
      expect(new Set(jobs).size).toBe(jobs.length);

      const marks = (await readFile(marker, 'utf8')).trimEnd().split('\n').sort();
      expect(marks, `seed ${seed}`).toEqual(jobs.flatMap((id) => [`begin ${id}`, `end ${id}`]).sort());
      let bytes = 0;
      for (const job of (await Promise.all(changes.map((id) => world.jobsOf(id)))).flat()) {
        const log = await world.ask('GET', `/jobs/${job.id}/log`);
        bytes += log.bytes.length;
        expect(sha256(log.bytes), `log of ${job.id}, ${log.bytes.length} bytes, seed ${seed}`).toBe(
          sha256(printedBy(job)),
        );
      }

      expect((await world.stop())?.code).toBe(0);
      const events = await world.events();
      for (const id of jobs) {
        const types = events.filter(({ stream }) => stream === `job-${id}`).map(({ event }) => event.type);
        const counted = (wanted: readonly string[]) => types.filter((type) => wanted.includes(type)).length;
        expect(
          {
            queued: counted(['JobQueued']),
            assigned: counted(['JobAssigned']),
            started: counted(['JobStarted']),
            sealed: counted(['JobOutputSealed']),
            terminal: counted(TERMINAL),
            last: types.at(-1),
          },
          `${id}, seed ${seed}: ${types.join(' ')}`,
        ).toMatchObject({ queued: 1, assigned: 1, started: 1, sealed: 1, terminal: 1 });
        expect(types).toContain('JobSucceeded');
      }
      const ofType = (type: string) => events.filter(({ event }) => event.type === type).length;
      expect(ofType('ChangeOpened')).toBe(changes.length);
      expect(ofType('PhasePromoted')).toBe(changes.length * PHASES.length);
      expect(ofType('PhaseFinished')).toBe(changes.length * PHASES.length);
      expect(ofType('StageRunFinished')).toBe(changes.length);
      console.log(
        `faults: random kills ${KILLS}, seed ${seed}, ${JSON.stringify({ jobs: jobs.length, runs: marks.length / 2, bytes, events: events.length })}`,
      );
    },
    180_000 + KILLS * 15_000,
  );
});
