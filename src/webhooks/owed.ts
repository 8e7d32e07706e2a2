/**
 * What one receiver has yet to be told, and what of it may be sent now? Messages of one stream go one after the other; streams do
 * not wait for each other. No clock: instants in milliseconds come with each question.
 */
import type { Position } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';

export interface Message {
  readonly position: Position;
  readonly stream: string;
  readonly id: string;
  /** When it happened. */
  readonly at: Instant;
  readonly body: string;
}

interface Owed extends Message {
  /** Tries that failed. */
  tries: number;
  notBefore: number;
  underWay: boolean;
}

/** Sent at a time, while all is well; one at a time after a failure, until something is taken again. */
const MOST_UNDER_WAY = 8;
const FIRST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 300_000;

/** 1 s, 2 s, 4 s, … 5 min. */
const pauseAfter = (failures: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 30), MOST_PAUSE_MS);

export interface OwedMessages {
  readonly add: (message: Message) => void;
  /** The next one to send now, which is under way from then on; undefined when there is none. */
  readonly next: (now: number) => Message | undefined;
  readonly taken: (message: Message) => void;
  /** `begunAt`: when it was sent; `askedMs`: the pause that the receiver asked for. */
  readonly failed: (message: Message, begunAt: number, now: number, askedMs?: number) => void;
  /** When `next` may have something that it has not now; undefined: not by waiting alone. */
  readonly due: () => number | undefined;
  /** Failures in a row, of whatever message. */
  readonly failures: () => number;
  readonly positions: () => readonly Position[];
  readonly size: () => number;
  /** When the oldest of them happened. */
  readonly oldest: () => Instant | undefined;
  /** Characters that are held. */
  readonly weight: () => number;
}

export const owedMessages = (): OwedMessages => {
  /** In the order of the log; a failed stream goes behind the others for its next try. */
  const streams = new Map<string, Owed[]>();
  let size = 0;
  let weight = 0;
  let underWay = 0;
  let failures = 0;
  let failedAt = -Infinity;
  /** For all of them: what is wrong with the receiver is not wrong with one message. */
  let pausedUntil = -Infinity;

  const firsts = (): readonly Owed[] => [...streams.values()].flatMap(([first]) => first ?? []);
  const idle = (): readonly Owed[] => firsts().filter((one) => !one.underWay);
  const isFull = (): boolean => underWay >= (failures > 0 ? 1 : MOST_UNDER_WAY);

  const ended = (message: Message): Owed | undefined => {
    const first = streams.get(message.stream)?.[0];
    if (first?.position !== message.position) return undefined;
    underWay -= 1;
    first.underWay = false;
    return first;
  };

  return {
    add: (message) => {
      const owed = { ...message, tries: 0, notBefore: -Infinity, underWay: false };
      const list = streams.get(message.stream);
      if (list === undefined) streams.set(message.stream, [owed]);
      else list.push(owed);
      size += 1;
      weight += message.body.length;
    },
    next: (now) => {
      if (isFull() || now < pausedUntil) return undefined;
      const found = idle().find(({ notBefore }) => notBefore <= now);
      if (found === undefined) return undefined;
      found.underWay = true;
      underWay += 1;
      return found;
    },
    taken: (message) => {
      const first = ended(message);
      if (first === undefined) return;
      const list = streams.get(message.stream) ?? [];
      list.shift();
      if (list.length === 0) streams.delete(message.stream);
      size -= 1;
      weight -= message.body.length;
      failures = 0;
      pausedUntil = -Infinity;
    },
    failed: (message, begunAt, now, askedMs = 0) => {
      const first = ended(message);
      if (first === undefined) return;
      first.tries += 1;
      first.notBefore = now + Math.max(pauseAfter(first.tries), askedMs);
      const list = streams.get(message.stream) ?? [];
      streams.delete(message.stream);
      streams.set(message.stream, list);
      // those that were under way together fail together, and count once
      if (begunAt >= failedAt) {
        failures += 1;
        failedAt = now;
        pausedUntil = now + Math.max(pauseAfter(failures), askedMs);
      }
    },
    due: () => {
      const [soonest] = idle()
        .map(({ notBefore }) => notBefore)
        .sort((a, b) => a - b);
      return soonest === undefined || isFull() ? undefined : Math.max(soonest, pausedUntil);
    },
    failures: () => failures,
    positions: () => [...streams.values()].flatMap((list) => list.map(({ position }) => position)),
    size: () => size,
    // instants of one form are in the order of their texts
    oldest: () =>
      firsts()
        .map(({ at }) => at)
        .sort()[0],
    weight: () => weight,
  };
};
