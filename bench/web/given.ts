/** What a server is to find when it starts: jobs that wait, runners, and jobs whose logs are kept. */
import { join } from 'node:path';
import { fileLogStore } from '../../src/logs/files.js';
import type { NewEvent } from '../../src/app/ports.js';
import type { SealedOutput } from '../../src/events/shapes.js';
import { deriveId } from '../../src/kernel/ids.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { enrolments } from '../match/given.js';
import { orThrow } from '../replay/fill.js';
import { asNew, phaseOf, type Written } from '../replay/given.js';

/** `logs`: bytes of each. */
export interface Wanted {
  readonly queued: number;
  readonly runners: number;
  readonly logs: readonly number[];
}

/** The last line of every log. */
export const LAST_LINE = 'this is the last line';

const PIECE = 4 * 1024 * 1024;

/** Lines as a build prints them. */
const lines = (bytes: number): Buffer => {
  const text = Array.from({ length: 100 }, (_, n) => `step ${n}: ${'checked '.repeat(n % 17)}ok\n`).join('');
  return Buffer.alloc(bytes, text);
};

/** Written through the real store of logs, as if it had come from a runner. */
const writeLog = async (data: string, jobId: string, bytes: number): Promise<SealedOutput> => {
  const writer = orThrow(await fileLogStore(join(data, 'logs')).open({ jobId, attempt: 1 }, [])());
  const end = Buffer.from(`\n${LAST_LINE}\n`);
  const piece = lines(PIECE);
  let at = 0;
  while (at < bytes) {
    const some = piece.subarray(0, bytes - at);
    orThrow(await writer.write(at, some)());
    at += some.length;
  }
  orThrow(await writer.write(at, end)());
  const sealed = orThrow(await writer.seal(false)());
  await writer.close();
  return sealed;
};

/** Drained, on a port that nobody listens on: nothing is started there. */
const runners = (count: number): readonly Written[] => {
  const all = enrolments(count);
  return Array.from({ length: count }, (_, n) => {
    // two of each
    const found = all.slice(2 * n, 2 * n + 2);
    const events: NewEvent[] = found.map(({ event }) =>
      asNew(
        event.type === 'RunnerEnrolled'
          ? { type: event.type, data: { ...event.data, host: '127.0.0.1', port: 1 } }
          : event,
      ),
    );
    const drained = asNew({ type: 'RunnerDrained', data: {} });
    return { stream: found[0]?.stream ?? '', expected: 'no_stream', events: [...events, drained] };
  });
};

const ended = async (data: string, n: number, bytes: number): Promise<readonly Written[]> => {
  const { begin, end } = phaseOf(n);
  const sealed = await writeLog(data, deriveId('job', n), bytes);
  const withLog = ({ stream, expected, events }: Written): Written => ({
    ...{ stream, expected },
    events: events.map((written) =>
      written.event.type === 'JobOutputSealed'
        ? asNew({ type: 'JobOutputSealed', data: { attempt: 1, outputs: [sealed] } })
        : written,
    ),
  });
  return [...begin, ...end.map(withLog)];
};

/** Fills the data folder of a server that has never run. Answers the ids of the jobs that have logs, in the order of those. */
export const prepare = async (
  data: string,
  { queued, runners: count, logs }: Wanted,
): Promise<readonly string[]> => {
  const store = orThrow(await openSqliteStore({ directory: join(data, 'store') }));
  const append = async (writes: readonly Written[]): Promise<void> => {
    await Promise.all(writes.map((w) => store.append(w.stream, w.events, w.expected)().then(orThrow)));
  };
  for (let n = 0; n < queued; n += 500)
    await append(
      Array.from({ length: Math.min(500, queued - n) }, (_, i) => phaseOf(n + i).begin.slice(0, 2)).flat(),
    );
  await append(runners(count));
  const jobs: string[] = [];
  for (const [i, bytes] of logs.entries()) {
    for (const written of await ended(data, queued + i, bytes)) await append([written]);
    jobs.push(deriveId('job', queued + i));
  }
  await store.close();
  return jobs;
};
