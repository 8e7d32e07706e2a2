/** How do the bytes of one output of an attempt get to disk, in order, each once, and provably the same? */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, rm } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { LogError, LogTerms } from '../app/ports.js';
import { writeBeside } from '../app/write-atomically.js';
import type { SealedOutput } from '../events/shapes.js';
import type { AttemptFiles, Offsets } from './attempt-files.js';
import {
  NOTHING,
  durableOffsets,
  hashOf,
  ioError,
  logError,
  offsetRecord,
  readAt,
  readSeal,
  writeAt,
} from './attempt-files.js';
import { openLineIndex, type LineIndex } from './line-index.js';
import type { Mark } from './line-marks.js';
import { mask, receivedBy, resumeAt, startAt, type Patterns } from './mask.js';

/** What is visible of a log that is being written. */
export interface LogSize {
  readonly size: number;
  readonly sealed: boolean;
}

export type Arrival = Pick<Mark, 'at' | 'came'>;

/** Shared by everyone who has this output open in this process. */
export interface AttemptWriter {
  /** Taken so far, in this process; after a crash the next one starts from what had reached the disk. */
  readonly offsets: () => Offsets;
  readonly size: () => LogSize;
  /** How many lines these are; undefined where only reading tells. */
  readonly lines: () => number | undefined;
  /** After a failed sync nobody knows what is on disk: only opening anew tells. */
  readonly isBroken: () => boolean;
  /** `came`: how, and when, in milliseconds since 1970. */
  readonly write: (sourceOffset: number, bytes: Buffer, came: Arrival) => Promise<E.Either<LogError, void>>;
  /** Whether the source gives what is stored from byte `from` on, as far as both go. */
  readonly goesOn: (source: Buffer, from: number) => Promise<E.Either<LogError, boolean>>;
  readonly seal: (truncated: boolean) => Promise<E.Either<LogError, SealedOutput>>;
  /** What was taken is in the index that readers look into. */
  readonly indexed: () => Promise<void>;
  /** Syncs and lets go of the file. */
  readonly close: () => Promise<void>;
}

export type WritingTerms = Pick<LogTerms, 'limitBytes' | 'isNew'> & {
  /** Of the output, in its seal. */
  readonly name: string;
};

const SYNC_BYTES = 1024 * 1024;
const SYNC_MS = 250;

/** Opens for reading and writing, makes it when absent, empties nothing. */
const FLAGS = constants.O_RDWR | constants.O_CREAT;

const LINE_FEED = 10;

/** The last line of a log that was cut, on a line of its own. */
const cutNote = (sourceBytes: number, begins: boolean): Buffer =>
  Buffer.from(`${begins ? '' : '\n'}[baton: the log was cut at ${sourceBytes} bytes]\n`);

/**
 * Continues at the recorded offset, or begins. With `patterns`, what they match is masked before anything is stored. Of the source,
 * what lies beyond `limitBytes` is not stored. `changed` is called after each growth and at the seal. Throws what the system throws.
 */
export const openWriter = async (
  files: AttemptFiles,
  patterns: Patterns | undefined,
  { limitBytes, isNew = false, name }: WritingTerms,
  changed: (size: LogSize) => void,
): Promise<AttemptWriter> => {
  const [sealed, durable] = isNew
    ? [undefined, NOTHING]
    : await Promise.all([readSeal(files), durableOffsets(files)]);
  let seal = sealed;
  const start: Offsets =
    seal === undefined ? durable : { source: seal.sourceBytes, stored: seal.storedBytes };
  /** A log that has nothing yet gets its files with its first bytes: many jobs print nothing. */
  let handle: FileHandle | undefined =
    seal === undefined && start.stored > 0 ? await open(files.log, FLAGS, 0o600) : undefined;
  let isClosed = seal !== undefined;
  let hash: Hash = createHash('sha256');
  let index: LineIndex | undefined;
  /** The last one stored; a line feed before the first. */
  let lastByte: number | undefined = LINE_FEED;
  try {
    if (handle !== undefined) {
      // what lies beyond the record may have been on its way to disk when the machine stopped
      if ((await handle.stat()).size > start.stored) await handle.truncate(start.stored);
      hash = await hashOf(handle, start.stored);
      lastByte = (await readAt(handle, start.stored - 1, 1))[0];
      index = await openLineIndex(files.index, handle, start.stored);
    }
  } catch (error) {
    await handle?.close();
    throw error;
  }

  let offsets = start;
  /** Of the last bytes: what was kept back of them came with them. */
  let arrival: Arrival = { at: 0, came: 'unknown' };
  /** Ahead of `offsets` by what is kept back. */
  let masking = startAt(start.source);
  /** How far the source has been given, with what lies beyond the limit. */
  let given = start.source;
  let synced = start;
  /** Whether there is a record of the offsets to be removed. */
  let isRecorded = start.stored > 0;
  let syncedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let broken: LogError | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** One at a time, in the order of asking. */
  const inOrder = <A>(task: () => Promise<A>): Promise<A> => {
    const result = queue.then(task);
    queue = result.catch(() => undefined);
    return result;
  };

  /** First the bytes and their index, then the record that promises them: never the other way round. */
  const sync = async (file: FileHandle): Promise<E.Either<LogError, void>> => {
    clearTimeout(timer);
    timer = undefined;
    if (synced.stored === offsets.stored) return E.right(undefined);
    try {
      await Promise.all([file.datasync(), index?.sync()]);
    } catch (error) {
      // the kernel may have dropped the pages: syncing again would succeed and prove nothing
      broken = ioError(`${files.log} could not be synced`, error);
      return E.left(broken);
    }
    try {
      isRecorded = true;
      const record = await open(files.offset, FLAGS, 0o600);
      try {
        await writeAt(record, Buffer.from(offsetRecord(offsets)), 0);
      } finally {
        await record.close();
      }
    } catch (error) {
      syncSoon(file);
      return E.left(ioError(`${files.offset} could not be written`, error));
    }
    synced = offsets;
    syncedAt = performance.now();
    return E.right(undefined);
  };

  const syncSoon = (file: FileHandle): void => {
    timer ??= setTimeout(() => {
      // a failure shows at the next write or at the seal
      void inOrder(async () => (handle === undefined ? undefined : sync(file)));
    }, SYNC_MS);
    timer.unref();
  };

  /** Why nothing can be written. */
  const obstacle = (): LogError | undefined => {
    if (broken !== undefined) return broken;
    if (seal !== undefined) return logError('sealed', `${files.log} is sealed: nothing can be added to it`);
    return isClosed
      ? logError('closed', `${files.log} is closed: open the log again to write to it`)
      : undefined;
  };

  const opened = async (): Promise<E.Either<LogError, FileHandle>> => {
    if (handle !== undefined) return E.right(handle);
    try {
      // what a crash left of it was never promised
      handle = await open(files.log, FLAGS | constants.O_TRUNC, 0o600);
      index = await openLineIndex(files.index, handle, 0);
      return E.right(handle);
    } catch (error) {
      return E.left(ioError(`${files.log} could not be written`, error));
    }
  };

  /** Stores what these bytes give; nothing has changed when it fails, so it can be done again. */
  const store = async (file: FileHandle, news: Buffer, final: boolean): Promise<E.Either<LogError, void>> => {
    const { state, out } =
      patterns === undefined
        ? { state: startAt(offsets.source + news.length), out: news }
        : mask(patterns, masking, news, final);
    const writing = writeAt(file, out, offsets.stored);
    // while the system writes
    const planned = index?.plan(out, arrival);
    try {
      await writing;
    } catch (error) {
      return E.left(ioError(`${files.log} could not be written`, error));
    }
    hash.update(out);
    lastByte = out[out.length - 1] ?? lastByte;
    if (planned !== undefined) index?.take(planned);
    masking = state;
    offsets = { source: resumeAt(state), stored: offsets.stored + out.length };
    return E.right(undefined);
  };

  const write: AttemptWriter['write'] = async (sourceOffset, bytes, came) => {
    const why = obstacle();
    if (why !== undefined) return E.left(why);
    const received = receivedBy(masking);
    if (!Number.isSafeInteger(sourceOffset) || sourceOffset < 0 || sourceOffset > given)
      return E.left(
        logError(
          'gap',
          `${files.log} has everything up to byte ${given}, and was given what follows byte ${sourceOffset}; ask the source again from byte ${offsets.source}`,
        ),
      );
    const end = sourceOffset + bytes.length;
    const wanted = Math.min(end, limitBytes ?? end);
    if (wanted <= received) {
      given = Math.max(given, end);
      return E.right(undefined);
    }
    const news = bytes.subarray(received - sourceOffset, wanted - sourceOffset);
    const target = await opened();
    if (E.isLeft(target)) return target;
    arrival = came;
    const stored = await store(target.right, news, false);
    if (E.isLeft(stored)) return stored;
    given = Math.max(given, end);
    changed({ size: offsets.stored, sealed: false });
    if (offsets.stored - synced.stored >= SYNC_BYTES || performance.now() - syncedAt >= SYNC_MS)
      return sync(target.right);
    syncSoon(target.right);
    return E.right(undefined);
  };

  const goesOn: AttemptWriter['goesOn'] = async (source, from) => {
    if (handle === undefined || offsets.stored <= from) return E.right(true);
    const out = patterns === undefined ? source : mask(patterns, startAt(0), source).out;
    const length = Math.min(out.length, offsets.stored - from);
    try {
      return E.right((await readAt(handle, from, length)).equals(out.subarray(0, length)));
    } catch (error) {
      return E.left(ioError(`${files.log} could not be read`, error));
    }
  };

  const letGo = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const file = handle;
    handle = undefined;
    isClosed = true;
    await index?.close();
    await file?.close();
  };

  const sealLog = async (truncated: boolean): Promise<E.Either<LogError, SealedOutput>> => {
    if (seal !== undefined) return E.right(seal);
    const why = obstacle();
    if (why !== undefined) return E.left(why);
    // nothing came, or nothing of it may be stored: then the seal alone says so
    if (handle !== undefined) {
      const stored = await store(handle, Buffer.alloc(0), true);
      if (E.isLeft(stored)) return stored;
    }
    const isCut = truncated || given > offsets.source;
    const note = isCut ? cutNote(offsets.source, lastByte === LINE_FEED) : Buffer.alloc(0);
    const target = note.length > 0 ? await opened() : E.right(handle);
    if (E.isLeft(target)) return target;
    const file = target.right;
    const output: SealedOutput = {
      name,
      sourceBytes: offsets.source,
      // of the unmasked bytes it would let anyone try guesses of a masked value
      sourceSha256: patterns === undefined ? hash.copy().digest('hex') : '',
      storedBytes: offsets.stored + note.length,
      storedSha256: hash.copy().update(note).digest('hex'),
      truncated: isCut,
    };
    try {
      // not yet taken as stored: when the seal fails it is written there again
      if (file !== undefined) await writeAt(file, note, offsets.stored);
    } catch (error) {
      return E.left(ioError(`${files.log} could not be written`, error));
    }
    const sealing = writeBeside(files.sealed, `${JSON.stringify(output)}\n`, 0o600);
    // a failure is looked at below
    sealing.catch(() => undefined);
    try {
      await Promise.all([file?.datasync(), index?.sync()]);
    } catch (error) {
      await sealing.then(
        (beside) => beside.drop(),
        () => undefined,
      );
      broken = ioError(`${files.log} could not be synced`, error);
      return E.left(broken);
    }
    try {
      // only now may anybody see it
      await (await sealing).replace();
    } catch (error) {
      return E.left(ioError(`${files.sealed} could not be written`, error));
    }
    await index?.finish(note, arrival);
    offsets = { source: output.sourceBytes, stored: output.storedBytes };
    seal = output;
    await letGo();
    // the seal says it all; a record that stays behind is never read
    if (isRecorded) await rm(files.offset, { force: true }).catch(() => undefined);
    changed({ size: output.storedBytes, sealed: true });
    return E.right(output);
  };

  return {
    offsets: () => offsets,
    size: () => ({ size: offsets.stored, sealed: seal !== undefined }),
    lines: () => index?.linesOf(offsets.stored),
    isBroken: () => broken !== undefined,
    write: (sourceOffset, bytes, came) => inOrder(() => write(sourceOffset, bytes, came)),
    goesOn: (source, from) => inOrder(() => goesOn(source, from)),
    indexed: () => inOrder(async () => index?.flush()),
    seal: (truncated) => inOrder(() => sealLog(truncated)),
    close: () =>
      inOrder(async () => {
        if (handle !== undefined && broken === undefined) await sync(handle);
        await letGo();
      }),
  };
};
