/** The machine, logged in to. A host key that nobody named is shown to the person, while no connection is open. */
import * as E from 'fp-ts/lib/Either.js';
import type { Login as MachineLogin, Machine, OpenMachine } from '../../install/machine.js';
import type { Io } from '../io.js';
import { plain } from '../terminal.js';
import { ofMachine } from './failures.js';
import type { Proof } from './login.js';
import { interrupted, type Failure } from './steps.js';

export interface Reach {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: readonly string[];
}

/** Whether somebody says yes. */
export const agrees = async (io: Io, question: string, signal: AbortSignal): Promise<boolean> =>
  /^y(?:es)?$/iu.test((await io.person?.ask(`${question} [y/N] `, signal))?.trim() ?? '');

const unknownKey = (host: string, fingerprint: string): Failure => ({
  code: 'host_key_unknown',
  sentence: `${host} shows the host key ${fingerprint}, which nobody has accepted.`,
  hint: `Compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), then give it: --host-key ${fingerprint}`,
});

const accepted = async (
  io: Io,
  { host, port }: Reach,
  fingerprint: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, void>> => {
  if (io.person === undefined) return E.left(unknownKey(host, fingerprint));
  const machine = plain(`${host}:${port}`);
  const question = `${machine} shows the host key ${plain(fingerprint)}.\nIs that the key of this machine?`;
  const isRight = await agrees(io, question, signal);
  if (signal.aborted) return E.left(interrupted);
  return isRight ? E.right(undefined) : E.left(unknownKey(host, fingerprint));
};

/** `clear`: called before something is asked. Whoever gets the machine closes it. */
export const reach = async (
  io: Io,
  open: OpenMachine,
  where: Reach,
  proof: Proof,
  signal: AbortSignal,
  clear: () => void,
): Promise<E.Either<Failure, Machine>> => {
  const login: MachineLogin = { ...where, ...proof };
  if (where.hostKeys.length === 0) {
    let shown: string | undefined;
    const onHostKey = (fingerprint: string): Promise<boolean> => {
      shown = fingerprint;
      return Promise.resolve(false);
    };
    const first = await open({ ...login, onHostKey })();
    if (E.isRight(first)) return first;
    if (shown === undefined) return E.left(ofMachine(first.left));
    clear();
    const answer = await accepted(io, where, shown, signal);
    return E.isLeft(answer) ? answer : reach(io, open, { ...where, hostKeys: [shown] }, proof, signal, clear);
  }
  const opened = await open(login)();
  return E.isLeft(opened) ? E.left(ofMachine(opened.left)) : opened;
};
