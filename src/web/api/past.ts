/** The moment that the pages show: now, or the one that `?at=` names (an instant, or a position). */
import { useSearch } from 'wouter';

/** Undefined: now, and live. */
export const useAt = (): string | undefined => {
  const at = new URLSearchParams(useSearch()).get('at');
  return at === null || at === '' ? undefined : at;
};

/** What every answer carries beside its own members when it was asked for with `at`. */
export interface OfPast {
  readonly at?: { readonly position: string; readonly time?: string };
}
