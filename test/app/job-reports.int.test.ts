/** Reports of jobs, as the use case takes them: over a store in memory, logs in files, and secrets in memory. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handle, load } from '../../src/app/handle.js';
import { jobReports, type JobReports } from '../../src/app/job-reports.js';
import { jobSecrets } from '../../src/app/job-secrets.js';
import type { ProgressReport } from '../../src/app/reports.js';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/events/catalog.js';
import { deriveId } from '../../src/kernel/ids.js';
import { systemClock } from '../../src/kernel/time.js';
import { fileLogStore } from '../../src/logs/files.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, aQueuedJob, asNew } from '../builders.js';
import { memorySecrets } from './memory-secrets.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-reports-'));
});
afterEach(() => rm(directory, { recursive: true }));

const ATTEMPT = { jobId: 'j', attempt: 1 };
const scope = { enterprise: 'e', organisation: 'o', project: 'p' };
const running: readonly JobEvent[] = [
  { type: 'JobQueued', data: aQueuedJob({ reports: true }) },
  { type: 'JobAssigned', data: anAssignment() },
  { type: 'JobStarted', data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' } },
];

const aServer = async (past: readonly JobEvent[] = running, publicUrl?: string) => {
  const store = memoryStore();
  const { secrets, values } = memorySecrets();
  const given = jobSecrets(secrets);
  await store.append(
    'job-j',
    past.map((event) => asNew(event)),
    'no_stream',
  )();
  const problems: unknown[] = [];
  const started = (): JobReports =>
    jobReports({
      ...{ store, clock: systemClock, logs: fileLogStore(directory), secrets: given, sign: secrets.sign },
      jobs: { view: () => ({}), caughtUp: () => Promise.resolve() },
      ...(publicUrl === undefined ? {} : { publicUrl }),
      onProblem: (message) => void problems.push(message),
    });
  let reports = started();
  const token = 'token for report j.1';
  await given.take(ATTEMPT, [], scope, { BATON_REPORT_TOKEN: token });
  return {
    token,
    given,
    values,
    reports: () => reports,
    restart: async () => {
      await reports.close();
      reports = started();
    },
    report: async (log: string, more: Partial<ProgressReport> = {}, with_ = token) => {
      const whole = { success: false, status: 'running', complete: false, ...more, log };
      const answer = await reports.reportProgress(ATTEMPT, with_, whole)();
      return E.isRight(answer) ? answer.right.storedBytes : answer.left.reason;
    },
    say: (command: JobCommand) =>
      handle({ store, clock: systemClock }, 'job-j', job, command, {
        ...{ commandId: deriveId('said', JSON.stringify(command)), bodySha256: '', actor: 'baton' },
      }),
    news: async (): Promise<readonly unknown[]> => {
      const history = await load(store, 'job-j');
      return E.isRight(history) ? history.right.events.slice(past.length).map(({ event }) => event) : [];
    },
  };
};
const stored = (): Promise<string> => readFile(join(directory, 'j.1.report.log'), 'utf8');
const FAILED = { success: false, status: 'failed', complete: true } as const;
const exit: JobCommand = { kind: 'FinishJob', attempt: 1, verdict: { kind: 'succeeded' }, outputs: [] };

describe('given a job that runs, when it reports', () => {
  it('then what is new is stored, progress is no event, and the end that it tells is one, once', async () => {
    const server = await aServer();
    expect(await server.report('one\n')).toBe(4);
    expect(await server.report('one\ntwo\n')).toBe(8);
    expect(await server.news()).toEqual([]);
    for (let n = 0; n < 3; n++) expect(await server.report('one\ntwo\nthree\n', FAILED)).toBe(14);
    expect(await server.news()).toEqual([
      { type: 'JobReported', data: { attempt: 1, success: false, status: 'failed' } },
    ]);
    await server.say(exit);
    expect(await server.news()).toMatchObject([{}, { type: 'JobFailed', data: { reported: 'failed' } }]);
    expect(await server.reports().seal(ATTEMPT)()).toMatchObject({
      right: [{ name: 'report', storedBytes: 14 }],
    });
    expect(await stored()).toBe('one\ntwo\nthree\n');
  });

  it('given an end that it told before, when it tells another, then that is refused, and nothing of it is stored', async () => {
    const server = await aServer();
    await server.report('all is well\n', { ...FAILED, success: true });
    expect(await server.report('it failed after all\n', FAILED)).toBe('already_reported');
    await server.reports().seal(ATTEMPT)();
    expect(await stored()).toBe('all is well\n');
  });

  it('then its token is masked in what it tells', async () => {
    const server = await aServer();
    await server.report(`I have ${server.token}, and go on\n`);
    await server.reports().seal(ATTEMPT)();
    expect(await stored()).toBe('I have [masked], and go on\n');
  });

  it('given a server that was started anew meanwhile, then it goes on', async () => {
    const server = await aServer();
    await server.report('one\n');
    await server.restart();
    expect(await server.report('one\ntwo\n')).toBe(8);
    await server.restart();
    // sealed by a server that has not heard of it
    expect(await server.reports().seal(ATTEMPT)()).toMatchObject({ right: [{ storedBytes: 8 }] });
    await server.restart();
    // and told once more, when what it was given is forgotten
    await server.given.forget(ATTEMPT);
    expect(await server.reports().seal(ATTEMPT)()).toMatchObject({ right: [{ storedBytes: 8 }] });
  });

  it('given another token, then refused, whatever the attempt is, and nothing is kept of it', async () => {
    const server = await aServer();
    for (const token of ['', 'token for report j.2', `${server.token} `])
      expect(await server.report('x', FAILED, token)).toBe('report_token_unknown');
    expect([await server.news(), await readdir(directory)]).toEqual([[], []]);
  });

  it('given two reports at once, then one after the other', async () => {
    const server = await aServer();
    await Promise.all(['a\n', 'a\nb\n', 'a\nb\nc\n'].map((log) => server.report(log)));
    await server.reports().seal(ATTEMPT)();
    expect(await stored()).toBe('a\nb\nc\n');
  });

  it('given that what is to be masked cannot be read, then nothing is stored, and the next report repairs it', async () => {
    const server = await aServer();
    const kept = server.values.get('attempt/j.1') ?? '';
    server.values.delete('attempt/j.1');
    expect(await server.report('one\n')).toBe('attempt_is_over');
    expect(await readdir(directory)).toEqual([]);
    server.values.set('attempt/j.1', kept);
    expect(await server.report('one\ntwo\n')).toBe(8);
  });
});

describe('given a job whose attempt is over, when it reports', () => {
  const cancelled: JobEvent = { type: 'JobCancelled', data: { attempt: 1, evidence: { how: 'signalled' } } };
  it.each<readonly [string, readonly JobEvent[], string]>([
    ['its job has ended', [...running, cancelled], 'job_already_finished'],
    [
      'another attempt is under way',
      [
        ...running,
        { type: 'JobRequeued', data: { attempt: 1, cause: 'infrastructure' } },
        { type: 'JobAssigned', data: anAssignment({ attempt: 2 }) },
      ],
      'attempt_is_over',
    ],
    ['a cancel was asked for', [...running, { type: 'JobCancelRequested', data: {} }], 'cancel_requested'],
  ])('%s: then refused however often, recorded once, and nothing is stored', async (_, past, why) => {
    const server = await aServer(past);
    for (let n = 0; n < 20; n++) expect(await server.report('x'.repeat(n), n === 9 ? FAILED : {})).toBe(why);
    expect(await server.news()).toEqual([
      { type: 'JobReportRefused', data: { attempt: 1, report: 'job', why } },
    ]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('then, while its end is about to be recorded, how it went is still in time, and its log is not', async () => {
    const server = await aServer();
    await server.report('one\n');
    await server.reports().seal(ATTEMPT)();
    expect(await server.report('one\ntwo\n')).toBe('attempt_is_over');
    expect(await server.report('one\ntwo\n', FAILED)).toBe(0);
    await server.say(exit);
    expect(await server.news()).toMatchObject([{ type: 'JobReported' }, { type: 'JobFailed' }]);
    await server.given.forget(ATTEMPT);
    await server.reports().forget(ATTEMPT);
    expect(await stored()).toBe('one\n');
  });
});

describe('given a job that never reports', () => {
  it('then there is nothing to seal', async () => {
    const server = await aServer();
    expect(await server.reports().seal(ATTEMPT)()).toEqual(E.right([]));
    expect(await readdir(directory)).toEqual([]);
  });
  it('given a server that nobody has given an address, then nothing is offered to it', async () => {
    expect((await aServer()).reports().offer(ATTEMPT)).toBeUndefined();
    const offer = (await aServer(running, 'https://ci.example.org/baton')).reports().offer(ATTEMPT);
    expect(offer).toMatchObject({
      url: 'https://ci.example.org/baton/api/v1/jobs/j/attempts/1/report',
      token: 'token for report j.1',
    });
    expect(offer?.apiUrl('acme')).toBe('https://ci.example.org/baton/api/v0/e/acme');
  });
});
