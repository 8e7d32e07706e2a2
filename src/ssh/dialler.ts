/**
 * When is the next connection dialled? To one host one after the other, since sshd drops unauthenticated connections above
 * MaxStartups at random; and to many hosts, as after a restart of the server, not all in one moment.
 */
import type { RunnerTarget } from '../app/ports.js';

/** One that takes longer than this most likely hangs, and whoever comes next waits no longer for it. */
const SLOW_MS = 1_000;

/** So much of a spread for each connection that is under way already; the first of all waits for nothing. */
const SPREAD_MS = 4;
const MOST_MS = 2_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until it is over, however it ends; at most `ms`. */
const atMost = (work: Promise<unknown>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const over = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(over, over);
  });

const hostOf = ({ host, port, jump }: RunnerTarget): string =>
  JSON.stringify([host, port, jump?.host, jump?.port]);

export type Dial<C> = (target: RunnerTarget) => Promise<C>;

/** `random`: 0 to 1. */
export const createDialler = <C>(dial: Dial<C>, random: () => number = Math.random): Dial<C> => {
  /** The last one to each host, until it is over. */
  const last = new Map<string, Promise<C>>();
  let underWay = 0;

  const inTurn = async (target: RunnerTarget, before: Promise<C> | undefined): Promise<C> => {
    const spreadMs = Math.min(underWay * SPREAD_MS, MOST_MS);
    underWay += 1;
    try {
      if (before !== undefined) await atMost(before, SLOW_MS);
      else if (spreadMs > 0) await pause(random() * spreadMs);
      return await dial(target);
    } finally {
      underWay -= 1;
    }
  };

  return async (target) => {
    const host = hostOf(target);
    const turn = inTurn(target, last.get(host));
    last.set(host, turn);
    try {
      return await turn;
    } finally {
      if (last.get(host) === turn) last.delete(host);
    }
  };
};
