/** The time as the server has it: ages that tick must not depend on the clock of who looks. */
import { useSyncExternalStore } from 'react';

let aheadMs = 0;
let best = Number.POSITIVE_INFINITY;

/** From the `Date` of an answer (whole seconds, RFC 9110 §6.6.1). The smallest difference seen is that of the answer that was fastest. */
export const tellServerTime = (date: string | null): void => {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  const difference = Date.now() - at;
  if (difference >= best) return;
  best = difference;
  // up to a second is the rounding of the header
  aheadMs = Math.abs(difference) <= 1500 ? 0 : difference;
};

/** Milliseconds since 1970, as on the server. */
export const serverNow = (): number => Date.now() - aheadMs;

let second = Math.floor(serverNow() / 1000);
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(serverNow() / 1000);
    for (const tell of listeners) tell();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
};

/** Ticks once a second, for all who show an age. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => second) * 1000;
