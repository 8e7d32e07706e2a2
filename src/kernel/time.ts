/** Time as a value: pure code never asks for it, it is told. */

/** ISO 8601 UTC instant with milliseconds, e.g. `2026-01-31T12:00:00.000Z`; sorts as text. */
export type Instant = string;

/** Where adapters and the composition root get the time from. */
export interface Clock {
  /** Wall clock; for people and records, never for measuring. */
  readonly now: () => Instant;
  /** Milliseconds that only grow; for measuring, comparable within one process only. */
  readonly monotonicMs: () => number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  monotonicMs: () => performance.now(),
};

/** Milliseconds from `from` to `to`; negative when `to` is earlier. */
export const millisBetween = (from: Instant, to: Instant): number => Date.parse(to) - Date.parse(from);

/** The instant `ms` milliseconds after `at`. */
export const plusMillis = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString();
