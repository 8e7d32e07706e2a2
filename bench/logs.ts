/** How fast does one large log come through the server to its disk, beside a bare `cat` over SSH that keeps nothing? */
import { createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { allSucceeded, openEngine } from './fleet/engine.js';
import { startMachine } from './fleet/machine.js';
import { openMux } from './fleet/mux.js';
import { BASICS, missing, missingOf } from './fleet/programs.js';
import { goalOf, inTurn, machine, ratioOf, type Report, type Row } from './report.js';
import { tidily } from './store/tidily.js';

const ROUNDS = 5;
const MB = 1_000_000;

/** Text as a build prints it: lines of different lengths, `bytes` in all. */
const writeLog = async (file: string, bytes: number): Promise<void> => {
  const lines = Array.from({ length: 1000 }, (_, n) => `step ${n}: ${'checked '.repeat(n % 17)}ok\n`).join(
    '',
  );
  const block = Buffer.from(lines);
  const blocks = function* () {
    for (let left = bytes; left > 0; left -= block.length) yield block.subarray(0, left);
  };
  await pipeline(Readable.from(blocks()), createWriteStream(file));
};

const NAMES = { ours: 'Baton, promotion to sealed on its disk', cat: 'ssh -S mux cat > /dev/null' } as const;

const measure = (bytes: number): Promise<readonly Row[]> =>
  tidily(async (undoing) => {
    const runner = await startMachine(undoing);
    const mux = await openMux(runner, undoing);
    const engine = await openEngine(runner, 1, undoing);
    const log = join(runner.folder, 'large');
    await writeLog(log, bytes);
    const rate = (ms: number): number => bytes / MB / (ms / 1000);
    const logs = join(engine.data, 'logs');
    return inTurn(
      [
        {
          name: NAMES.ours,
          unit: 'MB/s',
          measure: async () => {
            const job = await engine.promote(`cat ${log}`);
            const ended = await job.ended;
            allSucceeded([ended]);
            if (ended.logBytes !== bytes) throw new Error(`${ended.logBytes} of ${bytes} bytes were sealed`);
            await job.finished;
            // or the disk would fill
            for (const name of await readdir(logs)) await rm(join(logs, name));
            return rate(ended.endedAt - ended.promotedAt);
          },
        },
        {
          name: NAMES.cat,
          unit: 'MB/s',
          measure: async () => {
            const [ms = NaN] = await mux.timed(`cat ${log}`, 1);
            return rate(ms);
          },
        },
      ],
      ROUNDS,
    );
  });

export const logsBench = async (quick: boolean, without = missing): Promise<Report> => {
  const bytes = (quick ? 20 : 500) * MB;
  const why = missingOf(BASICS, without);
  const rows = why === undefined ? await measure(bytes) : [];
  return {
    bench: 'logs',
    machine: machine(),
    rows,
    goals: [
      goalOf(
        `${NAMES.ours} / ${NAMES.cat}, ${bytes / MB} MB`,
        ['>=', 0.8],
        () => ratioOf(rows, NAMES.ours, NAMES.cat),
        why,
      ),
    ],
  };
};
