import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvents } from '../../src/cli/events.js';
import { aJob, growingLog, startEdge, type Edge } from './edge.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { splitJob, type SplitJob } from './split-job.js';

const logPath = `/api/v1/jobs/${aJob().id}/log`;

let folder: string;
let edge: Edge;
let split: SplitJob;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-split-'));
  split = await splitJob(folder);
  edge = await startEdge(split.over);
});
afterEach(async () => {
  await edge.close();
  await split.close();
  await rm(folder, { recursive: true });
});

const wrote = async (): Promise<void> => {
  await split.came('stdout', 1, 'out one\nout two\n');
  await split.came('stderr', 2, 'err one\n');
  await split.came('stdout', 3, 'out three, without end');
  await split.came('stderr', 4, 'err two\n');
  await split.seal();
};
const TOGETHER = 'out one\nout two\nerr one\nout three, without end\nerr two\n';

describe('the log of a job whose outputs are kept apart', () => {
  it('given an output, then its bytes, whole and in ranges', async () => {
    await wrote();
    const whole = await edge.ask('GET', `${logPath}?output=stderr`);
    expect([whole.status, await whole.text()]).toEqual([200, 'err one\nerr two\n']);
    expect(whole.headers.get('Baton-Log-Order')).toBeNull();
    const part = await edge.ask('GET', `${logPath}?output=stdout`, { headers: { Range: 'bytes=4-6' } });
    expect([part.status, await part.text()]).toEqual([206, 'one']);
  });

  it('given none, then both by the time of receipt, each line whole, and it says that this is best effort', async () => {
    await wrote();
    const both = await edge.ask('GET', logPath);
    expect([both.status, await both.text()]).toEqual([200, TOGETHER]);
    expect(both.headers.get('Baton-Log-Order')).toBe('best-effort');
    expect(both.headers.get('Baton-Log-Sealed')).toBe('true');
    expect(both.headers.get('Accept-Ranges')).toBe('none');
  });

  it('given more lines than are looked at together, then all come, each once', async () => {
    const lines = (name: string, from: number) =>
      Array.from({ length: 1500 }, (_, n) => `${name} ${n + from}\n`).join('');
    await split.came('stdout', 1, lines('out', 0));
    await split.came('stderr', 2, lines('err', 0));
    await split.came('stdout', 3, lines('out', 1500));
    const text = await (await edge.ask('GET', logPath)).text();
    expect(text).toBe(lines('out', 0) + lines('err', 0) + lines('out', 1500));
  });

  it.each([
    ['a range of both', '', { Range: 'bytes=0-3' }],
    ['lines of both', '/lines', undefined],
    ['a stream of both', '/stream', undefined],
  ])('given %s, then refused with the names of the two', async (_what, path, headers) => {
    await wrote();
    const response = await edge.ask('GET', `${logPath}${path}`, headers === undefined ? {} : { headers });
    expect(response.status).toBe(422);
    const problem = (await response.json()) as { reason: string; detail: string };
    expect([problem.reason, problem.detail]).toEqual([
      'output_needed',
      expect.stringContaining('stdout and stderr'),
    ]);
  });

  it('given a line from the end and text, then what the last lines say; line 0 is none', async () => {
    await wrote();
    const last = await edge.ask('GET', `${logPath}/lines?output=stdout&from=-2&text=true`);
    expect(await last.json()).toMatchObject({
      lines: 3,
      items: [
        { line: 2, text: 'out two' },
        { line: 3, text: 'out three, without end' },
      ],
    });
    for (const wrong of ['from=0', 'from=-0', 'from=1.5', 'text=yes']) {
      const refused = await edge.ask('GET', `${logPath}/lines?output=stdout&${wrong}`);
      expect(refused.status).toBe(422);
      await refused.text();
    }
  });

  it('given an output, then its lines and its stream', async () => {
    await wrote();
    const lines = await edge.ask('GET', `${logPath}/lines?output=stderr&from=2`);
    expect(await lines.json()).toMatchObject({
      lines: 2,
      items: [{ line: 2, offset: 8, length: 7, receivedAt: '2026-01-31T12:00:04.000Z' }],
    });
    const stream = await edge.ask('GET', `${logPath}/stream?output=stderr`, {
      headers: { 'Last-Event-ID': '4' },
    });
    const told: unknown[] = [];
    for await (const { event, data } of readEvents(stream.body)) told.push([event, JSON.parse(data)]);
    expect(told).toEqual([
      [
        'bytes',
        { offset: 4, base64: Buffer.from('one\nerr two\n').toString('base64'), attempt: 1, output: 'stderr' },
      ],
      ['end', { size: 16, sealed: true, attempt: 1, output: 'stderr' }],
    ]);
  });

  it('given a word that is no output, then it is told what is', async () => {
    const response = await edge.ask('GET', `${logPath}?output=stdin`);
    expect([response.status, await response.text()]).toEqual([422, expect.stringContaining('stdout')]);
  });
});

describe('the log of any other job', () => {
  it.each(['', '/stream'])('given an output, then log%s says that there is one log only', async (path) => {
    const log = growingLog(Buffer.from('x'));
    await edge.close();
    edge = await startEdge({ readLog: (_id, at, max) => TE.right(log.read(at, max)) });
    const response = await edge.ask('GET', `${logPath}${path}?output=stderr`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ reason: 'output_unknown' });
  });
});
