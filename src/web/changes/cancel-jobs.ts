/** Cancels jobs one after another, since each is a command of its own, and tells of each what came of it. */
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { announce } from '../parts/announce.js';
import { apiPath, newKey, problemOf, send } from '../api/client.js';

/** `asked`: taken; the job ends when its runner has told. */
export type Result =
  | { readonly kind: 'waits' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'asked' }
  | { readonly kind: 'refused'; readonly why: string };

export const useCancelJobs = (ids: readonly string[]) => {
  const queries = useQueryClient();
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [state, setState] = useState<'asks' | 'sends' | 'done'>('asks');
  // a job has one command however often the button is pressed: what was asked for is not asked for twice
  const keys = useRef(new Map<string, string>());
  const run = async (reason: string): Promise<void> => {
    const open = ids.filter((id) => results.get(id)?.kind !== 'asked');
    const so = new Map(results);
    const note = (id: string, result: Result): void => {
      so.set(id, result);
      setResults(new Map(so));
    };
    setState('sends');
    for (const id of open) note(id, { kind: 'waits' });
    for (const id of open) {
      note(id, { kind: 'sent' });
      const key = keys.current.get(id) ?? newKey();
      keys.current.set(id, key);
      try {
        await send(apiPath('jobs', id, 'cancel'), {
          ...{ method: 'POST', key },
          body: reason === '' ? {} : { reason },
        });
        note(id, { kind: 'asked' });
      } catch (error) {
        const { detail, status } = problemOf(error);
        // an answer was had: the next press is a new command
        if (status !== 0) keys.current.delete(id);
        note(id, { kind: 'refused', why: detail });
      }
    }
    setState('done');
    const taken = [...so.values()].filter(({ kind }) => kind === 'asked').length;
    announce(`The end of ${taken} of ${ids.length} ${ids.length === 1 ? 'job' : 'jobs'} has been asked for.`);
    await queries.invalidateQueries();
  };
  return { results, state, run };
};
