/** Asks for a token, and trades it for a cookie that no script can read. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { logIn } from '../api/session.js';
import { Field } from '../parts/field.js';
import { ProblemNote } from '../parts/problem.js';

export const LoginPage = () => {
  const queries = useQueryClient();
  const [token, setToken] = useState('');
  const { mutate, isPending, error } = useMutation({
    mutationFn: logIn,
    onSuccess: (session) => {
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
        <ProblemNote error={error} />
        <button type="submit" className="button primary" disabled={isPending}>
          {isPending ? 'One moment…' : 'Log in'}
        </button>
      </form>
    </main>
  );
};
