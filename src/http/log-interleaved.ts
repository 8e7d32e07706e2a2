/**
 * Both outputs of a job that keeps them apart, as one text: line by line in the order in which they were received. Nobody knows in which order
 * they were written, so this is best effort, and says so.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import type { LogLine } from '../app/ports.js';
import type { LogLines, UseCases } from '../app/use-cases.js';
import { splitOutputs, type SplitOutput } from '../domain/output.js';
import type { Answer } from './answer.js';
import { logPieces } from './log-pieces.js';

const LINES_AT_ONCE = 1000;

/** Bytes of one output. */
interface Run {
  readonly output: SplitOutput;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Its last line has no end. */
  readonly isOpen: boolean;
}

/** One output, read by its lines. */
interface Lane {
  readonly next: () => LogLine | undefined;
  readonly take: () => Promise<void>;
  readonly runOf: (line: LogLine) => Run;
}

const openLane = async (
  useCases: UseCases,
  jobId: string,
  attempt: number,
  output: SplitOutput,
): Promise<E.Either<AppError, Lane & Pick<LogLines, 'size' | 'sealed'>>> => {
  const page = (from: number) => useCases.logLines(jobId, from, LINES_AT_ONCE, { attempt, output })();
  const first = await page(1);
  if (E.isLeft(first)) return first;
  const { size, sealed } = first.right;
  let { items } = first.right;
  let at = 0;
  const next = (): LogLine | undefined => {
    const line = items[at];
    // what came after the beginning is for the next one who asks
    return line !== undefined && line.offset < size ? line : undefined;
  };
  return E.right({
    size,
    sealed,
    next,
    take: async () => {
      const last = items[at++];
      if (last === undefined || at < items.length) return;
      const more = await page(last.line + 1);
      if (E.isLeft(more)) throw new Error(`lines of ${jobId}: ${more.left.message}`);
      items = more.right.items;
      at = 0;
    },
    runOf: ({ offset, length }) => {
      const end = offset + length;
      return { output, from: offset, to: Math.min(end + 1, size), isOpen: end >= size };
    },
  });
};

/** Of two lines the one that came first; one whose time is not known came before all others of the other output. */
const came = ({ receivedAt = '' }: LogLine): string => receivedAt;

/** Lines that follow each other in one output are one run. */
async function* runsOf(lanes: readonly Lane[], signal: AbortSignal): AsyncGenerator<Run, void, undefined> {
  let run: Run | undefined;
  while (!signal.aborted) {
    let first: { readonly lane: Lane; readonly line: LogLine } | undefined;
    for (const lane of lanes) {
      const line = lane.next();
      if (line !== undefined && (first === undefined || came(line) < came(first.line)))
        first = { lane, line };
    }
    if (first === undefined) break;
    const news = first.lane.runOf(first.line);
    if (run?.output === news.output) run = { ...news, from: run.from };
    else {
      if (run !== undefined) yield run;
      run = news;
    }
    await first.lane.take();
  }
  if (run !== undefined) yield run;
}

async function* text(
  useCases: UseCases,
  jobId: string,
  attempt: number,
  lanes: readonly Lane[],
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let isOpen = false;
  for await (const { output, from, to, isOpen: leavesOpen } of runsOf(lanes, signal)) {
    if (isOpen) yield Buffer.from('\n');
    yield* logPieces(useCases, jobId, { attempt, output }, from, to, signal);
    isOpen = leavesOpen;
  }
}

/** Without a length, since a line that has no end is given one where another follows. */
export const interleaved = async (
  useCases: UseCases,
  jobId: string,
  attempt: number | undefined,
  isOver: boolean,
): Promise<E.Either<AppError, Answer>> => {
  const lanes: (Lane & Pick<LogLines, 'sealed'>)[] = [];
  if (attempt !== undefined)
    for (const output of splitOutputs) {
      const lane = await openLane(useCases, jobId, attempt, output);
      if (E.isLeft(lane)) return lane;
      lanes.push(lane.right);
    }
  const sealed = attempt === undefined ? isOver : lanes.every((lane) => lane.sealed);
  return E.right({
    kind: 'stream',
    status: 200,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'Accept-Ranges': 'none',
      'Baton-Log-Sealed': String(sealed),
      'Baton-Log-Order': 'best-effort',
      ...(attempt === undefined ? {} : { 'Baton-Attempt': String(attempt) }),
    },
    pieces: (signal) => (attempt === undefined ? [] : text(useCases, jobId, attempt, lanes, signal)),
  });
};
