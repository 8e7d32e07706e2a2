/** When are ended attempts tidied up on a runner? Together, a moment later: what removes ten costs little more than what removes one. */
import * as E from 'fp-ts/lib/Either.js';
import type { AttemptRef, TransportError } from '../app/ports.js';
import { attemptName, cleanUp, type Runner } from './attempt.js';
import { transportError } from './errors.js';

type Answer = E.Either<TransportError, void>;

const WAIT_MS = 200;
const MOST = 32;

interface Batch {
  readonly names: string[];
  readonly done: Promise<Answer>;
  /** Now, and not when the time is over. */
  readonly go: () => void;
}

export type Tidy = (key: string, runner: Runner, attempt: AttemptRef) => Promise<Answer>;

/** `key` names the runner. When the tidying up of many fails, each is tried alone, so that one keeps no other from it. */
export const createTidy = (): Tidy => {
  const waiting = new Map<string, Batch>();

  const open = (key: string, runner: Runner): Batch => {
    const names: string[] = [];
    let go: () => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      go = resolve;
      setTimeout(resolve, WAIT_MS);
    });
    const done = full.then(() => {
      if (waiting.get(key)?.names === names) waiting.delete(key);
      return cleanUp(runner, names);
    });
    const batch = { names, done, go };
    waiting.set(key, batch);
    return batch;
  };

  return async (key, runner, attempt) => {
    const name = attemptName(attempt);
    if (name === undefined)
      return E.left(transportError('protocol', runner.target, 'the attempt is no plain word'));
    const batch = waiting.get(key) ?? open(key, runner);
    batch.names.push(name);
    if (batch.names.length === MOST) {
      waiting.delete(key);
      batch.go();
    }
    const together = await batch.done;
    return E.isLeft(together) && together.left.code !== 'connection_lost' && batch.names.length > 1
      ? cleanUp(runner, [name])
      : together;
  };
};
