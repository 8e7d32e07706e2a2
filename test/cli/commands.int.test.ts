import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { concat, from, NEVER, of, Subject } from 'rxjs';
import { appError, type ErrorCode } from '../../src/app/errors.js';
import type { LogError } from '../../src/app/ports.js';
import type { ChangeView, UseCases } from '../../src/app/use-cases.js';
import { fileLogStore } from '../../src/logs/files.js';
import type { JobView } from '../../projections/jobs.js';
import {
  aChange,
  aJob,
  aRunner,
  aScope,
  growingLog,
  startEdge,
  tokens,
  until,
  type Edge,
} from '../http/edge.js';
import { baton, begin, type Ran } from './terminal.js';

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
const env = (token: string = tokens.admin) => ({
  BATON_URL: edge?.url ?? '',
  BATON_TOKEN: token,
  PATH: process.env['PATH'] ?? '',
});
const ask = (...argv: string[]): Promise<Ran> => baton(argv, { env: env(), cwd: folder });
const job = aJob();

describe('exit codes and refusals', () => {
  it.each<[ErrorCode, number]>([
    ['invalid', 2],
    ['not_found', 3],
    ['unauthenticated', 4],
    ['forbidden', 4],
    ['conflict', 5],
    ['idempotency_conflict', 5],
    ['source', 1],
    ['runner', 1],
    ['store_unavailable', 1],
    ['internal', 1],
  ])('given %s, then exit code %i', async (code, exit) => {
    await start({ queue: () => TE.left(appError(code, 'r', 'It is so.')) });
    const ran = await ask('queue');
    expect([ran.code, ran.out]).toEqual([exit, '']);
    expect(ran.err).toMatch(/^baton: /);
  });

  it.each([
    [['frobnicate']],
    [['runner']],
    [['runner', 'show']],
    [['runner', 'add', 'x']],
    [['runner', 'add', 'x', '--host', 'h', '--port', 'abc']],
    [['queue', '--colour']],
    [['queue', '--url', 'ftp://x']],
    [['queue', '--url', 'http://user:secret@127.0.0.1']],
    [['job', 'cancel']],
  ])('given %j, then usage: exit code 64', async (argv) => {
    const ran = await ask(...argv);
    expect([ran.code, ran.out]).toEqual([64, '']);
    expect(ran.err).not.toBe('');
    expect(ran.err).not.toContain('secret');
  });

  it('given --help, then all commands and exit code 0', async () => {
    const ran = await ask('--help');
    expect(ran.code).toBe(0);
    for (const name of ['runner', 'change', 'job', 'queue', 'history', 'serve', 'demo']) {
      expect(ran.out).toContain(name);
    }
  });

  it('given no server, then a sentence that names the URL and `baton serve`', async () => {
    const ran = await baton(['queue'], { env: { BATON_URL: 'http://127.0.0.1:1' } });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('http://127.0.0.1:1');
    expect(ran.err).toContain('`baton serve`');
  });

  it('given a server of another kind, then it says so', async () => {
    const other: Server = createServer((_request, response) => response.end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const ran = await baton(['queue', '--url', url]);
    other.closeAllConnections();
    other.close();
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('not a Baton server');
  });

  it('given a wrong token, then exit code 4, and the token is not repeated', async () => {
    await start();
    const ran = await ask('queue', '--token', 'hunter2');
    expect(ran.code).toBe(4);
    expect(ran.out + ran.err).not.toContain('hunter2');
    expect(ran.err).toContain('hint: ');
  });

  it('given bad values, then each problem on its own line with its mend', async () => {
    await start();
    const ran = await ask('runner', 'add', 'x', '--host', '-oProxyCommand=x', '--user', 'a b', '--port', '0');
    expect(ran.code).toBe(2);
    const lines = ran.err.split('\n').filter((line) => line.startsWith('  '));
    expect(lines.map((line) => line.trim().split(':')[0]).sort()).toEqual(['host', 'port', 'user']);
    expect(edge?.names()).toEqual([]);
  });

  it('given --json, then the refusal is the problem object', async () => {
    await start();
    const ran = await ask('job', 'show', 'ffffffff', '--json');
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.err)).toMatchObject({ code: 'not_found', reason: 'job_not_found', status: 404 });
  });

  it('given a message with escape sequences, then none reaches the terminal', async () => {
    await start({
      queue: () => TE.left(appError('conflict', 'r', 'a\u001b]0;x\u0007b', { hint: 'c\u001b[2J' })),
    });
    const ran = await ask('queue');
    expect(ran.err).not.toContain('\u001b');
    expect(ran.err).toContain('a␛]0;x␇b');
  });
});

describe('reads', () => {
  it.each([
    ['runner', 'list'],
    ['runner', 'show', 'build-07'],
    ['change', 'list'],
    ['change', 'show', aChange().id],
    ['job', 'list'],
    ['job', 'show', job.id.slice(0, 8)],
    ['job', 'explain', job.id],
    ['queue'],
    ['history'],
  ])('given %s %s --json, then the answer of the server', async (...argv) => {
    await start();
    const ran = await ask(...argv, '--json');
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(typeof JSON.parse(ran.out)).toBe('object');
    const text = await ask(...argv);
    expect(text.code).toBe(0);
    expect(text.out.trim()).not.toBe('');
  });

  it('given runners whose detail holds escape sequences, then the table shows them', async () => {
    await start({
      listRunners: () =>
        TE.right([aRunner({ state: 'unfit', detail: 'no \u001b[31mdisk\nroot:x', current: { 0: job.id } })]),
    });
    const { out } = await ask('runner', 'list');
    expect(out).not.toContain('\u001b');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toContain('1/2');
  });

  it('given a waiting job, then the queue says for what and since when', async () => {
    await start({
      queue: () =>
        TE.right({
          ...{ position: '3', total: 1, counts: { queued: 1, assigned: 0, running: 0, unmatched: 0 } },
          entries: [
            {
              ...{ jobId: job.id, place: 1, enterprise: 'default', organisation: 'default' },
              ...{ pipeline: 'master', phase: 'unit' },
              stage: 'verify',
              label: 'os=debian',
              project: 'web-shop',
              status: 'queued',
              queuedAt: '2026-01-31T12:00:07.000Z',
              since: '2026-01-31T12:00:07.000Z',
              priority: 0,
              waiting: { reason: 'all_busy', detail: 'build-07 runs another job', blockers: ['build-07'] },
            },
          ],
        }),
    });
    const { out } = await ask('queue');
    expect(out).toContain('3 s ago');
    expect(out).toContain('unit (os=debian)');
    expect(out).toContain('all_busy: build-07 runs another job');
  });

  it('given filters, then they reach the use case', async () => {
    const server = await start();
    await ask('job', 'list', '--status', 'timed_out', '--runner', 'build-07');
    await ask('history', '--limit', '5');
    const wanted = { project: 'web-shop', stage: 'verify', status: 'queued', reason: 'all_busy' };
    const options = Object.entries({
      ...wanted,
      runner: 'build-07',
      text: 'log in',
      limit: '2',
      offset: '7',
    });
    await ask('queue', ...options.flatMap(([name, value]) => [`--${name}`, value]));
    expect(server.calls.pop()).toEqual({
      name: 'queue',
      args: [{ ...wanted, runner: 'build-07', q: 'log in', limit: 2, offset: 7 }],
    });
    expect((await ask('queue', '--limit', '0')).code).toBe(2);
    expect(server.calls).toEqual([
      { name: 'listJobs', args: [{ status: 'timed_out', runner: 'build-07' }, { limit: 1000 }] },
      { name: 'history', args: [{}, { limit: 5 }] },
    ]);
  });

  it('given the first characters of a change, then its jobs are listed; given a name that a host gave one, then as it is', async () => {
    const change = aChange();
    const server = await start({
      showChange: (id) =>
        change.id.startsWith(id)
          ? TE.right(change)
          : TE.left(appError('not_found', 'change_unknown', 'None.')),
    });
    await ask('job', 'list', '--change', change.id.slice(0, 8));
    await ask('job', 'list', '--change', '4711');
    const asked = server.calls.flatMap(({ name, args }) => (name === 'listJobs' ? [args[0]] : []));
    expect(asked).toEqual([{ change: change.id }, { change: '4711' }]);
  });

  it('given explain, then every runner with every clause', async () => {
    await start({
      explainJob: (jobId) =>
        TE.right({
          jobId,
          status: 'queued',
          verdict: 'No runner suits.',
          runners: [
            {
              runner: 'build-07',
              suits: false,
              clauses: [
                { clause: { key: 'os', op: 'in', values: ['windows'] }, holds: false, found: 'linux' },
              ],
            },
          ],
        }),
    });
    const { out } = await ask('job', 'explain', job.id);
    expect(out).toContain('No runner suits.');
    expect(out).toContain('NO os is windows (found linux)');
  });
});

describe('runner', () => {
  it('given a private key, when added, then it is sent and never shown', async () => {
    const server = await start();
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n';
    await writeFile(join(folder, 'id'), key);
    const ran = await ask(
      'runner',
      'add',
      'build-08',
      '--host',
      'h',
      '--user',
      'u',
      '--identity',
      'id',
      '--label',
      'a',
      '--label',
      'b',
    );
    expect(ran.code).toBe(0);
    expect(server.calls[0]?.args[1]).toMatchObject({
      privateKey: key,
      labels: ['a', 'b'],
      port: 22,
      slots: 1,
    });
    expect(ran.out + ran.err + server.lines.join('')).not.toContain('hunter2');
    expect(ran.out).toContain('ssh-ed25519 AAAA baton');
  });

  it('given a public key as identity, then it is not sent', async () => {
    const server = await start();
    await writeFile(join(folder, 'id.pub'), 'ssh-ed25519 AAAA me');
    const ran = await ask('runner', 'add', 'b', '--host', 'h', '--user', 'u', '--identity', 'id.pub');
    expect(ran.code).toBe(64);
    expect(server.names()).toEqual([]);
  });

  it('given an unknown host key, when tested, then how to accept it, and exit code 1', async () => {
    const fingerprint = `SHA256:${'A'.repeat(43)}`;
    const server = await start({
      testRunner: (_context, _name, accepted) =>
        TE.right(
          accepted.hostKey === fingerprint
            ? { code: 'ready', sentence: 'It is ready.', runner: aRunner() }
            : { code: 'host_key_unknown', sentence: 'Its key is not known.', fingerprint, runner: aRunner() },
        ),
    });
    const first = await ask('runner', 'test', 'build-07');
    expect(first.code).toBe(1);
    expect(first.out).toContain(`baton runner test build-07 --accept-host-key ${fingerprint}`);
    expect((await ask('runner', 'test', 'build-07', '--accept-host-key', fingerprint)).code).toBe(0);
    expect(server.names()).toEqual(['testRunner', 'testRunner']);
  });
});

describe('job log', () => {
  const content = Buffer.concat([
    Buffer.from('\u001b[31mred\u001b[0m \u001b[2J\r\n'),
    Buffer.from([0xff, 0x00]),
  ]);
  const withLog = (log = growingLog(content)) => {
    log.seal();
    return start({ readLog: (_id, at, max) => TE.right(log.read(at, max)), watchLog: () => log.watch() });
  };

  it.each([[[]], [['--follow']]])('given --raw %j, then the exact bytes', async (more) => {
    await withLog();
    const ran = await ask('job', 'log', job.id, '--raw', ...more);
    expect([ran.code, ran.bytes.equals(content)]).toEqual([0, true]);
  });

  it.each([[[]], [['--follow']]])('given no --raw %j, then colours only', async (more) => {
    await withLog();
    const { out } = await ask('job', 'log', job.id, ...more);
    expect(out).toBe('\u001b[31mred\u001b[0m ␛[2J\n\ufffd␀\u001b[0m');
  });

  describe('--search', () => {
    const match = { column: 0, columns: [[0, 1] as const], matches: 1 };
    const all = Array.from({ length: 2500 }, (_, n) => ({
      ...{ ...match, line: 2 * n + 1, offset: 10 * n, text: `error ${n}` },
    }));
    const withMatches = (items = all) =>
      start({
        searchLog: (_asker, _id, { from, limit }) => {
          const wanted = items.filter(({ line }) => line >= from);
          const next = wanted[limit]?.line;
          return TE.right({
            ...{ attempt: 2, size: 90_000, sealed: true, items: wanted.slice(0, limit) },
            total: { lines: items.length, matches: items.length },
            ...(next === undefined ? {} : { next }),
          });
        },
      });

    it('given a text, then all lines with it and their numbers, fit for a terminal', async () => {
      const server = await withMatches();
      const { code, out, err } = await ask('job', 'log', job.id, '--search', 'error');
      expect([code, err]).toEqual([0, '']);
      expect(out).toBe(all.map(({ line, text }) => `${line}:${text}\n`).join(''));
      const asked = server.calls.filter(({ name }) => name === 'searchLog');
      expect(asked.map(({ args }) => args.slice(2, 4))).toEqual([
        [{ text: 'error', caseSensitive: false, from: 1, limit: 1000 }, {}],
        [{ text: 'error', caseSensitive: false, from: 2001, limit: 1000 }, { attempt: 2 }],
        [{ text: 'error', caseSensitive: false, from: 4001, limit: 1000 }, { attempt: 2 }],
      ]);
    });

    it('given an expression and a limit, then these, and that there are more', async () => {
      const server = await withMatches();
      const { out, err } = await ask(
        ...['job', 'log', job.id, '--search', 'er+or', '--regex', '--case', '--limit', '2'],
      );
      expect(out).toBe('1:error 0\n3:error 1\n');
      expect(err).toBe('There is more: 2500 lines match.\n');
      expect(server.calls.find(({ name }) => name === 'searchLog')?.args[2]).toEqual({
        ...{ text: 'er+or', regex: true, caseSensitive: true, from: 1, limit: 2 },
      });
      const json = await ask('job', 'log', job.id, '--search', 'error', '--limit', '2', '--json');
      expect(
        json.out
          .trimEnd()
          .split('\n')
          .map((line): unknown => JSON.parse(line)),
      ).toEqual(all.slice(0, 2));
    });

    it('given a line that commands, or of which a part is shown, then it is shown so', async () => {
      await withMatches([
        {
          ...match,
          line: 7,
          offset: 0,
          text: 'a\u001b[2Jb\u009b\u202ec',
          column: 90,
          ...{ cut: true as const },
        },
      ]);
      expect((await ask('job', 'log', job.id, '--search', 'a')).out).toBe('7:…a␛[2Jb<U+009B><U+202E>c…\n');
    });

    it('given what is nowhere, then exit code 3; given a bad expression, 2; given other options beside it, 64', async () => {
      await withMatches([]);
      const ran = await ask('job', 'log', job.id, '--search', 'error');
      expect([ran.code, ran.out, ran.err]).toEqual([3, '', 'No line matches.\n']);
      const found = '( at character 1, which is never closed';
      await start({
        expressionProblems: () => TE.right([{ path: 'q', expected: 'an expression', found }]),
      });
      const bad = await ask('job', 'log', job.id, '--search', '(', '--regex');
      expect(bad.code).toBe(2);
      expect(bad.err).toContain(found);
      for (const options of [
        ...[
          ['--search', 'a', '--follow'],
          ['--search', 'a', '--raw'],
          ['--search', 'a', '--lines', '1'],
        ],
        ...[['--regex'], ['--limit', '1'], ['--case'], ['--search', 'a', '--limit', '0']],
      ])
        expect((await ask('job', 'log', job.id, ...options)).code).toBe(64);
    });
  });

  describe('by line', () => {
    const ref = { jobId: job.id, attempt: 1 };
    /** A real store with this log, of which the bytes below `lateBelow` were collected late. */
    const withLines = async (text: string, lateBelow = 0): Promise<void> => {
      const store = fileLogStore(folder, { now: () => '2026-01-31T12:00:01.000Z' });
      const opened = await store.open(ref, [], { lateBelow })();
      if (E.isLeft(opened)) expect.fail(opened.left.message);
      const cut = Math.min(lateBelow, text.length);
      for (const [offset, part] of [
        [0, text.slice(0, cut)],
        [cut, text.slice(cut)],
      ] as const)
        await opened.right.write(offset, Buffer.from(part))();
      await opened.right.seal(false)();
      await opened.right.close();
      const failed = TE.mapLeft(({ why, message }: LogError) => appError('store_unavailable', why, message));
      await start({
        readLog: (_id, at, max) => failed(store.read(ref, at, max)),
        logLines: (_id, at, count) =>
          pipe(
            failed(store.lines(ref, at, count)),
            TE.map((found) => ({ ...found, attempt: 1 })),
          ),
      });
    };

    it.each([
      ['2-3', 'two\nthree\n'],
      ['3', 'three\n'],
      ['4-', 'four\nfive'],
      ['9-12', ''],
    ])('given --lines %s, then only these', async (range, wanted) => {
      await withLines('one\ntwo\nthree\nfour\nfive');
      expect(await ask('job', 'log', job.id, '--lines', range)).toMatchObject({ code: 0, out: wanted });
    });

    it('given lines that are not there, then it says how many there are', async () => {
      await withLines('one\ntwo');
      const { code, out, err } = await ask('job', 'log', job.id, '--lines', '9-12');
      expect([code, out, err]).toEqual([0, '', 'The log has 2 lines.\n']);
    });
    it.each(['0', 'a', '5-3', '-', '1-2-3', '1,2'])('given --lines %s, then it is refused', async (range) => {
      await withLines('one\n');
      expect((await ask('job', 'log', job.id, '--lines', range)).code).toBe(64);
    });

    it('given --timestamps, then each line has its time, a late one says so, and nothing commands the terminal', async () => {
      await withLines('one\n\u001b[2J\u001b[31mtwo\nthree', 4);
      const { out } = await ask('job', 'log', job.id, '--timestamps');
      const time = '2026-01-31T12:00:01.000Z';
      expect(out).toBe(`~${time} one\n ${time} ␛[2J\u001b[31mtwo\n ${time} three\u001b[0m`);
    });

    it('given more lines than come at once, then all come, each once', async () => {
      const text = Array.from({ length: 25_001 }, (_, n) => `line ${n + 1}\n`).join('');
      await withLines(text);
      const stamped = await ask('job', 'log', job.id, '--timestamps');
      expect(stamped.out.replaceAll(/^ \S+Z /gm, '')).toBe(text);
      const json = await ask('job', 'log', job.id, '--lines', '9999-20003', '--json');
      const numbers = json.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { line: number }).line);
      expect(numbers).toEqual(Array.from({ length: 10_005 }, (_, n) => n + 9999));
    });

    it('given --follow beside it, then it is refused with a sentence', async () => {
      await withLines('one\n');
      const ran = await ask('job', 'log', job.id, '--timestamps', '--follow');
      expect([ran.code, ran.err]).toEqual([64, expect.stringContaining('leave --follow out')]);
    });
  });

  it('given NO_COLOR, then no colours', async () => {
    await withLog();
    const { out } = await baton(['job', 'log', job.id], { env: { ...env(), NO_COLOR: '1' } });
    expect(out).not.toContain('\u001b');
  });

  it('given --follow, when the connection is lost in between, then every byte comes once', async () => {
    const log = growingLog(Buffer.from('one\n'));
    const server = await start({
      readLog: (_id, at, max) => TE.right(log.read(at, max)),
      watchLog: () => log.watch(),
    });
    const following = begin(['job', 'log', job.id, '--follow', '--raw'], { env: env() });
    await until('the first line', () => following.out() === 'one\n');
    server.endStreams();
    log.add(Buffer.from('two\n'));
    await until('the second line', () => following.out() === 'one\ntwo\n');
    log.seal();
    expect(await following.done).toMatchObject({ code: 0, out: 'one\ntwo\n' });
  });

  it('given --follow, when Ctrl-C is pressed, then the job goes on and it says so', async () => {
    const log = growingLog(Buffer.from('one\n'));
    const server = await start({
      readLog: (_id, at, max) => TE.right(log.read(at, max)),
      watchLog: () => log.watch(),
    });
    const following = begin(['job', 'log', job.id, '--follow'], { env: env() });
    await until('the first line', () => following.out() === 'one\n');
    following.interrupt();
    const ran = await following.done;
    expect(ran.err).toContain('the job goes on');
    expect(server.names()).not.toContain('cancelJob');
    await until('the server is left', () => log.readers() === 0);
  });
});

describe('job watch and cancel', () => {
  it.each([
    ['succeeded', 0],
    ['failed', 7],
    ['cancelled', 8],
    ['timed_out', 9],
    ['lost', 10],
    ['expired', 6],
    ['undeliverable', 6],
  ] as const)('given a job that ends %s, then --exit-status exits with %i', async (status, code) => {
    const end = aJob({ status, endedAt: '2026-01-31T12:00:09.000Z', summary: 'So it ended.' });
    await start({
      watchJobs: () =>
        concat(from([job, end].map((each, i) => ({ position: String(i + 1), job: each }))), NEVER),
    });
    const ran = await ask('job', 'watch', job.id, '--exit-status');
    expect(ran.code).toBe(code);
    expect(ran.out).toContain('running on build-07');
    expect(ran.out.trimEnd().split('\n').at(-1)).toContain(`${status} on build-07 - So it ended.`);
    expect((await ask('job', 'watch', job.id)).code).toBe(0);
  });

  it('given a watch, when Ctrl-C is pressed, then the job is not cancelled and it says so', async () => {
    const updates = new Subject<{ position: string; job: JobView }>();
    const server = await start({ watchJobs: () => updates.asObservable() });
    const watching = begin(['job', 'watch', job.id], { env: env() });
    await until('it watches', () => updates.observed);
    watching.interrupt();
    expect((await watching.done).err).toContain('the job goes on');
    expect(server.names()).not.toContain('cancelJob');
    await until('the server is left', () => !updates.observed);
  });

  it('given a reason, when cancelled, then it goes along', async () => {
    const server = await start();
    const ran = await ask('job', 'cancel', job.id, '--reason', 'wrong branch');
    expect([ran.code, ran.out]).toEqual([0, 'Job 0b7f2c1e is running, cancelling.\n']);
    expect(server.calls[0]?.args[0]).toMatchObject({ reason: 'wrong branch' });
  });

  it('given a reason, when closed as lost, then both go along', async () => {
    const server = await start();
    const ran = await ask('job', 'close', job.id, '--as', 'lost', '--reason', 'scrapped');
    expect([ran.code, ran.out]).toEqual([0, 'Job 0b7f2c1e is lost.\n']);
    expect(server.calls.find(({ name }) => name === 'closeJob')?.args[0]).toMatchObject({
      reason: 'scrapped',
    });
  });

  it('given --elsewhere and a reason, when tried again, then both go along, and it says where to look', async () => {
    const server = await start();
    const ran = await ask('job', 'retry', job.id, '--elsewhere', '--reason', 'no compiler');
    expect([ran.code, ran.out]).toEqual([
      0,
      'Job 0b7f2c1e is tried again as job 1c8f2c1e, attempt 2 of its phase. See it: baton job watch 1c8f2c1e\n',
    ]);
    const { args } = server.calls.find(({ name }) => name === 'retryJob') ?? { args: [] };
    expect(args).toMatchObject([{ reason: 'no compiler' }, job.id, { elsewhere: true }]);
  });

  it('given the standalone host, when tried again, then it names the change to watch', async () => {
    const value = { retryOf: job.id, jobId: '1c8f2c1e', phaseRunId: 'p', attempt: 1, label: '' };
    const of = { stage: 'verify', phase: 'unit', changeId: 'c0ffee00-1', stageRunId: 's' };
    const server = await start({ retryJob: () => TE.right({ value: { ...value, ...of }, repeated: false }) });
    expect((await ask('job', 'retry', job.id)).out).toBe(
      'Job 0b7f2c1e is tried again as job 1c8f2c1e, in a new run of verify with unit and what comes after it. See it: baton change watch c0ffee00\n',
    );
    expect(server.calls.find(({ name }) => name === 'retryJob')?.args[2]).toEqual({ elsewhere: false });
  });

  it.each([[['--as', 'lost']], [['--reason', 'scrapped']], [['--as', 'succeeded', '--reason', 'scrapped']]])(
    'given %j, when closed, then exit code 64 and nothing is asked',
    async (more) => {
      const server = await start();
      expect((await ask('job', 'close', job.id, ...more)).code).toBe(64);
      expect(server.names()).toEqual([]);
    },
  );

  it('given --wait, when cancelled, then each state until it has ended', async () => {
    const end = aJob({ status: 'cancelled', endedAt: '2026-01-31T12:00:09.000Z', summary: 'Ended by TERM.' });
    const server = await start({ watchJobs: () => concat(from([{ position: '2', job: end }]), NEVER) });
    const ran = await ask('job', 'cancel', job.id, '--wait');
    expect(ran.code).toBe(0);
    expect(server.names()).toEqual(['cancelJob', 'watchJobs']);
    expect(ran.out).toBe(
      '0b7f2c1e running, cancelling on build-07\n0b7f2c1e cancelled on build-07 - Ended by TERM.\n',
    );
  });

  it('given a job that has ended, when cancelled, then exit code 5', async () => {
    await start({ cancelJob: () => TE.left(appError('conflict', 'job_already_finished', 'It has ended.')) });
    expect((await ask('job', 'cancel', job.id)).code).toBe(5);
  });
});

describe('change submit', () => {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'init.defaultBranch=master', ...args], { stdio: 'ignore' });
  };

  it('given a folder of a repository, then it and its branch are handed in', async () => {
    git('init');
    git('checkout', '-b', 'feature/login');
    const server = await start();
    const scope = ['--project', 'shop', '--organisation', 'web', '--enterprise', 'acme'];
    const ran = await ask('change', 'submit', ...scope);
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(
      /^ {2}baton change show [0-9a-f]{8}\n {2}http:.*\/api\/v1\/changes\/[0-9a-f-]{36}$/m,
    );
    expect(server.calls[0]?.args[1]).toEqual({
      repository: folder,
      branch: 'feature/login',
      target: 'master',
      ...{ project: 'shop', organisation: 'web', enterprise: 'acme' },
    });
  });

  it('given a folder without a repository, or a URL without a branch, then usage', async () => {
    await start();
    expect((await ask('change', 'submit')).code).toBe(64);
    expect((await ask('change', 'submit', '--repo', 'https://example.org/x.git')).code).toBe(64);
    expect(edge?.names()).toEqual([]);
  });

  /** A change whose one phase ends as given once its log has been sealed. */
  const running = async (
    phase: ChangeView['stages'][number]['phases'][number]['status'],
    more: Partial<UseCases> = {},
  ) => {
    const log = growingLog(Buffer.from('hello\nwor'));
    let view: ChangeView = aChange({
      moving: true,
      stages: [
        {
          stageRunId: 's1',
          stage: 'verify',
          patchset: 1,
          status: 'running',
          phases: [{ phase: 'unit', status: 'running', jobs: [job.id] }],
        },
      ],
    });
    await start({
      submitChange: () => TE.right({ value: view, repeated: false }),
      approveChange: () => TE.right({ value: view, repeated: false }),
      showChange: () => TE.right(view),
      readLog: (_id, at, max) => TE.right(log.read(at, max)),
      watchLog: () => log.watch(),
      ...more,
    });
    return {
      log,
      end: () => {
        log.add(Buffer.from('ld\u001b[2J\n'));
        log.seal();
        const stage = view.stages[0];
        if (stage === undefined) throw new Error('no stage');
        view = {
          ...view,
          moving: false,
          stages: [
            {
              ...stage,
              status: phase === 'succeeded' ? 'passed' : 'failed',
              phases: [{ phase: 'unit', status: phase, jobs: [job.id] }],
            },
          ],
        };
      },
    };
  };

  it.each([
    ['succeeded', 0],
    ['failed', 7],
    ['cancelled', 8],
    ['timed_out', 9],
    ['lost', 10],
    ['undeliverable', 6],
  ] as const)(
    'given --wait and a phase that ends %s, then its lines, and exit code %i',
    async (status, code) => {
      const change = await running(status);
      const waiting = begin(
        ['change', 'submit', '--repo', 'ssh://git@example.org/x.git', '--branch', 'b', '--wait'],
        {
          env: env(),
        },
      );
      await until('the first line', () => waiting.out() === 'build-07 verify/unit | hello\n');
      change.end();
      const ran = await waiting.done;
      expect(ran.code).toBe(code);
      expect(ran.out).toBe('build-07 verify/unit | hello\nbuild-07 verify/unit | world␛[2J\n');
    },
  );

  it('given --wait and jobs that came and went between two looks, then their logs in the order in which they began', async () => {
    const ran = (id: string, phase: string, second: number) => {
      const at = `2026-01-31T12:00:0${second}.000Z`;
      const attempt = { attempt: 1, runner: 'build-07', slot: 1, startedAt: at, endedAt: at, outputs: [] };
      return aJob({ id, phase, status: 'succeeded', attempts: [attempt] });
    };
    const both = [ran('beef0002-bbbb', 'smoke', 2), ran('beef0001-aaaa', 'deploy', 1)];
    const view = aChange({
      moving: false,
      stages: [
        {
          ...{ stageRunId: 's1', stage: 'acceptance', patchset: 1, status: 'passed' },
          phases: both.map(({ id, phase }) => ({ phase, status: 'succeeded', jobs: [id] })),
        },
      ],
    });
    const moving: ChangeView = { ...view, moving: true, stages: [] };
    await start({
      submitChange: () => TE.right({ value: moving, repeated: false }),
      showChange: () => TE.right(view),
      listJobs: () => TE.right({ items: both }),
      showJob: (id) =>
        TE.fromNullable(appError('not_found', 'r', 'It is not there.'))(both.find((one) => one.id === id)),
      readLog: (id, at, max) => {
        const bytes = Buffer.from(`of ${id}\n`);
        return TE.right({ bytes: bytes.subarray(at, at + max), size: bytes.length, sealed: true });
      },
      watchLog: (id) => of({ size: `of ${id}\n`.length, sealed: true }),
    });
    const { out } = await ask(
      ...['change', 'submit', '--repo', 'ssh://git@example.org/x.git', '--branch', 'b', '--wait'],
    );
    expect(out.split('\n').filter((line) => line.includes(' | '))).toEqual([
      'build-07 verify/deploy | of beef0001-aaaa',
      'build-07 verify/smoke | of beef0002-bbbb',
    ]);
  });

  it('given --wait, then it says of a job why it cannot start, once, and which jobs failed', async () => {
    let looks = 0;
    const waiting = { reason: 'none_matches', detail: 'wanted platform_family is rhel', blockers: [] };
    const counts = { queued: 1, assigned: 0, running: 0, unmatched: 1 };
    const aQueue = { position: '10', total: 1, counts };
    const place = { ...aScope, pipeline: 'master', place: 1 };
    const shown = { ...place, jobId: job.id, phase: 'unit', stage: 'verify', label: 'rhel' };
    const at = '2026-01-31T12:00:00.000Z';
    const entry = { ...shown, status: 'queued', queuedAt: at, since: at, priority: 0 } as const;
    const change = await running('failed', {
      listJobs: () => {
        const ended = { status: 'failed', summary: 'failed with exit code 3' } as const;
        const now = ++looks < 3 ? ({ status: 'queued' } as const) : ended;
        return TE.right({ items: [aJob({ label: 'rhel', attempts: [], ...now })] });
      },
      queue: () => TE.right({ ...aQueue, entries: [{ ...entry, waiting }] }),
    });
    const ran = begin(
      ['change', 'submit', '--repo', 'ssh://git@example.org/x.git', '--branch', 'b', '--wait'],
      { env: env() },
    );
    await until('it has failed', () => looks > 3);
    change.end();
    const { err } = await ran.done;
    expect(err.match(/waiting: .*/g)).toEqual([
      'waiting: unit(rhel) (job 0b7f2c1e): wanted platform_family is rhel',
    ]);
    expect(err).toContain('verify unit(rhel) (job 0b7f2c1e): failed with exit code 3\n');
  });

  it('given --wait, when Ctrl-C is pressed, then the change goes on and it says so', async () => {
    await running('succeeded');
    const waiting = begin(
      ['change', 'submit', '--repo', 'ssh://git@example.org/x.git', '--branch', 'b', '--wait'],
      {
        env: env(),
      },
    );
    await until('the first line', () => waiting.out() === 'build-07 verify/unit | hello\n');
    waiting.interrupt();
    expect((await waiting.done).err).toContain('the change goes on');
    expect(edge?.names()).not.toContain('cancelJob');
  });

  it.each(['approve', 'deliver', 'cancel', 'delete'] as const)(
    'change %s: given an id and a reason, then it is asked for with both',
    async (word) => {
      await start();
      const ran = await ask('change', word, 'c0ffee00', '--reason', 'looks good');
      expect([ran.code, ran.err]).toEqual([0, '']);
      expect(ran.out).toMatch(
        /^Change c0ffee00 \(Add login\), patchset 1, is (open|merging|delivered|deleted): /,
      );
      const call = edge?.calls.find(({ name }) => name === `${word}Change`);
      expect([call?.args[0], call?.args[1]]).toMatchObject([{ reason: 'looks good' }, 'c0ffee00']);
    },
  );

  it('change rerun: given stage and phase, then both are asked for; without a stage, then usage', async () => {
    await start();
    expect((await ask('change', 'rerun', 'c0ffee00', '--stage', 'build', '--phase', 'unit')).code).toBe(0);
    const call = edge?.calls.find(({ name }) => name === 'rerunChange');
    expect(call?.args[2]).toEqual({ stage: 'build', phase: 'unit' });
    const consumer = ['--consumer', 'beef0001'];
    await ask('change', 'rerun', 'c0ffee00', '--stage', 'union', '--phase', 'deploy', ...consumer);
    expect(edge?.calls.findLast(({ name }) => name === 'rerunChange')?.args[2]).toEqual({
      ...{ stage: 'union', phase: 'deploy', consumer: 'beef0001' },
    });
    expect((await ask('change', 'rerun', 'c0ffee00')).code).toBe(64);
    expect((await ask('change', 'rerun', 'c0ffee00', '--stage', 'bild')).code).toBe(2);
  });

  it('change approve --wait: given a phase that fails, then its lines, and exit code 7', async () => {
    const change = await running('failed');
    const waiting = begin(['change', 'approve', 'c0ffee00', '--wait'], { env: env() });
    await until('the first line', () => waiting.out() === 'build-07 verify/unit | hello\n');
    change.end();
    const ran = await waiting.done;
    expect(ran.code).toBe(7);
    expect(ran.err).toContain('is open: verify failed');
  });

  it('change approve --wait: given a merge that is refused, then why, and exit code 5', async () => {
    const mergeRefused = {
      why: 'target_moved',
      detail: 'Somebody moved it.',
      at: '2026-01-31T12:00:00.000Z',
    };
    await start({
      approveChange: () => TE.right({ value: aChange({ status: 'merging', moving: true }), repeated: false }),
      showChange: () => TE.right(aChange({ mergeRefused })),
    });
    const ran = await ask('change', 'approve', 'c0ffee00', '--wait');
    expect(ran.code).toBe(5);
    expect(ran.err).toContain('Somebody moved it.');
  });

  it('change watch: each state once until it stops; the exit code says how', async () => {
    const change = await running('timed_out');
    const watching = begin(['change', 'watch', 'c0ffee00'], { env: env() });
    await until('the first state', () => watching.out().includes('(unit running)'));
    change.end();
    const ran = await watching.done;
    expect(ran.code).toBe(9);
    expect(ran.out.trimEnd().split('\n')).toEqual([
      'c0ffee00 open: verify running (unit running)',
      'c0ffee00 open: verify failed',
    ]);
  });

  it('change watch: given Ctrl-C, then the change goes on', async () => {
    await running('succeeded');
    const watching = begin(['change', 'watch', 'c0ffee00'], { env: env() });
    await until('the first state', () => watching.out().includes('verify running'));
    watching.interrupt();
    expect((await watching.done).err).toContain('the change goes on');
    expect(edge?.names()).not.toContain('cancelChange');
  });

  it('change show: stages, phases, who did what, and what can be done next', async () => {
    const deed = { by: 'ann', at: '2026-01-31T12:00:00.000Z', reason: 'looks good' };
    const stage = { stageRunId: 's2', stage: 'build', patchset: 1, status: 'failed' } as const;
    await start({
      showChange: () =>
        TE.right(
          aChange({
            ...{ status: 'merged', approved: deed, actions: ['rerun-build'] },
            merge: { sha: 'aaa', targetSha: 'bbb', branchDeleted: true },
            stages: [
              {
                ...stage,
                phases: [
                  { phase: 'unit', status: 'succeeded', kept: true, jobs: [] },
                  { phase: 'lint', status: 'failed', jobs: [job.id] },
                ],
              },
            ],
          }),
        ),
    });
    const { out } = await ask('change', 'show', 'c0ffee00');
    expect(out).toMatch(/^approved: +.* by ann: looks good$/m);
    expect(out).toMatch(/^merge: +aaa onto bbb$/m);
    expect(out).toMatch(/^build +1 +failed +unit +succeeded \(kept\)/m);
    expect(out).toMatch(/^ +lint +failed +[0-9a-f]{8}$/m);
    expect(out).toContain('Next:\n  baton change rerun c0ffee00 --stage build');
  });

  it('change show: consumers below their Union, and with whom the pipeline is blocked', async () => {
    const named = { organisation: 'default', project: 'web', pipeline: 'main' };
    const far = { organisation: 'infra', project: 'base', pipeline: 'v1' };
    const api = { organisation: 'default', project: 'api', pipeline: 'main' };
    await start({
      showChange: () =>
        TE.right(
          aChange({
            status: 'delivered',
            promotion: {
              ...{ status: 'disabled', reason: 'change_delivered' },
              blocked: {
                since: '2026-01-31T12:00:00.000Z',
                pipelines: [api, named, far].map((pipeline) => ({ ...pipeline, passed: false })),
              },
            },
            stages: [
              {
                ...{ stageRunId: 's2', stage: 'union', patchset: 1, status: 'failed' },
                phases: [{ phase: 'deploy', status: 'succeeded', jobs: [] }],
                consumers: [
                  {
                    ...{ ...named, changeId: 'beef0001-aaaa', sha: 'w1', status: 'failed' },
                    phases: [{ phase: 'deploy', status: 'failed', jobs: [job.id] }],
                  },
                  {
                    ...{ ...far, changeId: 'beef0002-aaaa', sha: 'b1', status: 'not_run' },
                    phases: [{ phase: 'deploy', status: 'not_run', jobs: [] }],
                  },
                ],
              },
            ],
            actions: ['rerun-union'],
          }),
        ),
    });
    const { out } = await ask('change', 'show', 'c0ffee00');
    expect(out).toContain(
      'Union of api:main, web:main and infra/base:v1 has not passed since 2026-01-31T12:00:00.000Z',
    );
    expect(out).toMatch(/^union +1 +failed +deploy +succeeded$/m);
    expect(out).toMatch(/^ {2}web:main beef0001 +failed +deploy +failed +[0-9a-f]{8}$/m);
    expect(out).toMatch(/^ {2}infra\/base:v1 beef0002 +not run +deploy +not run$/m);
    expect(
      out
        .split('Next:\n')[1]
        ?.split('\n')
        .map((line) => line.trim()),
    ).toEqual([
      'baton change rerun c0ffee00 --stage union',
      'baton change rerun c0ffee00 --stage union --phase deploy --consumer beef0001',
      '',
    ]);
  });
});
