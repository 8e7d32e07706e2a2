/**
 * Keeps what is on the page true: the server tells which topics have changed, and what was read of them is read again.
 * A page that nobody sees has no stream: browsers allow six connections to a server (HTTP/1.1), and tabs share them.
 */
import { hashKey, type QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { serverNow } from './clock.js';
import { apiPath, queryOf } from './client.js';
import { listOf, wantedOf } from './topics.js';

/** `since`: when the connection was lost, in milliseconds as `serverNow` counts. */
export type LiveState =
  { readonly kind: 'live' } | { readonly kind: 'paused' } | { readonly kind: 'lost'; readonly since: number };

let state: LiveState = { kind: 'paused' };
const listeners = new Set<() => void>();
const become = (next: LiveState): void => {
  if (next.kind === state.kind) return;
  state = next;
  for (const tell of listeners) tell();
};

export const useLiveState = (): LiveState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** What a query says of itself: `meta: {topics: [...]}`. */
const topicsOf = (meta: Readonly<Record<string, unknown>> | undefined): readonly string[] => {
  const topics = meta?.['topics'];
  return isTexts(topics) ? topics : [];
};

/** `all`: more has changed than is named. */
const toldIn = (data: unknown): readonly string[] | 'all' => {
  if (typeof data !== 'string') return [];
  const message: unknown = JSON.parse(data);
  if (typeof message !== 'object' || message === null || !('topics' in message)) return [];
  if ('many' in message && message.many === true) return 'all';
  return isTexts(message.topics) ? message.topics : [];
};

/** A part of a list, which comes with the list whenever that is read: read by itself only when it is told of by name. `meta: {topics, isInList: true}`. */
const isInList = (meta: Readonly<Record<string, unknown>> | undefined): boolean =>
  meta?.['isInList'] === true;

const RETRY_MS = 2000;

/** Follows the queries that are on the page until `stop`. */
export const followLive = (queries: QueryClient): { readonly stop: () => void } => {
  let source: EventSource | undefined;
  let following = '';
  let followed: readonly string[] = [];
  let retry: ReturnType<typeof setTimeout> | undefined;
  let planned = false;

  const active = () => queries.getQueryCache().findAll({ type: 'active' });
  const readAgain = (told: readonly string[] | 'all', { isNews }: { readonly isNews: boolean }): void => {
    const set = new Set(told);
    const isTold = (topics: readonly string[]): boolean =>
      told === 'all' || topics.some((topic) => set.has(topic) || set.has(listOf(topic) ?? topic));
    void queries.invalidateQueries({
      type: 'active',
      predicate: ({ meta }) => {
        const topics = topicsOf(meta);
        if (isInList(meta)) return isNews && topics.some((topic) => set.has(topic));
        return topics.length > 0 && isTold(topics);
      },
    });
  };

  const close = (): void => {
    source?.close();
    source = undefined;
    following = '';
    followed = [];
    clearTimeout(retry);
  };

  const open = (topics: readonly string[]): void => {
    const mustCatchUp = state.kind !== 'live' || following === '';
    const added = topics.filter((topic) => !followed.includes(topic));
    close();
    following = hashKey(topics);
    followed = topics;
    const opened = new EventSource(`${apiPath('updates')}${queryOf({ topics: wantedOf(topics) })}`);
    source = opened;
    opened.addEventListener('open', () => {
      // between what was read and the first word of the stream something may have changed
      if (mustCatchUp || state.kind === 'lost') readAgain('all', { isNews: false });
      else if (added.length > 0) readAgain(added, { isNews: false });
      become({ kind: 'live' });
    });
    opened.addEventListener('changed', ({ data }: MessageEvent<unknown>) =>
      readAgain(toldIn(data), { isNews: true }),
    );
    opened.addEventListener('error', () => {
      become({ kind: 'lost', since: serverNow() });
      // the browser comes again by itself after a lost connection, and not after a refusal
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
      retry = setTimeout(() => {
        following = '';
        // tells whether the session is over
        void queries.invalidateQueries({ queryKey: ['session'] });
        look();
      }, RETRY_MS);
    });
  };

  const look = (): void => {
    planned = false;
    if (document.hidden) {
      close();
      become({ kind: 'paused' });
      return;
    }
    const topics = [...new Set(active().flatMap(({ meta }) => topicsOf(meta)))].sort();
    if (topics.length === 0) {
      close();
      become({ kind: 'paused' });
    } else if (hashKey(topics) !== following) open(topics);
  };
  const plan = (): void => {
    if (planned) return;
    planned = true;
    setTimeout(look, 50);
  };

  const unsubscribe = queries.getQueryCache().subscribe(({ type, query }) => {
    if (type !== 'observerAdded' && type !== 'observerRemoved') return;
    // nobody follows what is not on the page: when it comes back it is read again
    if (!query.isActive() && topicsOf(query.meta).length > 0) query.invalidate();
    plan();
  });
  document.addEventListener('visibilitychange', plan);
  plan();
  return {
    stop: () => {
      unsubscribe();
      document.removeEventListener('visibilitychange', plan);
      close();
    },
  };
};
