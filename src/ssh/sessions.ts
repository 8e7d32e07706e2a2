/** How many sessions at once does an sshd let us open over one connection (`MaxSessions`)? Found by opening some. */
import * as E from 'fp-ts/lib/Either.js';
import type { ProbeReport, RunnerTarget } from '../app/ports.js';
import { SESSIONS_PER_CONNECTION, type Connects } from './pool.js';

type SessionCount = NonNullable<ProbeReport['sessions']>;

/** Nobody has it, so no program is started for it; the session stays allotted until the connection ends (RFC 4254 §6.5). */
const NO_SUBSYSTEM = 'baton-counts-sessions';

/**
 * Asks for as many sessions at once as Baton ever has on a connection. On a connection of its own: the limit is one of each
 * connection, so what runs over another is not disturbed. Undefined when that connection cannot be had, or is lost.
 */
export const countSessions = async (
  target: RunnerTarget,
  dial: Connects,
  withinMs: number,
): Promise<SessionCount | undefined> => {
  const made = await dial(target);
  if (E.isLeft(made)) return undefined;
  const { client } = made.right;
  const asked = SESSIONS_PER_CONNECTION;
  const counted = await new Promise<SessionCount | undefined>((resolve) => {
    let [answered, opened] = [0, 0];
    const timer = setTimeout(() => {
      resolve(undefined);
    }, withinMs);
    client.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    const told = (error: Error | undefined): void => {
      answered += 1;
      // A refused session has a reason (RFC 4254 §5.1); a refused subsystem has none.
      if (error === undefined || !('reason' in error)) opened += 1;
      if (answered === asked) {
        clearTimeout(timer);
        resolve({ asked, opened });
      }
    };
    try {
      for (let n = 0; n < asked; n += 1) client.subsys(NO_SUBSYSTEM, told);
    } catch {
      // lost already
      resolve(undefined);
    }
  });
  client.end();
  return counted;
};
