/** The marks of one log that is being written, in a file beside it. What goes wrong here costs times of lines, never the log. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, rm } from 'node:fs/promises';
import { writeAtomically } from '../app/write-atomically.js';
import { readAt, writeAt } from './attempt-files.js';
import {
  decodeMark,
  encodeEnd,
  encodeMark,
  isEnd,
  linesOf,
  mark,
  MARK_BYTES,
  markedUpTo,
  nothingMarked,
  type Mark,
  type Marking,
} from './line-marks.js';

const PIECE_BYTES = 256 * 1024;

/** Marks on disk from the first on, as far as they are sound and speak of the first `size` bytes. */
const soundMarks = async (
  file: FileHandle,
  size: number,
): Promise<{ readonly count: number; readonly last: Mark | undefined; readonly isWhole: boolean }> => {
  const length = (await file.stat()).size;
  const bytes = await readAt(file, 0, length);
  let last: Mark | undefined;
  let count = 0;
  for (; (count + 1) * MARK_BYTES <= bytes.length; count++) {
    const found = decodeMark(bytes, count * MARK_BYTES);
    if (found === undefined) return { count, last, isWhole: false };
    // what lies behind is of bytes that were lost, and come again
    if (isEnd(found) || found.offset >= size) return { count, last, isWhole: true };
    const follows =
      last === undefined
        ? found.offset === 0 && found.line === 1
        : found.offset > last.offset && found.line > last.line;
    if (!follows) return { count, last, isWhole: false };
    last = found;
  }
  return { count, last, isWhole: bytes.length % MARK_BYTES === 0 && (count > 0 || size === 0) };
};

/** Reads a log from where `state` is up to byte `to`, as bytes that came then; gives marks as they come. */
const markFile = async (
  log: FileHandle,
  from: Marking,
  to: number,
  came: Pick<Mark, 'at' | 'came'>,
): Promise<{ readonly state: Marking; readonly marks: readonly Mark[] }> => {
  const marks: Mark[] = [];
  let state = from;
  while (state.size < to) {
    const piece = await readAt(log, state.size, Math.min(PIECE_BYTES, to - state.size));
    if (piece.length === 0) throw new Error(`the log ends at ${state.size}, before ${to}`);
    const step = mark(state, piece, came);
    state = step.state;
    marks.push(...step.marks);
  }
  return { state, marks };
};

/** Times that nobody knows any more. */
const UNKNOWN = { at: 0, came: 'unknown' } as const;

/** The sound marks of an index, and those to be added so that it speaks of the first `size` bytes of `log`. */
const caughtUp = async (
  file: FileHandle,
  log: FileHandle,
  size: number,
): Promise<{ readonly count: number; readonly state: Marking; readonly marks: readonly Mark[] }> => {
  const { count, last, isWhole } = await soundMarks(file, size);
  const from = last === undefined ? nothingMarked : markedUpTo(last, count);
  const came = isWhole && last !== undefined ? { at: last.at, came: last.came } : UNKNOWN;
  return { count, ...(await markFile(log, from, size, came)) };
};

export interface LineIndex {
  /** What these bytes give, which are to be stored next; nothing has happened before `take`. */
  readonly plan: (bytes: Buffer, came: Pick<Mark, 'at' | 'came'>) => ReturnType<typeof mark>;
  readonly take: (planned: ReturnType<typeof mark>) => void;
  /** How many lines these first bytes have; undefined where it has come further, or knows nothing any more. */
  readonly linesOf: (size: number) => number | undefined;
  /** So that a reader finds it. */
  readonly flush: () => Promise<void>;
  readonly sync: () => Promise<void>;
  /** Takes these as the last bytes: nothing will follow. */
  readonly finish: (bytes: Buffer, came: Pick<Mark, 'at' | 'came'>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Goes on behind what is on disk of the first `size` bytes of `log`; what is missing there is made anew, with unknown times. */
export const openLineIndex = async (path: string, log: FileHandle, size: number): Promise<LineIndex> => {
  let file: FileHandle | undefined;
  let state: Marking = nothingMarked;
  let pending: Mark[] = [];
  let written = 0;
  let isSynced = true;

  /** Without it lines are found all the same, by reading. */
  const giveUp = async (): Promise<void> => {
    const broken = file;
    file = undefined;
    await broken?.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
  };
  const attempt = async (work: (to: FileHandle) => Promise<void>): Promise<void> => {
    if (file === undefined) return;
    await work(file).catch(giveUp);
  };

  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const found = await caughtUp(file, log, size);
    written = found.count;
    await file.truncate(written * MARK_BYTES);
    state = found.state;
    pending = [...found.marks];
  } catch {
    await giveUp();
  }

  const flush = (): Promise<void> =>
    attempt(async (to) => {
      if (pending.length === 0) return;
      const news = pending;
      pending = [];
      await writeAt(to, Buffer.concat(news.map(encodeMark)), written * MARK_BYTES);
      written += news.length;
      isSynced = false;
    });
  const sync = async (): Promise<void> => {
    await flush();
    if (isSynced) return;
    await attempt(async (to) => {
      await to.datasync();
      isSynced = true;
    });
  };
  const plan: LineIndex['plan'] = (bytes, came) =>
    file === undefined ? { state, marks: [] } : mark(state, bytes, came);
  const take: LineIndex['take'] = (planned) => {
    state = planned.state;
    if (file !== undefined) pending.push(...planned.marks);
  };

  return {
    plan,
    take,
    linesOf: (size) => (file === undefined || state.size !== size ? undefined : linesOf(state)),
    flush,
    sync,
    finish: async (bytes, came) => {
      take(plan(bytes, came));
      await flush();
      await attempt((to) =>
        writeAt(to, encodeEnd({ lines: linesOf(state), size: state.size }), written * MARK_BYTES),
      );
      await attempt((to) => to.datasync());
    },
    close: async () => {
      await flush();
      const open = file;
      file = undefined;
      await open?.close();
    },
  };
};

/** Makes the index of a log complete to which nothing will be added: for one that has none, or half of one. */
export const mendLineIndex = async (path: string, log: FileHandle, size: number): Promise<void> => {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { count, state, marks } = await caughtUp(file, log, size);
    const sound = await readAt(file, 0, count * MARK_BYTES);
    const end = encodeEnd({ lines: linesOf(state), size });
    await writeAtomically(path, Buffer.concat([sound, ...marks.map(encodeMark), end]), 0o600);
  } finally {
    await file.close();
  }
};
