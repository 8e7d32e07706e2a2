/** Asks for a token, and trades it for a cookie that no script can read. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { left, logIn, useLeft } from '../api/session.js';
import { problemOf } from '../api/client.js';
import { Field } from '../parts/field.js';
import { ProblemNote } from '../parts/problem.js';

/** A refusal in the words of a form; the server's own are for programs, too. */
const Refused = ({ error }: { readonly error: Error }) =>
  problemOf(error).status === 401 ? (
    <div role="alert" className="note tone-bad">
      <p>The token is not known here.</p>
      <p>It may be mistyped, have expired, or have been revoked.</p>
    </div>
  ) : (
    <ProblemNote error={error} />
  );

/** `wasIn`: somebody was logged in on this page. */
export const LoginPage = ({ wasIn }: { readonly wasIn: boolean }) => {
  const isLeft = useLeft();
  const queries = useQueryClient();
  const [token, setToken] = useState('');
  const { mutate, isPending, error } = useMutation({
    mutationFn: logIn,
    meta: { isLogIn: true },
    onSuccess: (session) => {
      queries.removeQueries({ queryKey: left });
      queries.setQueryData(['session'], session);
    },
  });
  return (
    <main className="login">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          mutate(token.trim());
        }}
      >
        <h1>Baton</h1>
        {wasIn && error === null ? (
          <p role="status" className="note tone-live">
            {isLeft
              ? 'You are logged out.'
              : 'Your session has ended: the token has expired or was revoked, or nothing was asked for long. Log in again to go on where you were.'}
          </p>
        ) : null}
        <Field
          label="Token"
          hint={
            <>
              The first <code>baton serve</code> prints one; an administrator makes others with{' '}
              <code>baton token create</code>.
            </>
          }
        >
          {(id) => (
            <input
              id={id}
              className="input mono"
              type="password"
              autoComplete="current-password"
              spellCheck={false}
              required
              autoFocus
              value={token}
              onChange={({ target }) => setToken(target.value)}
            />
          )}
        </Field>
        {error === null ? null : <Refused error={error} />}
        <button type="submit" className="button primary" disabled={isPending}>
          {isPending ? 'One moment…' : 'Log in'}
        </button>
      </form>
    </main>
  );
};
