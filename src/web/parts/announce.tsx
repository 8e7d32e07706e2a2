/** Says what happened to who cannot see it, and for a moment to everybody. */
import { useEffect, useSyncExternalStore } from 'react';

let told = { text: '', count: 0 };
const listeners = new Set<() => void>();

const become = (text: string): void => {
  told = { text, count: told.count + 1 };
  for (const tell of listeners) tell();
};

/** One sentence. */
export const announce = (text: string): void => become(text);

const SHOWN_MS = 6000;

/** Where it is said: once on a page. */
export const Announcer = () => {
  const { text, count } = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => told,
  );
  useEffect(() => {
    if (text === '') return undefined;
    const timer = setTimeout(() => become(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [text, count]);
  return (
    <div role="status" aria-live="polite" className="announcer">
      {text === '' ? null : <p key={count}>{text}</p>}
    </div>
  );
};
