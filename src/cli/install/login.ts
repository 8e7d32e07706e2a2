/** How the command line proves itself to the machine: keys and passwords from files, an agent or the person, never from arguments. */
import * as E from 'fp-ts/lib/Either.js';
import type { Login as MachineLogin } from '../../install/machine.js';
import type { Io } from '../io.js';
import { keyOf } from './key-file.js';
import { passwordIn } from './password-file.js';
import { interrupted, refused, type Failure } from './steps.js';
import type { Login } from './wish.js';

export type Proof = Pick<MachineLogin, 'auth' | 'sudoPassword'>;

const passwordOf = async (
  io: Io,
  how: NonNullable<Login['password']>,
  whose: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, string>> => {
  // what somebody types as the standard input would be shown
  const isTyped = how === 'asked' || (how.file === '-' && io.person !== undefined);
  if (!isTyped) return passwordIn(io, how.file, signal);
  const typed = await io.person?.askHidden(`Password of ${whose}: `, signal);
  if (typed === undefined) return E.left(interrupted);
  return typed === '' ? refused('password_empty', 'The password is empty.') : E.right(typed);
};

/** `whose`: `USER@HOST`, for the questions. With a key, the password is the one of sudo alone, as in the original. */
export const proofOf = async (
  io: Io,
  login: Login,
  whose: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, Proof>> => {
  const key = login.identityFile === undefined ? E.right({}) : await keyOf(io, login.identityFile, signal);
  if (E.isLeft(key)) return key;
  const agent = login.agent === undefined ? {} : { agentSocket: login.agent };
  const auth = { ...key.right, ...agent };
  if (login.password === undefined) return E.right({ auth });
  const password = await passwordOf(io, login.password, whose, signal);
  if (E.isLeft(password)) return password;
  const forLogin = login.identityFile === undefined ? { password: password.right } : {};
  return E.right({ auth: { ...auth, ...forLogin }, sudoPassword: password.right });
};
