/** Asks a host something that it answers as it answers a report: whatever it does instead is a failure, and it is waited for no longer than said. */
import * as E from 'fp-ts/lib/Either.js';
import { pause } from '../src/app/follow-store.js';
import type { ReportAnswer } from './contract.js';

export interface Patience {
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly closing: AbortSignal;
}

/** The answer; left with why there is none. */
export const askHost = async (
  call: (how: { readonly signal: AbortSignal }) => Promise<unknown>,
  { timeoutMs, closing }: Patience,
): Promise<E.Either<unknown, ReportAnswer>> => {
  const patient = new AbortController();
  const signal = AbortSignal.any([patient.signal, closing]);
  try {
    // called in a turn of its own, so that whatever it throws lands here
    const asked = Promise.resolve().then(() => call({ signal }));
    asked.catch(() => undefined);
    const late = pause(timeoutMs, signal).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    late.catch(() => undefined);
    const answer = await Promise.race([asked, late]);
    if (answer === 'ok' || answer === 'stale' || answer === 'gone') return E.right(answer);
    throw new Error(`ok, stale or gone was expected as answer, found ${JSON.stringify(answer)}`);
  } catch (cause) {
    return E.left(cause);
  } finally {
    patient.abort();
  }
};

const FIRST_RETRY_MS = 100;

/** Pause before the next try, after so many failures: twice as long each time. */
export const retryAfter = (failures: number, mostMs: number): number =>
  Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 20), mostMs);
