/** Counts what must not be lost or doubled by a fault: runs of jobs, bytes of their logs, events of their streams. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { loadDriver } from '../../src/store/driver.js';
import { until } from '../e2e/processes.js';
import { TERMINAL } from '../e2e/terminal.js';
import type { Answer, Project, World } from '../e2e/world.js';

export interface Counts {
  readonly jobs: number;
  readonly runs: number;
  readonly bytes: number;
  readonly events: number;
}

interface StoredEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How a job ended, as its events tell. */
export interface Ended {
  readonly jobId: string;
  readonly types: readonly string[];
  readonly terminal: StoredEvent;
  readonly attempts: number;
  /** How often its script began. */
  readonly runs: number;
  /** Of the last attempt: what is stored, and what the job wrote to the pipe of its log. */
  readonly log: Buffer;
  readonly written: Buffer;
}

export interface Tally {
  /** A project of one job, or of one for each of the given scripts; each leaves its marks. */
  readonly project: (print: string, config?: Readonly<Record<string, unknown>>) => Project;
  /** A change of its own; asks until it is answered, with the same key, as a careful program does. */
  readonly submit: (project: Project) => Submission;
  /** All jobs of a change that has ended. */
  readonly ends: (change: string) => Promise<readonly Ended[]>;
  /** Ran once, stored to the byte, ended once as `terminal`; the counts of it. */
  readonly expectOnce: (change: string, terminal?: string) => Promise<Counts>;
  /** Of all jobs so far, by the running server's own store. */
  readonly events: () => Promise<readonly StoredEvent[]>;
  /** Names of jobs whose script has begun, in that order. */
  readonly begun: () => Promise<readonly string[]>;
}

export interface Submission {
  /** Resolves with the change; a server that died meanwhile is asked again when it is there. */
  readonly change: () => Promise<string>;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(0, -1);

const NONE: Counts = { jobs: 0, runs: 0, bytes: 0, events: 0 };

export const sum = (counts: readonly Counts[]): Counts =>
  counts.reduce(
    (all, one) => ({
      jobs: all.jobs + one.jobs,
      runs: all.runs + one.runs,
      bytes: all.bytes + one.bytes,
      events: all.events + one.events,
    }),
    NONE,
  );

export const tallyOf = (world: World): Tally => {
  const marker = join(world.folder, 'marker');
  const copies = join(world.folder, 'copies');
  mkdirSync(copies);
  let repository: string | undefined;
  let branches = 0;

  /** `tee` keeps a copy of what goes to the log; the exit code is that of `print`. */
  const script = (print: string): string =>
    [
      `echo "$BATON_JOB_ID" >> '${marker}'`,
      `code='${copies}'/"$BATON_JOB_ID".code`,
      `{ (${print}); echo $? > "$code"; } 2>&1 | tee -a '${copies}'/"$BATON_JOB_ID"`,
      'exit "$(cat "$code")"',
    ].join('; ');

  const events = async (): Promise<readonly StoredEvent[]> => {
    const driver = await loadDriver();
    if (driver === undefined) throw new Error('no SQLite driver');
    const database = driver.open(join(world.place.folder, 'events.db'));
    try {
      return database
        .prepare('SELECT stream, type, data FROM events ORDER BY position')
        .all()
        .map(({ stream, type, data }) => ({
          stream: String(stream),
          type: String(type),
          data: JSON.parse(String(data)) as Readonly<Record<string, unknown>>,
        }));
    } finally {
      database.close();
    }
  };
  const begun = (): Promise<string[]> => linesOf(marker);

  const endOf = async (jobId: string, all: readonly StoredEvent[]): Promise<Ended> => {
    const own = all.filter(({ stream }) => stream === `job-${jobId}`);
    const types = own.map(({ type }) => type);
    const terminals = own.filter(({ type }) => TERMINAL.includes(type));
    const story = `${jobId}: ${types.join(' ')}`;
    expect(terminals, story).toHaveLength(1);
    for (const type of ['JobAssigned', 'JobStarted', 'JobOutputSealed']) {
      const attempts = own.filter((one) => one.type === type).map(({ data }) => data['attempt']);
      expect(new Set(attempts).size, `${type} twice for one attempt; ${story}`).toBe(attempts.length);
    }
    expect(
      types.filter((type) => type === 'JobQueued'),
      story,
    ).toHaveLength(1);
    const log = (await world.ask('GET', `/jobs/${jobId}/log`)).bytes;
    return {
      ...{ jobId, types, log },
      terminal: terminals[0] as StoredEvent,
      attempts: types.filter((type) => type === 'JobAssigned').length,
      runs: (await begun()).filter((one) => one === jobId).length,
      written: await readFile(join(copies, jobId)).catch(() => Buffer.alloc(0)),
    };
  };

  const ends: Tally['ends'] = async (id) => {
    const change = await world.finished(id);
    const jobs = change.stages.flatMap(({ phases }) => phases.flatMap((phase) => phase.jobs));
    expect(new Set(jobs).size).toBe(jobs.length);
    const all = await events();
    return Promise.all(jobs.map((jobId) => endOf(jobId, all)));
  };

  return {
    ...{ events, begun, ends },
    project: (print, config = {}) => ({
      commands: { unit: script(print) },
      config: {
        ...{ version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['lint', 'syntax'] },
        ...config,
      },
    }),
    submit: (project) => {
      repository ??= world.aRepository('project', project);
      branches += 1;
      const branch = `change-${branches}`;
      world.aBranch(repository, branch, project);
      const key = randomUUID();
      const body = { repository, branch, target: 'main' };
      const ask = (): Promise<Answer | undefined> =>
        world.ask('POST', '/changes', body, { 'Idempotency-Key': key }).catch(() => undefined);
      let answer = ask();
      return {
        change: () =>
          until('the change is submitted', async () => {
            const found = await answer;
            if (found === undefined) {
              answer = ask();
              return undefined;
            }
            expect(found.status, found.bytes.toString()).toBe(201);
            return (found.json() as ChangeView).id;
          }),
      };
    },
    expectOnce: async (change, terminal = 'JobSucceeded') => {
      const jobs = await ends(change);
      for (const job of jobs) {
        const story = `${job.jobId}: ${job.types.join(' ')}`;
        expect(job.terminal.type, story).toBe(terminal);
        expect(job.runs, story).toBe(1);
        expect(job.log.length, story).toBe(job.written.length);
        expect(sha256(job.log), story).toBe(sha256(job.written));
      }
      return {
        jobs: jobs.length,
        runs: jobs.reduce((n, { runs }) => n + runs, 0),
        bytes: jobs.reduce((n, { log }) => n + log.length, 0),
        events: jobs.reduce((n, { types }) => n + types.length, 0),
      };
    },
  };
};
