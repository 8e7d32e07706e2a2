import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryRow } from '../../projections/history.js';
import { appError } from '../../src/app/errors.js';
import type { PageRequest } from '../../src/app/pages.js';
import type { UseCases } from '../../src/app/use-cases.js';
import { aChange, aJob, aRunner, startEdge, tokens, type Edge } from '../http/edge.js';
import { baton, type Ran } from './terminal.js';

let edge: Edge | undefined;
let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-cli-')));
});
afterEach(async () => {
  await edge?.close();
  edge = undefined;
  await rm(folder, { recursive: true, force: true });
});
const start = async (over: Partial<UseCases> = {}): Promise<Edge> => (edge = await startEdge(over));
const ask = (...argv: string[]): Promise<Ran> =>
  baton(argv, { env: { BATON_URL: edge?.url ?? '', BATON_TOKEN: tokens.admin }, cwd: folder });

const aRow = (over: Partial<HistoryRow> = {}): HistoryRow => ({
  ...{ jobId: '0b7f2c1e-9f3a', attempt: 1, phaseRunId: 'run-1' },
  ...{ enterprise: 'acme', organisation: 'web', project: 'shop' },
  ...{ pipeline: 'master', stage: 'verify', phase: 'unit', label: '' },
  ...{ runner: 'r1', outcome: 'succeeded', exitCode: 0, waitedMs: 2000, ranMs: 61_000 },
  ...{ queuedAt: '2026-01-31T10:00:00.000Z', endedAt: '2026-01-31T10:30:00.000Z' },
  ...over,
});
/** `count` rows, given out page by page. */
const many = (count: number): UseCases['history'] => {
  const rows = Array.from({ length: count }, (_, i) => aRow({ jobId: `row-${i}` }));
  return (_filter, { cursor, limit }: PageRequest) => {
    const from = Number(cursor ?? 0);
    const next = from + limit < count ? { next: String(from + limit) } : {};
    return TE.right({ items: rows.slice(from, from + limit), ...next });
  };
};

describe('baton history', () => {
  it('given more than a page, then it says how to go on; with --all they are all there', async () => {
    await start({ history: many(2500) });
    const page = await ask('history', '--limit', '2');
    expect(page.out.trimEnd().split('\n')).toHaveLength(3);
    expect(page.err).toContain('--cursor 2');
    const next = await ask('history', '--limit', '2', '--cursor', '2');
    expect(next.out).toContain('row-2');
    const all = await ask('history', '--all', '--json');
    const { items } = JSON.parse(all.out) as { items: HistoryRow[] };
    expect(items.map(({ jobId }) => jobId)).toEqual(Array.from({ length: 2500 }, (_, i) => `row-${i}`));
  });
  it('given --all of the past, then every page is of the moment that the first one named', async () => {
    const server = await start({ history: many(1500) });
    await ask('history', '--all', '--at', '2026-01-31T11:30:00Z');
    expect(server.calls.filter(({ name }) => name === 'at').map(({ args }) => args[0])).toEqual([
      { kind: 'time', time: '2026-01-31T11:30:00.000Z' },
      { kind: 'position', position: '7' },
    ]);
  });
  it('given filters, then they reach the use case as they are', async () => {
    const server = await start();
    const filter = [
      ...['--job', '0b7f2c1e', '--change', 'c0ffee00', '--runner', 'r1', '--project', 'shop'],
      ...['--stage', 'verify', '--phase', 'unit', '--outcome', 'timed_out', '--actor', 'alice'],
      ...['--since', '2026-01-31T00:00:00+01:00'],
    ];
    await ask('history', ...filter);
    await ask('history', '--by', 'project', ...filter);
    const expected = {
      ...{ job: '0b7f2c1e', change: 'c0ffee00', runner: 'r1', project: 'shop' },
      ...{ stage: 'verify', phase: 'unit', outcome: 'timed_out', actor: 'alice' },
      since: '2026-01-30T23:00:00.000Z',
    };
    expect(server.calls).toEqual([
      { name: 'history', args: [expected, { limit: 100 }] },
      { name: 'summariseHistory', args: [expected, 'project'] },
    ]);
  });
  it('given an attempt that told of itself, then a column for that; without one none', async () => {
    const items = [
      aRow({ outcome: 'failed', reported: 'failure', reportRefused: 'job_already_finished' }),
      aRow({ reportRefused: 'job_already_finished' }),
      aRow(),
    ];
    const server = await start({ history: () => TE.right({ items }) });
    const { out } = await ask('history');
    const cells = out
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/).slice(7, 10));
    expect(cells).toEqual([
      ['EXIT', 'REPORTED', 'WAITED'],
      ['0', 'failure, late', '2 s'],
      ['0', 'late', '2 s'],
      ['0', '-', '2 s'],
    ]);
    await server.close();
    await start({ history: () => TE.right({ items: [aRow()] }) });
    expect((await ask('history')).out).not.toContain('REPORTED');
  });
  it('counted: spreads and outcomes', async () => {
    await start({
      summariseHistory: (_filter, by) =>
        TE.right({
          by,
          items: [
            {
              ...{ key: 'r1', attempts: 9, outcomes: { failed: 2, succeeded: 7 } },
              ...{ waitedMs: { p50: 1000, p95: 5000 }, ranMs: { p50: 60_000, p95: 120_000 } },
            },
            { key: '', attempts: 1, outcomes: { cancelled: 1 } },
          ],
        }),
    });
    const { out } = await ask('history', '--by', 'runner');
    const [head, first, second] = out.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(head).toEqual(['RUNNER', 'ATTEMPTS', 'WAITED P50', 'P95', 'RAN P50', 'P95', 'OUTCOMES']);
    expect(first).toEqual(['r1', '9', '1 s', '5 s', '1 min', '2 min', '7 succeeded, 2 failed']);
    expect(second).toEqual(['-', '1', '-', '-', '-', '-', '1 cancelled']);
  });
  it.each([
    [['--by', 'runner', '--format', 'csv']],
    [['--by', 'runner', '--limit', '3']],
    [['--format', 'csv', '--all']],
    [['--output', 'x']],
  ])('given %j, then usage: exit code 64', async (argv) => {
    const server = await start();
    expect((await ask('history', ...argv)).code).toBe(64);
    expect(server.names()).toEqual([]);
  });
});

describe('baton history --format', () => {
  it('given --output, then the whole file and nothing beside it, for its owner only', async () => {
    await start({ history: many(1200) });
    const ran = await ask('history', '--format', 'csv', '--output', 'h.csv');
    expect([ran.code, ran.out, ran.err]).toEqual([0, '', 'Written to h.csv.\n']);
    const lines = (await readFile(join(folder, 'h.csv'), 'utf8')).split('\r\n');
    expect(lines).toHaveLength(1202);
    expect(await readdir(folder)).toEqual(['h.csv']);
    expect((await stat(join(folder, 'h.csv'))).mode & 0o777).toBe(0o600);
  });
  it('without --output, then the bytes on standard output', async () => {
    await start({ history: many(3) });
    const { out } = await ask('history', '--format', 'ndjson');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as HistoryRow).jobId),
    ).toEqual(['row-0', 'row-1', 'row-2']);
  });
  it('given an export that breaks off, then exit code 1, a sentence, and no file that looks whole', async () => {
    const whole = many(1200);
    await start({
      history: (filter, page) =>
        page.cursor === '1000'
          ? () => Promise.resolve(E.left(appError('store_unavailable', 'io', 'away')))
          : whole(filter, page),
    });
    const ran = await ask('history', '--format', 'csv', '--output', 'h.csv');
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain('could not be written to the end');
    expect(await readdir(folder)).toEqual([]);
  });
  it('given a folder that is not there, then exit code 1 and a sentence', async () => {
    await start({ history: many(3) });
    const ran = await ask('history', '--format', 'csv', '--output', 'no/h.csv');
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('ENOENT');
  });
  it('given a format that there is not, then a refusal and no file', async () => {
    await start();
    const ran = await ask('history', '--format', 'xml', '--output', 'h.xml');
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('one of ndjson, csv');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('--at', () => {
  // the edge answers as of 11:00, the terminal's clock says 12:00:10
  it.each([
    [['queue'], 'at'],
    [['runner', 'list'], 'at'],
    [['runner', 'show', 'build-07'], 'at'],
    [['job', 'list'], 'at'],
    [['job', 'show', aJob().id], 'at'],
    [['job', 'explain', aJob().id], 'at'],
    [['job', 'timeline', aJob().id], 'at'],
    [['change', 'list'], 'at'],
    [['change', 'show', aChange().id], 'at'],
    [['history'], 'at'],
    [['history', '--by', 'phase'], 'at'],
  ])('%j takes it, and says which moment the answer is of', async (argv) => {
    const server = await start();
    const ran = await ask(...argv, '--at', '7');
    expect([ran.code, ran.err]).toEqual([0, 'As of position 7, 2026-01-31T11:00:00.000Z.\n']);
    expect(server.calls[0]).toEqual({ name: 'at', args: [{ kind: 'position', position: '7' }] });
    const asJson = await ask(...argv, '--at', '7', '--json');
    expect(asJson.err).toBe('');
    expect(JSON.parse(asJson.out)).toMatchObject({
      at: { position: '7', time: '2026-01-31T11:00:00.000Z' },
    });
  });
  it('counts ages from that moment, not from now', async () => {
    const probe = { at: '2026-01-31T10:59:30.000Z', verdict: 'ready', findings: [] };
    await start({ listRunners: () => TE.right([aRunner({ probe })]), history: many(1) });
    expect((await ask('runner', 'list', '--at', '7')).out).toContain('30 s ago');
    expect((await ask('runner', 'list')).out).toContain('1 h ago');
    expect((await ask('history', '--at', '7')).out).toContain('30 min ago');
  });
  it('given no moment, then a refusal: exit code 2, and how to mend it', async () => {
    await start();
    const ran = await ask('queue', '--at', 'yesterday');
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toContain('at: expected a position, an RFC 3339 time, or start, found "yesterday"');
  });
});

describe('baton job', () => {
  it('timeline: position, time, who, what and why', async () => {
    await start({
      jobTimeline: (jobId) =>
        TE.right({
          jobId,
          items: [
            {
              ...{ position: '12', at: '2026-01-31T11:00:00.000Z', stream: 'job-x', revision: 1 },
              ...{ type: 'JobCancelRequested', by: 'alice', reason: 'wrong \u001b[2Jbranch' },
              sentence: 'a cancel was asked for',
            },
          ],
        }),
    });
    const { out } = await ask('job', 'timeline', aJob().id);
    expect(out.split('\n')[1]?.trim().split(/ {2,}/)).toEqual([
      '12',
      '2026-01-31T11:00:00.000Z',
      'alice',
      'a cancel was asked for: wrong ␛[2Jbranch',
    ]);
  });
  it('list: pages as history has them', async () => {
    const server = await start({
      listJobs: (_filter, { cursor }) =>
        TE.right(
          cursor === undefined ? { items: [aJob()], next: 'more' } : { items: [aJob({ id: 'second-job' })] },
        ),
    });
    expect((await ask('job', 'list', '--limit', '1')).err).toContain('--cursor more');
    const { out } = await ask('job', 'list', '--all', '--status', 'running');
    expect(out).toContain('second-j');
    expect(server.calls.at(-1)?.args).toEqual([{ status: 'running' }, { limit: 1000, cursor: 'more' }]);
  });
});

describe('baton change', () => {
  it('list: pages as jobs have them, and filters', async () => {
    const server = await start({
      listChanges: (_filter, { cursor }) =>
        TE.right(
          cursor === undefined
            ? { items: [aChange({ branch: 'newest' })], next: 'more' }
            : { items: [aChange({ branch: 'oldest' })] },
        ),
    });
    const page = await ask('change', 'list', '--limit', '1');
    expect([page.out, page.err]).toEqual([
      expect.stringContaining('newest'),
      expect.stringContaining('--cursor more'),
    ]);
    expect(server.calls.at(-1)?.args).toEqual([{}, { limit: 1 }]);
    const rest = await ask('change', 'list', '--limit', '1', '--cursor', 'more');
    expect([rest.out, rest.err]).toEqual([expect.stringContaining('oldest'), '']);
    const { out } = await ask('change', 'list', '--all', '--status', 'open', '--project', 'web-shop');
    expect(out).toMatch(/newest[^]*oldest/);
    expect(server.calls.at(-1)?.args).toEqual([
      { status: 'open', project: 'web-shop' },
      { limit: 1000, cursor: 'more' },
    ]);
    const bad = await ask('change', 'list', '--status', 'running');
    expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('status')]);
  });
});
