/** Where do the logs of attempts live? As plain files in one folder, so that `less` and `tail -f` read them too. */
import { mkdir } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import {
  Subject,
  defer,
  distinctUntilChanged,
  finalize,
  from as fromPromise,
  merge,
  scan,
  takeWhile,
  throwError,
} from 'rxjs';
import type { FoundLines, LogError, LogStore, SearchWanted } from '../app/ports.js';
import { systemClock, type Clock } from '../kernel/time.js';
import type { AttemptFiles } from './attempt-files.js';
import { durableOffsets, filesOf, ioError, logError, namesOf, readPiece, readSeal } from './attempt-files.js';
import { expressionsBy, type Expressions } from './expressions.js';
import { patternsFor } from './forms.js';
import { linesOfLog } from './lines.js';
import { usualBounds, type TextBounds } from './line-texts.js';
import { beside } from './search-beside.js';
import type { MatchMark } from './search-found.js';
import { lineSearch } from './search-lines.js';
import { knownSearches, searchLog, type Known, type Searched } from './search.js';
import type { AttemptWriter, LogSize } from './writer.js';
import { openWriter, type WritingTerms } from './writer.js';

/** At most this much in one answer, whatever was asked for: it is held in memory. */
const READ_MOST_BYTES = 16 * 1024 * 1024;

interface Opened {
  readonly writer: Promise<AttemptWriter>;
  /** How many have it open; the file is let go with the last. */
  users: number;
}

/**
 * Per attempt `<jobId>.<attempt>.log` and its `.index`, while it grows `.offset`, when it is complete `.sealed.json`. Where outputs are kept
 * apart, the same of each, named `<jobId>.<attempt>.stdout` and `.stderr`; of what a job reported `.report`. One process writes to a folder; several may read. Who opens a log
 * that is open in this process shares its writer.
 */
export const fileLogStore = (
  directory: string,
  clock: Pick<Clock, 'now'> = systemClock,
  bounds: TextBounds & { readonly searchBytes?: number } = usualBounds,
  expressions: Expressions = expressionsBy(beside()),
): LogStore => {
  const opened = new Map<string, Opened>();
  /** Writers that are syncing their last bytes: who opens or reads the same log waits for them. */
  const closing = new Map<string, Promise<void>>();
  const watched = new Map<string, Subject<LogSize>>();

  let making: Promise<unknown> | undefined;
  /** The folder, once. */
  const made = (): Promise<unknown> => {
    making ??= mkdir(directory, { recursive: true, mode: 0o700 });
    making.catch(() => (making = undefined));
    return making;
  };

  const begin = async (
    name: string,
    files: AttemptFiles,
    secrets: readonly string[],
    terms: WritingTerms,
  ): Promise<AttemptWriter> => {
    await closing.get(name);
    await made();
    return openWriter(files, patternsFor(secrets), terms, (size) => watched.get(name)?.next(size));
  };

  const acquire = (
    name: string,
    files: AttemptFiles,
    secrets: readonly string[],
    terms: WritingTerms,
  ): Opened => {
    const entry = opened.get(name) ?? { writer: begin(name, files, secrets, terms), users: 0 };
    opened.set(name, entry);
    entry.users++;
    return entry;
  };

  const forget = (name: string, entry: Opened): void => {
    if (opened.get(name) === entry) opened.delete(name);
  };

  const release = async (name: string, entry: Opened): Promise<void> => {
    entry.users--;
    if (entry.users > 0) return;
    forget(name, entry);
    const done = entry.writer.then((writer) => writer.close());
    closing.set(name, done);
    await done.finally(() => {
      if (closing.get(name) === done) closing.delete(name);
    });
  };

  const open: LogStore['open'] =
    (output, secrets, { lateBelow = 0, ...terms } = {}) =>
    async () => {
      const checked = namesOf(output);
      if (E.isLeft(checked)) return checked;
      const name = checked.right.file;
      const files = filesOf(directory, name);
      const entry = acquire(name, files, secrets, { ...terms, name: checked.right.output });
      try {
        const writer = await entry.writer;
        let isClosed = false;
        const whileOpen =
          <A>(task: () => Promise<E.Either<LogError, A>>): TaskEither<LogError, A> =>
          async () => {
            if (isClosed) return E.left(logError('closed', `${files.log} was closed by this writer`));
            const result = await task();
            // the next one to open it starts from what is on disk
            if (writer.isBroken()) forget(name, entry);
            return result;
          };
        return E.right({
          offsets: writer.offsets,
          isSealed: () => writer.size().sealed,
          write: (sourceOffset, bytes) =>
            whileOpen(() => {
              const at = Date.parse(clock.now());
              return writer.write(sourceOffset, bytes, {
                at,
                came: sourceOffset < lateBelow ? 'late' : 'live',
              });
            }),
          goesOn: (source, from) => whileOpen(() => writer.goesOn(source, from)),
          seal: (truncated) => whileOpen(() => writer.seal(truncated)),
          close: async () => {
            if (isClosed) return;
            isClosed = true;
            await release(name, entry);
          },
        });
      } catch (error) {
        forget(name, entry);
        return E.left(ioError(`${files.log} could not be opened`, error));
      }
    };

  const sizeOf = async (name: string, files: AttemptFiles): Promise<LogSize> => {
    const live = opened.get(name);
    if (live !== undefined) return (await live.writer).size();
    await closing.get(name);
    const seal = await readSeal(files);
    return seal === undefined
      ? { size: (await durableOffsets(files)).stored, sealed: false }
      : { size: seal.storedBytes, sealed: true };
  };

  const read: LogStore['read'] = (output, from, maxBytes) => async () => {
    const names = namesOf(output);
    if (E.isLeft(names)) return names;
    if (!Number.isSafeInteger(from) || from < 0 || !Number.isSafeInteger(maxBytes) || maxBytes < 0)
      return E.left(
        logError('invalid', `expected a place and a length from 0, found ${from} and ${maxBytes}`),
      );
    const name = names.right.file;
    const files = filesOf(directory, name);
    try {
      const state = await sizeOf(name, files);
      const bytes = await readPiece(files.log, from, Math.min(maxBytes, READ_MOST_BYTES), state.size);
      return E.right({ bytes, ...state });
    } catch (error) {
      return E.left(ioError(`${files.log} could not be read`, error));
    }
  };

  const linesIn = async (
    name: string,
    files: AttemptFiles,
    wanted: Parameters<typeof linesOfLog>[3],
  ): Promise<FoundLines & LogSize> => {
    const writer = await opened.get(name)?.writer;
    await writer?.indexed();
    const state = writer?.size() ?? (await sizeOf(name, files));
    const lines = writer?.lines();
    const extent = { ...state, ...(lines === undefined ? {} : { lines }) };
    return { ...(await linesOfLog(files, extent, writer === undefined, wanted)), ...state };
  };

  const lines: LogStore['lines'] =
    (output, from, count, texts = false) =>
    async () => {
      const names = namesOf(output);
      if (E.isLeft(names)) return names;
      if (!Number.isSafeInteger(from) || from === 0 || !Number.isSafeInteger(count) || count < 0)
        return E.left(
          logError(
            'invalid',
            `expected a line from 1 or from -1 and a count from 0, found ${from} and ${count}`,
          ),
        );
      const name = names.right.file;
      const files = filesOf(directory, name);
      try {
        return E.right(await linesIn(name, files, { from, count, ...(texts ? { texts: bounds } : {}) }));
      } catch (error) {
        return E.left(ioError(`the lines of ${files.log} could not be read`, error));
      }
    };

  const searched = knownSearches();
  const searchIn = async (
    file: string,
    size: number,
    wanted: SearchWanted,
    known: Known | undefined,
    signal: AbortSignal,
  ): Promise<E.Either<LogError, Searched>> => {
    if (wanted.regex === true) return expressions.search(file, size, wanted, known, signal);
    const begin = (start: MatchMark) => lineSearch(wanted, start);
    const found = await searchLog(file, size, wanted, begin, known, signal, bounds.searchBytes);
    return found === undefined
      ? E.left(logError('aborted', `${file} was not searched to its end`))
      : E.right(found);
  };
  const search: LogStore['search'] = (output, wanted, signal) => async () => {
    const names = namesOf(output);
    if (E.isLeft(names)) return names;
    const name = names.right.file;
    const files = filesOf(directory, name);
    const key = JSON.stringify([name, wanted.regex === true, wanted.caseSensitive, wanted.text]);
    try {
      const state = await sizeOf(name, files);
      const known = state.sealed ? searched.of(key) : undefined;
      const done = await searchIn(files.log, state.size, wanted, known, signal);
      if (E.isLeft(done)) return done;
      const { known: next, ...found } = done.right;
      if (state.sealed) searched.keep(key, next);
      return E.right({ ...found, ...state });
    } catch (error) {
      return E.left(ioError(`${files.log} could not be searched`, error));
    }
  };

  const changesOf = (name: string) =>
    defer(() => {
      const changes = watched.get(name) ?? new Subject<LogSize>();
      watched.set(name, changes);
      return changes.pipe(
        finalize(() => {
          if (!changes.observed && watched.get(name) === changes) watched.delete(name);
        }),
      );
    });

  const watch: LogStore['watch'] = (output) => {
    const names = namesOf(output);
    if (E.isLeft(names)) return throwError(() => names.left);
    const name = names.right.file;
    const now = defer(() => fromPromise(sizeOf(name, filesOf(directory, name))));
    // listens before it looks, so that nothing falls between; what was looked up may be older than what was heard
    return merge(changesOf(name), now).pipe(
      scan((last, next) => (next.sealed || next.size > last.size ? next : last)),
      distinctUntilChanged((a, b) => a.size === b.size && a.sealed === b.sealed),
      takeWhile(({ sealed }) => !sealed, true),
    );
  };

  return { open, read, lines, expressionProblem: expressions.problem, search, watch };
};
