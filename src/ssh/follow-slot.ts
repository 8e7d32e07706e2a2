/** How does the log of a job arrive whose slot will tell its end? A short job's with that end; a longer one's by reads at an
 * offset over SFTP. Where there is no SFTP, or the slot is lost, over a channel of its own. */
import { posix } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { SFTPWrapper } from 'ssh2';
import type { AttemptSignal, OutputRef } from '../app/ports.js';
import { attemptName, type Runner } from './attempt.js';
import { LinkError, transportError } from './errors.js';
import { fileOf, follow } from './follow.js';
import { openLog, type LogFile } from './log-reader.js';
import type { SlotEnd } from './slot-frames.js';

export interface Live {
  readonly end: Promise<SlotEnd | undefined>;
}

/** A job that ends sooner is told with its log. */
const SHORT_MS = 200;
/** How often is looked for more: often while it comes, seldom while nothing does. */
const LOOK_MS = { least: 100, most: 1000 };

type Told = { readonly end: SlotEnd | undefined } | 'later';

/** Whichever comes first. */
const within = (live: Live, ms: number, signal: AbortSignal): Promise<Told> =>
  new Promise((resolve) => {
    const settle = (told: Told): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', later);
      resolve(told);
    };
    const later = (): void => {
      settle('later');
    };
    const timer = setTimeout(later, ms);
    signal.addEventListener('abort', later);
    void live.end.then((end) => {
      settle({ end });
    });
  });

const lostLink = (runner: Runner, cause: unknown): LinkError =>
  new LinkError(transportError('connection_lost', runner.target, '', cause));

/** Of two outputs the slot has told the sizes. */
const ended = ({ state }: SlotEnd, { output }: OutputRef, logSize: number): AttemptSignal => ({
  kind: 'ended',
  state: output === undefined ? { ...state, logSize } : state,
});

/** See RunnerTransport.follow. */
export async function* followSlot(
  runner: Runner,
  live: Live,
  sftp: () => Promise<SFTPWrapper | undefined>,
  output: OutputRef,
  fromOffset: number,
  signal: AbortSignal,
): AsyncGenerator<AttemptSignal, void, undefined> {
  const first = await within(live, SHORT_MS, signal);
  if (signal.aborted) return;
  if (first !== 'later' && first.end?.whole === true && fromOffset <= first.end.bytes.length) {
    const { bytes } = first.end;
    if (bytes.length > fromOffset)
      yield { kind: 'bytes', offset: fromOffset, bytes: bytes.subarray(fromOffset) };
    yield ended(first.end, output, bytes.length);
    return;
  }
  const lost = first !== 'later' && first.end === undefined;
  const file = lost ? undefined : await logOf(runner, output, sftp);
  if (file === undefined) {
    yield* follow(runner, output, fromOffset, signal);
    return;
  }
  try {
    const offset = yield* readOn(runner, live, output, file, fromOffset, signal);
    // Without the slot's word only a query tells how it ended.
    if (offset !== undefined) yield* follow(runner, output, offset, signal);
  } finally {
    file.close();
  }
}

const logOf = async (
  runner: Runner,
  output: OutputRef,
  sftp: () => Promise<SFTPWrapper | undefined>,
): Promise<LogFile | undefined> => {
  const name = attemptName(output);
  const session = await sftp();
  if (name === undefined || session === undefined) return undefined;
  // Both begin at the home of the account; an SFTP server in a root of its own has no such file.
  const file = await openLog(
    session,
    posix.join(runner.target.base, runner.site.installationId, `${name}.${fileOf(output)}`),
  );
  return E.isRight(file) ? file.right : undefined;
};

/** Until the slot has told the end and all has been given. The offset, when the slot was lost. */
async function* readOn(
  runner: Runner,
  live: Live,
  output: OutputRef,
  file: LogFile,
  fromOffset: number,
  signal: AbortSignal,
): AsyncGenerator<AttemptSignal, number | undefined, undefined> {
  let offset = fromOffset;
  let pause = LOOK_MS.least;
  let told: Told = 'later';
  while (!signal.aborted) {
    const before = offset;
    try {
      for await (const bytes of file.read(offset)) {
        yield { kind: 'bytes', offset, bytes };
        offset += bytes.length;
      }
      if (told !== 'later' && told.end !== undefined) {
        // All writers were gone when the slot told the end.
        const size = await file.size();
        if (size === offset) {
          yield ended(told.end, output, size);
          return undefined;
        }
        continue;
      }
    } catch (cause) {
      throw cause instanceof LinkError ? cause : lostLink(runner, cause);
    }
    if (told !== 'later') return offset;
    pause = offset > before ? LOOK_MS.least : Math.min(pause * 1.5, LOOK_MS.most);
    told = await within(live, pause, signal);
  }
  return undefined;
}
