/**
 * A whole list each time that something of it has changed, as the original's pages were told. The list comes first, so nothing is missed
 * between asking for it and listening; changes that follow each other closely are told as one, so that a busy queue costs no more than a
 * few lists a second.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import { pause } from '../../app/follow-store.js';
import type { AppError } from '../../app/errors.js';
import type { Position } from '../../kernel/recorded.js';
import type { Pace } from '../pace.js';
import { comment, failure, frame } from '../sse.js';
import { wakeOn } from '../../app/wake.js';

/** Between two lists at least. */
export const TOGETHER_MS = 250;
/** A long list is told less often: making it takes no more than a twentieth of the time. */
const SHARE = 20;

/** So long until the next one, when this one took `spentMs`. */
export const restAfter = (spentMs: number): number => Math.max(TOGETHER_MS, SHARE * spentMs);

export interface StateStream {
  readonly event: string;
  readonly changes: Observable<unknown>;
  readonly read: TaskEither<
    AppError,
    {
      readonly position: Position;
      readonly data: unknown;
      /** Two lists with the same are the same to whoever listens. */
      readonly state: unknown;
    }
  >;
  /** `Last-Event-ID`: when nothing has happened since, there is nothing to tell. */
  readonly after: string | undefined;
  readonly pace: Pace;
  readonly requestId: string;
}

export async function* stateFrames(
  { event, changes, read, after, pace, requestId }: StateStream,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const wake = wakeOn(changes, () => undefined);
  let told: string | undefined;
  try {
    yield comment(event);
    while (!signal.aborted) {
      const startedMs = performance.now();
      const found = await read();
      if (E.isLeft(found)) return yield failure(found.left, requestId);
      const { position, data, state } = found.right;
      const now = JSON.stringify(state);
      const isKnown = now === told || (told === undefined && position === after);
      told = now;
      if (!isKnown) yield frame(event, data, position);
      const ended = wake.ended();
      if (ended !== undefined && 'error' in ended) return yield failure(ended.error, requestId);
      if (ended !== undefined) return;
      await pause(restAfter(performance.now() - startedMs), signal);
      const restedMs = performance.now();
      await wake.pause(pace.heartbeatMs, signal);
      if (performance.now() - restedMs >= pace.heartbeatMs) yield comment('still here');
    }
  } finally {
    wake.close();
  }
}
