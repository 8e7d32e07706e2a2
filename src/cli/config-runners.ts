/** Which runners does a server know, for a check that can do without one? */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../app/evidence.js';
import { note, type Io } from './io.js';
import { fail } from './print.js';
import { sessionOf } from './session.js';
import { plain } from './terminal.js';

export interface Asking {
  readonly url?: string;
  /** Undefined: neither `--server` nor `--no-server`. */
  readonly server?: boolean;
  readonly json?: boolean;
}

/**
 * All that are enrolled; undefined when none was asked for or none answered. Who names a server on the command line wants its answer,
 * and its silence is a failure. One in BATON_URL alone stands there for other commands: its silence is told, and no more.
 */
export const knownRunners = async (
  io: Io,
  command: Command,
  { url, server, json = false }: Asking,
): Promise<readonly RunnerAsOf[] | undefined> => {
  const isWanted = server === true || (url !== undefined && server !== false);
  const isKnown = (io.env['BATON_URL'] ?? '') !== '' && server !== false;
  if (!isWanted && !isKnown) return undefined;
  // What is wrong with a variable that nobody spoke of now must not end in a failure.
  const session = sessionOf(isWanted ? io : { ...io, exit: () => undefined }, command);
  const listed = await session?.client.listRunners();
  if (listed !== undefined && E.isRight(listed))
    return listed.right.items.filter(({ state }) => state !== 'retired');
  if (isWanted && listed !== undefined) fail(io, json, listed.left);
  const why = listed === undefined ? '' : ` (${plain(listed.left.detail)})`;
  note(io, `note: checked without a server${why}: whether runners match is not known`);
  return undefined;
};
