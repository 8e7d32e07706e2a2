/** How Baton is to prove itself to a runner: with a key that it keeps, or with the server's ssh-agent. Never both. */
import { appError, type AppError } from './errors.js';
import type { AddRunner } from './use-cases.js';

/** A key beside `agent` would be kept and never used, and whoever gave it would think that it is. */
export const authRefusal = ({
  auth,
  privateKey,
}: Pick<AddRunner, 'auth' | 'privateKey'>): AppError | undefined =>
  auth === 'agent' && privateKey !== undefined
    ? appError(
        'invalid',
        'auth',
        "Auth agent and a private key contradict each other: the server's ssh-agent holds the key, and Baton keeps none.",
        {
          hint: 'Leave one of the two out; nothing was changed.',
          problems: [
            {
              path: 'privateKey',
              expected: 'none beside auth agent',
              found: 'a key (not shown)',
              mend: 'leave out the key (--identity), or give auth key (--auth key)',
            },
          ],
        },
      )
    : undefined;
