/** Pages whose code comes when it is first needed: no later than it is there, and what is said when it cannot be had. */
import { useEffect, useEffectEvent, useState, type ComponentType } from 'react';
import { apiPath, ApiProblem, problemOf, send, unreachable } from '../api/client.js';
import { ProblemNote } from './problem.js';

const AGAIN_MS = 2000;

/** `any`: the server answers, with whatever; null: it does not. */
const answers = (signal: AbortSignal): Promise<'any' | null> =>
  send(apiPath('session'), { signal }).then(
    () => 'any' as const,
    (error: unknown) => (problemOf(error).reason === 'server_unreachable' ? null : 'any'),
  );

/** A browser may keep in mind what it could not load, so the page is loaded anew: by itself as soon as a server that was away is back. */
const Missing = () => {
  const [isAway, setAway] = useState<boolean>();
  const told = useEffectEvent((answer: 'any' | null) => {
    if (answer === null) setAway(true);
    else if (isAway === true) location.reload();
    else setAway(false);
  });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const answer = await answers(stop.signal);
      if (stop.signal.aborted) return;
      told(answer);
      if (answer === null) timer = setTimeout(() => void look(), AGAIN_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  if (isAway === undefined) return <p className="muted">One moment…</p>;
  if (isAway) return <ProblemNote error={new ApiProblem(unreachable)} />;
  return (
    <div className="stack">
      <p role="alert" className="note tone-bad">
        A part of the page could not be had. The server may have been renewed since it was loaded.
      </p>
      <p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </p>
    </div>
  );
};

export interface Later<P extends object> {
  readonly Page: ComponentType<P>;
  /** Has it come although it is not shown yet. */
  readonly begin: () => void;
}

/**
 * Not by `lazy`, under which React keeps a fallback for at least 300 ms once it was shown (FALLBACK_THROTTLE_MS, React 19), whatever
 * has come meanwhile.
 */
export const later = <P extends object>(
  load: () => Promise<{ readonly default: ComponentType<P> }>,
): Later<P> => {
  let come: ComponentType<P> | undefined;
  let coming: Promise<ComponentType<P> | undefined> | undefined;
  const begin = (): Promise<ComponentType<P> | undefined> =>
    (coming ??= load().then(
      (module) => (come = module.default),
      () => (coming = undefined),
    ));
  const Page = (props: P) => {
    const [state, setState] = useState<{ readonly page: ComponentType<P> | undefined } | undefined>(
      come === undefined ? undefined : { page: come },
    );
    const isThere = state !== undefined;
    useEffect(() => {
      if (isThere) return undefined;
      let isShown = true;
      void begin().then((page) => {
        if (isShown) setState({ page });
      });
      return () => {
        isShown = false;
      };
    }, [isThere]);
    if (state === undefined) return <p className="muted">One moment…</p>;
    return state.page === undefined ? <Missing /> : <state.page {...props} />;
  };
  return { Page, begin: () => void begin() };
};
