/** Who looks at the pages, and what they may do. The server refuses all the same: hiding saves people a refusal. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { apiPath, ApiProblem, ask, send } from './client.js';

export interface Grant {
  readonly role: 'viewer' | 'operator' | 'admin';
  readonly enterprise?: string;
  readonly organisation?: string;
  readonly project?: string;
}

export interface Session {
  readonly actor: string;
  readonly grants: readonly Grant[];
  /** `cookie`: logged in here, so logging out makes sense. */
  readonly via: 'cookie' | 'token' | 'host';
  readonly expiresAt?: string;
}

const url = apiPath('session');

/** Whether another program says who looks, which Baton is a part of: it has the login, and here is none. */
export const isLetInByHost = (): boolean =>
  document.querySelector('meta[name="baton-login"]')?.getAttribute('content') === 'host';

/** null: nobody; undefined: not known yet. */
export const useSession = (): {
  readonly session: Session | null | undefined;
  readonly error: Error | null;
} => {
  const { data, error } = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) =>
      ask<Session>(url, { signal }).catch((failure: unknown) => {
        if (failure instanceof ApiProblem && failure.problem.status === 401) return null;
        throw failure;
      }),
    staleTime: 60_000,
    refetchInterval: 60_000,
  });
  return { session: data, error };
};

/** Trades a token for a cookie, which scripts cannot read. */
export const logIn = (token: string): Promise<Session> =>
  ask<Session>(url, { method: 'POST', body: { token } });

/** Set when the session ended because it was wished; who logs in removes it. */
export const left = ['session', 'left'] as const;

/** Whether the session ended because it was wished. */
export const useLeft = (): boolean => useQueryClient().getQueryData(left) === true;

export const useLogOut = (): (() => Promise<void>) => {
  const queries = useQueryClient();
  return async () => {
    await send(url, { method: 'DELETE' });
    // what the next person may see is for the server to say
    queries.setQueryData(['session'], null);
    // nothing watches it, and it is to stay as long as the form
    queries.setQueryDefaults(left, { gcTime: Number.POSITIVE_INFINITY });
    queries.setQueryData(left, true);
    queries.removeQueries({ predicate: ({ queryKey: [first] }) => first !== 'session' });
  };
};

/** Where something is; absent members: anywhere. */
export type Place = Omit<Grant, 'role'>;

const RANK = { viewer: 0, operator: 1, admin: 2 } as const;

const covers = (grant: Grant, place: Place): boolean =>
  (['enterprise', 'organisation', 'project'] as const).every(
    (part) => grant[part] === undefined || grant[part] === place[part],
  );

/** Whether these grants give the role there; without a place: everywhere. */
export const may = (grants: readonly Grant[], role: Grant['role'], place: Place = {}): boolean =>
  grants.some((grant) => RANK[grant.role] >= RANK[role] && covers(grant, place));

/** Whether who looks may do what needs this role there. */
export const useMay = (role: Grant['role'], place: Place = {}): boolean =>
  may(useSession().session?.grants ?? [], role, place);
