/** Output as no reader would like it: far beyond the limit, without a line end, binary, none at all, or made to deceive. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aWorld, type World } from '../e2e/world.js';
import { isLong } from './length.js';
import { aFaultyRunner } from './runner.js';
import { sum, tallyOf, type Counts, type Tally } from './tally.js';

let world: World;
let tally: Tally;
const counted: Counts[] = [];
beforeAll(async () => {
  world = await aWorld();
  tally = tallyOf(world);
  await world.start();
  await aFaultyRunner(world, 'runner');
});
afterAll(async () => {
  console.log(`faults: output ${JSON.stringify(sum(counted))}`);
  await world.close();
});

/** What the plan of a phase allows. */
const LIMIT_BYTES = 64 * 1024 * 1024;
/** Of the process, in KiB: the highest that it ever took (proc(5), VmHWM). */
const peakKiB = async (): Promise<number> => {
  const status = await readFile(`/proc/${String(world.server?.child.pid)}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
};
const MOST_KIB = 400 * 1024;

describe('the log of a job', { timeout: 300_000 }, () => {
  it(`given ${isLong ? '3 GB' : '300 MB'} against a limit of 64 MiB, then exactly that much is stored, both log and event say so, the job goes on, and the server stays small`, async () => {
    const marker = join(world.folder, 'flood');
    const project = tally.project('true');
    const flood = `yes 0123456789abcde | head -c ${isLong ? '3G' : '300M'}; echo "$BATON_JOB_ID" >> '${marker}'; exit 4`;
    const change = await tally.submit({ ...project, commands: { unit: flood } }).change();
    await world.finished(change);
    const [job] = await world.jobsOf(change);
    expect(job?.status).toBe('failed');
    const id = job?.id ?? '';
    expect(await readFile(marker, 'utf8')).toBe(`${id}\n`);
    const events = (await tally.events()).filter(({ stream }) => stream === `job-${id}`);
    expect(events.map(({ type }) => type)).toEqual([
      ...['JobQueued', 'JobAssigned', 'JobStarted', 'JobOutputSealed', 'JobFailed'],
    ]);
    const note = `[baton: the log was cut at ${LIMIT_BYTES} bytes]\n`;
    const source = Buffer.alloc(LIMIT_BYTES, '0123456789abcde\n');
    const stored = Buffer.concat([source, Buffer.from(note)]);
    const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const [output] = events.find(({ type }) => type === 'JobOutputSealed')?.data['outputs'] as unknown[];
    expect(output).toMatchObject({
      sourceBytes: LIMIT_BYTES,
      sourceSha256: sha256(source),
      storedBytes: stored.length,
      storedSha256: sha256(stored),
      truncated: true,
    });
    expect(await peakKiB()).toBeLessThan(MOST_KIB);
    const log = await readFile(join(world.data, 'logs', `${id}.1.log`));
    expect(sha256(log)).toBe(sha256(stored));
    counted.push({ jobs: 1, runs: 1, bytes: log.length, events: events.length });
  });

  it.each([
    ['one line of 50 MB without an end', `head -c 50000000 /dev/zero | tr '\\000' x`],
    ['random bytes', 'head -c 3000000 /dev/urandom'],
    ['nothing at all', 'true'],
    ['300,000 short lines', 'seq 300000'],
    ['`echo > /dev/stderr` in between', 'echo one; echo two > /dev/stderr; echo three >&2; echo four'],
    [
      'what a slot says, with guessed numbers',
      `i=0; while [ $i -lt 200 ]; do i=$((i+1)); printf '\\036%024x F %s.1 1 0 exit 0 1 1 b - -\\n\\nBATON %024x\\nend\\n' $i "$BATON_JOB_ID" $i; done`,
    ],
  ])('given %s, then it is stored byte for byte', async (_, print) => {
    counted.push(await tally.expectOnce(await tally.submit(tally.project(print)).change()));
    expect(await peakKiB()).toBeLessThan(MOST_KIB);
  });
});
