/** A command that a person gives by a button: it has one name however often it is sent, and what it changed is read again. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { announce } from '../parts/announce.js';
import { ask, newKey, problemOf } from './client.js';

export interface Command<B> {
  readonly url: string;
  /** What is told when it is done, in one sentence. */
  readonly done: string;
  readonly body?: B;
}

/** A sending that failed on the way keeps its name until it is answered, so that pressing again does nothing twice. */
export const useCommand = <A = unknown, B = unknown>(onDone: (answer: A) => void = () => undefined) => {
  const queries = useQueryClient();
  const key = useRef<{ readonly of: string; readonly key: string }>(undefined);
  return useMutation({
    mutationFn: ({ url, body }: Command<B>) => {
      const of = `${url} ${JSON.stringify(body ?? {})}`;
      if (key.current?.of !== of) key.current = { of, key: newKey() };
      return ask<A>(url, { method: 'POST', body, key: key.current.key });
    },
    onSuccess: async (answer, { done }) => {
      key.current = undefined;
      announce(done);
      onDone(answer);
      await queries.invalidateQueries();
    },
    onError: (error) => {
      // an answer was had: the next press is a new command
      if (problemOf(error).status !== 0) key.current = undefined;
    },
  });
};
