/** Is a job tried again as its host and people say? With a real runner, and a host that is told of it. */
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Promotion, Report } from '../../plugin/contract.js';
import type { Subject } from '../../plugin/testing.js';
import type { HistoryRow } from '../../projections/history-row.js';
import type { JobView } from '../../projections/jobs.js';
import type { QueueView } from '../../projections/queue.js';
import type { JobRetried } from '../../src/app/use-cases.js';
import { until } from '../e2e/processes.js';
import { hasSshd } from '../sshd.js';
import { aSite, aSubject, mounted, type Site } from './subject.js';

/** Long enough to be seen. */
const PAUSE_MS = 3000;

let site: Site;
let subject: Subject;
let server: { readonly url: string; readonly close: () => Promise<void> };
beforeAll(async () => {
  site = await aSite(hasSshd ? 'system sshd' : 'in-process server');
});
afterAll(() => site.close());
beforeEach(async () => {
  subject = await aSubject(site);
  server = await mounted(subject.plugin());
});
afterEach(async () => {
  await server.close();
  await subject.close();
});

const ask = (method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<Response> =>
  fetch(`${server.url}/baton/api/v1${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const get = async <A>(path: string): Promise<A> => (await (await ask('GET', path)).json()) as A;
const text = async (path: string): Promise<string> => (await ask('GET', path)).text();

type Finished = Extract<Report, { type: 'phase.finished' }>;
const finishedAs = async (hostKey: string, attempt = 1): Promise<Finished> => {
  const report = await subject.host.tookThat(
    (one) => one.hostKey === hostKey && one.attempt === attempt && one.type === 'phase.finished',
  );
  return report as Finished;
};
/** Gives the promotion, and waits until the host has been told of its end. */
const ends = async (promotion: Promotion): Promise<Finished> => {
  const command = { type: 'phase.promoted', commandId: promotion.hostKey, actor: 'host', promotion } as const;
  expect(await subject.plugin().handle(command)).toMatchObject({ status: 'accepted' });
  return finishedAs(promotion.hostKey);
};
let gates = 0;
/** Nobody has made this file yet. */
const aGate = (): string => `${site.folder}/gate-${(gates += 1)}`;

const jobIn = ({ jobs: [job] }: Finished): string => job?.jobId ?? '';
const retry = (id: string, body: object = {}, key?: string): Promise<Response> =>
  ask('POST', `/jobs/${id}/retry`, body, key);
const refusal = async (response: Response): Promise<[number, string]> => {
  const { reason } = (await response.json()) as { readonly reason: string };
  return [response.status, reason];
};

describe('a promotion that says after which ends it is tried again', () => {
  it('given a job that fails twice and then succeeds, then three attempts with a log each, and one end', async () => {
    const promotion = subject.promotion('a', 'succeeds');
    const told = await ends({
      ...promotion,
      steps: [
        { name: 'try', run: 'echo "this is attempt $BATON_ATTEMPT"; [ "$BATON_ATTEMPT" = 3 ] || exit 7' },
      ],
      retry: { attempts: 3, on: ['failed'], exitCodes: [7], delayMs: 1 },
    });
    expect(told).toMatchObject({ outcome: 'succeeded', attempt: 1, exitCode: 0 });
    const id = jobIn(told);
    const job = await get<JobView>(`/jobs/${id}`);
    expect(job.attempts.map(({ attempt, exitCode, why }) => [attempt, exitCode, why])).toEqual([
      [1, 7, 'It failed with exit code 7. That was try 1 of 3.'],
      [2, 7, 'It failed with exit code 7. That was try 2 of 3.'],
      [3, 0, undefined],
    ]);
    for (const attempt of [1, 2, 3])
      expect(await text(`/jobs/${id}/log?attempt=${attempt}`)).toBe(`this is attempt ${attempt}\n`);
    const types = await subject.recorded();
    const count = (type: string): number => types.filter((one) => one === type).length;
    expect(
      ['JobRequeued', 'JobOutputSealed', 'JobSucceeded', 'JobFailed', 'PhaseFinished'].map(count),
    ).toEqual([2, 3, 1, 0, 1]);
    expect(types.indexOf('JobSucceeded')).toBeGreaterThan(types.lastIndexOf('JobRequeued'));
  });

  it('given a pause, then the queue says until when it waits and after what, and it does', async () => {
    const gate = aGate();
    const promotion = {
      ...subject.promotion('a', 'fails'),
      steps: [{ name: 'x', run: `[ -e ${gate} ] || { touch ${gate}; exit 3; }` }],
      retry: { attempts: 2, on: ['failed'], delayMs: PAUSE_MS },
    } satisfies Promotion;
    await subject.plugin().handle({ type: 'phase.promoted', commandId: 'a', actor: 'host', promotion });
    const entry = await until('it is tried again later', async () => {
      const { entries } = await get<QueueView>('/queue');
      return entries.find(({ waiting }) => waiting?.reason === 'tried_again_later');
    });
    expect(entry.waiting?.detail).toMatch(/^tried again in \d s, after: It failed with exit code 3/);
    const { verdict } = await get<{ verdict: string }>(`/jobs/${entry.jobId}/explain`);
    expect(verdict).toMatch(/^waits: tried again in \d s/);
    const { retryAt, waitsSince } = await get<JobView>(`/jobs/${entry.jobId}`);
    expect([retryAt, waitsSince]).toEqual([entry.waiting?.until, entry.since]);
    expect(await finishedAs('a')).toMatchObject({ outcome: 'succeeded' });
    const { attempts } = await get<JobView>(`/jobs/${entry.jobId}`);
    expect((attempts[1]?.assignedAt ?? '') >= (retryAt ?? 'never')).toBe(true);
  });

  it('given an exit code that is not listed, then it is not tried again', async () => {
    const promotion = subject.promotion('a', 'fails');
    const told = await ends({ ...promotion, retry: { attempts: 3, on: ['failed'], exitCodes: [7] } });
    expect(told).toMatchObject({ outcome: 'failed', exitCode: 3 });
    expect(await subject.runs('a')).toBe(1);
  });
});

describe('a job that a person tries again', () => {
  it('then the next attempt of the phase has this job alone, and the host is told of it', async () => {
    const rows = [
      { label: 'one', filter: [] },
      { label: 'two', filter: [] },
    ];
    const run = 'echo "$BATON_JOB_ID"; exit 3';
    const told = await ends({ ...subject.promotion('a', 'fails'), rows, steps: [{ name: 'x', run }] });
    const [, second] = told.jobs;
    const answer = await retry(second?.jobId ?? '', { reason: 'once more' }, 'key');
    expect(answer.status).toBe(202);
    const again = (await answer.json()) as JobRetried;
    expect(again).toMatchObject({
      retryOf: second?.jobId,
      attempt: 2,
      stage: 'verify',
      phase: 'unit',
      label: 'two',
    });
    expect(again).not.toHaveProperty('stageRunId');

    const later = await finishedAs('a', 2);
    expect(later).toMatchObject({ outcome: 'failed', exitCode: 3, phaseRunId: again.phaseRunId });
    expect(later.jobs).toMatchObject([{ jobId: again.jobId, label: 'two' }]);
    expect(subject.host.takenOf('a').map(({ attempt, seq, type }) => `${attempt} ${seq} ${type}`)).toEqual([
      ...['1 1 phase.queued', '1 2 phase.started', '1 3 phase.finished'],
      ...['2 1 phase.queued', '2 2 phase.started', '2 3 phase.finished'],
    ]);
    const { items } = await get<{ items: HistoryRow[] }>(`/history?job=${again.jobId}`);
    expect(items).toMatchObject([{ retryOf: second?.jobId, outcome: 'failed' }]);

    // the same key again: the same answer, and nothing more
    const repeat = await retry(second?.jobId ?? '', { reason: 'once more' }, 'key');
    expect(await repeat.json()).toEqual(again);
    expect((await subject.recorded()).filter((type) => type === 'PhasePromoted')).toHaveLength(2);
  });

  it('given one that is being tried again, or was with success, then it is refused', async () => {
    const gate = aGate();
    const run = `[ -e ${gate}.second ] || { touch ${gate}.second; exit 3; }; until [ -e ${gate} ]; do sleep 0.05; done`;
    const id = jobIn(await ends({ ...subject.promotion('a', 'fails'), steps: [{ name: 'x', run }] }));
    const { jobId } = (await (await retry(id)).json()) as JobRetried;
    await subject.host.tookThat(({ attempt, type }) => attempt === 2 && type === 'phase.started');
    expect(await refusal(await retry(id))).toEqual([409, 'retried_already']);
    expect(await refusal(await retry(jobId))).toEqual([409, 'job_not_ended']);
    await writeFile(gate, '');
    await finishedAs('a', 2);
    expect(await refusal(await retry(id))).toEqual([409, 'retry_succeeded']);
    expect(await refusal(await retry(jobId))).toEqual([409, 'job_succeeded']);
  });

  it('given other jobs of the phase that still run, then it is refused until they have ended', async () => {
    const rows = [
      { label: 'fails', filter: [] },
      { label: 'waits', filter: [] },
    ];
    const gate = aGate();
    const run = `mkdir ${gate}.first 2>/dev/null && exit 3; until [ -e ${gate} ]; do sleep 0.05; done`;
    const promotion = { ...subject.promotion('a', 'fails'), rows, steps: [{ name: 'x', run }] };
    await subject.plugin().handle({ type: 'phase.promoted', commandId: 'a', actor: 'host', promotion });
    const failed = await until('one has failed', async () =>
      (await get<{ items: JobView[] }>('/jobs?status=failed')).items.at(0),
    );
    expect(await refusal(await retry(failed.id))).toEqual([409, 'phase_not_ended']);
    await writeFile(gate, '');
    await finishedAs('a');
    expect((await retry(failed.id)).status).toBe(202);
    expect(await finishedAs('a', 2)).toMatchObject({ outcome: 'succeeded' });
  });

  it('given a host that has closed the phase, then it is refused', async () => {
    subject.host.behave((report, take) => (report.type === 'phase.finished' ? 'gone' : take()));
    const promotion = subject.promotion('a', 'fails');
    await subject.plugin().handle({ type: 'phase.promoted', commandId: 'a', actor: 'host', promotion });
    const told = await subject.host.toldThat(({ type }) => type === 'phase.finished');
    await until('that is recorded', async () =>
      (await subject.recorded()).includes('PhaseReportRefused') ? true : undefined,
    );
    expect(await refusal(await retry(jobIn(told as Finished)))).toEqual([409, 'phase_closed']);
  });

  it('given a host that has closed the retry, then neither the retry nor the first job is tried again', async () => {
    const id = jobIn(await ends(subject.promotion('a', 'fails')));
    subject.host.behave(() => 'gone');
    const { jobId } = (await (await retry(id)).json()) as JobRetried;
    await until('that is recorded, and it has ended', async () => {
      const types = await subject.recorded();
      const ended = types.filter((type) => type === 'PhaseFinished').length === 2;
      return ended && types.includes('PhaseReportRefused') ? true : undefined;
    });
    for (const one of [jobId, id]) expect(await refusal(await retry(one))).toEqual([409, 'phase_closed']);
  });

  it('given --elsewhere and the only runner there is, then it waits, and says why', async () => {
    const id = jobIn(await ends(subject.promotion('a', 'fails')));
    const { jobId } = (await (await retry(id, { elsewhere: true })).json()) as JobRetried;
    const { filter } = await until('it is queued', async () => {
      const response = await ask('GET', `/jobs/${jobId}`);
      return response.ok ? ((await response.json()) as JobView) : undefined;
    });
    expect(filter).toEqual([{ key: 'runner', op: 'none', values: ['r1'] }]);
    const { verdict } = await get<{ verdict: string }>(`/jobs/${jobId}/explain`);
    expect(verdict).toMatch(/^waits: no enrolled runner/);
  });
});
