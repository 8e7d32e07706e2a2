/** What Screwdriver is told of a build of two rows, with a Screwdriver that answers as it is told, and real files. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogBatch, Report } from '../../../plugin/contract.js';
import { Away, type Closed, type ScrewdriverApi } from '../../../plugin/hosts/screwdriver/api.js';
import { openRecords, type BuildRecord, type Records } from '../../../plugin/hosts/screwdriver/records.js';
import { telling, type Telling } from '../../../plugin/hosts/screwdriver/telling.js';

const word = 'f00d';
const how = { signal: new AbortController().signal };
const start = (name: string, at: number): string => `section_start:${at}:${name}.${word}\r\u001b[0K${name}\n`;
const end = (name: string, at: number, code: number): string =>
  `section_end:${at}:${name}.${word}\r\u001b[0Kexit code ${code}\n`;
const meta = (value: object): string =>
  `${start('sd.meta', 99)}${Buffer.from(JSON.stringify(value)).toString('base64')}\n${end('sd.meta', 99, 0)}`;

const batch = (label: string, offset: number, text: string, final = false): LogBatch => ({
  ...{ phaseRunId: 'p', hostKey: 'sd:7', attempt: 1, jobId: label, label, jobAttempt: 1, output: 'merged' },
  ...{ offset, text, bytes: new TextEncoder().encode(text), line: 1, continues: false, final },
  runner: `on-${label}`,
});
const finished: Report = {
  ...{ phaseRunId: 'p', hostKey: 'sd:7', attempt: 1, seq: 3, at: '2026-01-01T00:00:00.000Z' },
  ...{ type: 'phase.finished', outcome: 'failed', cause: 'failed with exit code 3', exitCode: 3 },
  jobs: [
    { jobId: 'a', label: 'a', outcome: 'succeeded', cause: 'succeeded' },
    { jobId: 'b', label: 'b', outcome: 'failed', cause: 'failed with exit code 3', exitCode: 3 },
  ],
};
const record: BuildRecord = {
  ...{ buildId: 7, jobId: 1, pipelineId: 4, jobName: 'unit', pipelineName: 'acme/web', causeMessage: '' },
  ...{ apiUri: 'http://sd', blockedBy: [], freezes: false, word, sealed: 'SEALED', state: 'promoted' },
  annotations: { 'baton/matrix': [{ label: 'a' }, { label: 'b' }] },
  plan: {
    steps: [{ name: 'one', command: ':' }],
    ...{ environment: {}, secretNames: [], meta: '{"found":1}', sha: 'abc', branch: 'main' },
  },
};

describe('telling of a build of two rows', () => {
  let folder: string;
  let records: Records;
  let told: Telling;
  /** `STEP PAGE` → its lines, as the store has them. */
  let pages: Map<string, readonly string[]>;
  let said: string[];
  /** What Screwdriver says when it is told that the build runs. */
  let runs: 'ok' | Closed;
  /** How often it was being told that, and how often it has answered. */
  let [tellsRunning, ranTold] = [0, 0];
  /** How often the store does not answer. */
  let away: number;

  const open = async (): Promise<void> => {
    [tellsRunning, ranTold] = [0, 0];
    records = await openRecords(folder, Date.now(), () => undefined);
    const answer = async <A>(value: A): Promise<A> => {
      // a turn of the loop, so that what may run at the same time does
      await new Promise((resolve) => setImmediate(resolve));
      return value;
    };
    const api: ScrewdriverApi = {
      exchange: () => answer(''),
      build: ({ buildId }) => answer({ id: buildId, status: 'RUNNING' }),
      pipeline: (_, id) => answer({ id }),
      secrets: () => answer([]),
      event: (_, id) => answer({ id }),
      blocked: () => answer('ok'),
      collapsed: () => answer('ok'),
      running: async () => {
        tellsRunning += 1;
        const told = await answer(runs);
        ranTold += 1;
        return told;
      },
      end: (_, { status, statusMessage = '', stats }, left) => {
        said.push(`${status} ${statusMessage} on ${stats?.hostname ?? ''} ${JSON.stringify(left)}`);
        return answer('ok');
      },
      stepBegins: async (_, step, at) => {
        said.push(`begin ${step} ${at}`);
        await answer(undefined);
      },
      stepEnds: async (_, step, at, code, lines) => {
        said.push(`end ${step} ${at} ${code} ${lines}`);
        await answer(undefined);
      },
      page: async (_, { step, page, lines }) => {
        if ((await answer(away)) > 0) {
          away -= 1;
          throw new Away('the store is away');
        }
        pages.set(`${step} ${page}`, await answer(lines.map(({ m }) => m)));
      },
    };
    told = telling({
      ...{ records, api: () => api, tokenOf: () => 'token', storePatienceMs: 60_000, now: () => 5 },
      stop: async (buildId) => {
        await records.change(buildId, { stopAsked: true });
        said.push(`stop ${buildId}`);
      },
      close: (buildId) => records.close(buildId, Date.now()),
      say: (sentence) => said.push(sentence),
    });
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-telling-'));
    pages = new Map<string, readonly string[]>();
    [said, away, runs] = [[], 0, 'ok'];
    await open();
    await records.add(record);
  });
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }));

  const outputOf = (label: string, at: number, code: number) => ({
    first: `${start('one', 10)}${Array.from({ length: 120 }, (_, n) => `${label} ${n}\n`).join('')}`,
    rest: `late\n${end('one', at, code)}${meta({ found: 1, [label]: 1 })}`,
  });
  const [a, b] = [outputOf('a', 20, 0), outputOf('b', 15, 3)];
  const lines = (label: string): readonly string[] =>
    [...pages]
      .filter(([key]) => key.startsWith('one '))
      .flatMap(([, page]) => page.filter((m) => m.startsWith(`[${label}]`)));

  it('at the same time, with a store that is away for a while and a new process in between: each line once, and one end', async () => {
    away = 2;
    const firsts = (): Promise<readonly string[]> =>
      Promise.all(
        [batch('a', 0, a.first), batch('b', 0, b.first)].map((one) =>
          told.log(one, how).catch((error: unknown) => (error instanceof Away ? 'away' : String(error))),
        ),
      );
    expect(await firsts()).toEqual(['away', 'away']);
    expect(await firsts()).toEqual(['ok', 'ok']);
    expect(await firsts()).toEqual(['stale', 'stale']);
    await open();
    const rests = await Promise.all([
      told.log(batch('a', 0, a.first + a.rest, true), how),
      told.log(batch('b', b.first.length, b.rest, true), how),
      told.report(finished, how),
    ]);
    expect(rests).toEqual(['ok', 'ok', 'ok']);
    for (const label of ['a', 'b'])
      expect(lines(label)).toEqual([
        ...Array.from({ length: 120 }, (_, n) => `[${label}] ${label} ${n}`),
        `[${label}] late`,
      ]);
    expect(said).toEqual([
      'begin one 10',
      'end sd-setup-launcher 10 0 2',
      'end one 20 3 242',
      'FAILURE failed: [b] step one ended with exit code 3 on on-a, on-b {"found":1,"a":1,"b":1}',
    ]);
    expect(await told.report(finished, how)).toBe('stale');
    expect(await told.log(batch('a', 0, ''), how)).toBe('gone');
  });

  const { phaseRunId, hostKey, attempt, at } = finished;
  const started: Report = {
    ...{ type: 'phase.started', phaseRunId, hostKey, attempt, at, seq: 2 },
    runner: 'on-a',
  };

  it('RUNNING that is being told is waited for by whoever aborts it, and is told no more afterwards', async () => {
    const telling = told.report(started, how);
    expect(tellsRunning).toBe(1);
    await told.runningTold(7);
    expect(ranTold).toBe(1);
    expect(await telling).toBe('ok');
    await records.change(7, { stopAsked: true });
    expect(await told.report(started, how)).toBe('ok');
    expect(tellsRunning).toBe(1);
    await told.runningTold(7);
  });

  it('closed there before it began, it is stopped, and its end is told to nobody', async () => {
    runs = { closed: '403 Can only update RUNNING, QUEUED, BLOCKED, FROZEN, or UNSTABLE builds' };
    expect(await told.report(started, how)).toBe('ok');
    expect(said).toEqual(['stop 7']);
    expect(await told.log(batch('a', 0, a.first), how)).toBe('ok');
    expect(await told.report(finished, how)).toBe('gone');
    expect([said, pages.size, records.get(7)?.state]).toEqual([['stop 7'], 0, 'closed']);
  });

  it('what nobody waits for any more when its turn comes is left alone', async () => {
    const over = new AbortController();
    const first = told.log(batch('a', 0, a.first), how);
    const second = told.log(batch('b', 0, b.first), { signal: over.signal });
    over.abort();
    await expect(second).rejects.toThrow();
    expect(await first).toBe('ok');
    expect(lines('b')).toEqual([]);
  });
});
