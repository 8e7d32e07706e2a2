/** How the command line proves itself to the machine: keys and passwords from files, an agent or the person, never from arguments. */
import { resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { Login as MachineLogin } from '../../install/machine.js';
import { readKey } from '../identity.js';
import type { Io } from '../io.js';
import { readText, withoutLineEnd } from '../read-text.js';
import { isLocked } from './identity-file.js';
import { interrupted, type Failure } from './steps.js';
import type { Login } from './wish.js';

export type Proof = Pick<MachineLogin, 'auth' | 'sudoPassword'>;

const refused = (code: string, sentence: string, hint?: string): E.Either<Failure, never> =>
  E.left({ code, sentence, ...(hint === undefined ? {} : { hint }) });

type Key = Pick<Proof['auth'], 'privateKey' | 'passphrase'>;

const keyOf = async (io: Io, file: string, signal: AbortSignal): Promise<E.Either<Failure, Key>> => {
  const privateKey = await readKey(resolve(io.cwd, file)).catch(() => 'unreadable' as const);
  if (privateKey === 'unreadable')
    return refused('identity_unreadable', `The file of -i cannot be read: ${file}.`);
  if (privateKey === undefined)
    return refused('identity_unusable', `${file} is not a private key in PEM or OpenSSH form.`);
  if (!isLocked(privateKey)) return E.right({ privateKey });
  if (io.person === undefined)
    return refused(
      'passphrase_needed',
      `The key ${file} is locked with a passphrase, and there is no terminal to ask for it.`,
      'Let an ssh-agent hold the key (ssh-add), and leave -i out.',
    );
  const passphrase = await io.person.askHidden(`Passphrase of ${file}: `, signal);
  return passphrase === undefined ? E.left(interrupted) : E.right({ privateKey, passphrase });
};

const passwordOf = async (
  io: Io,
  how: NonNullable<Login['password']>,
  whose: string,
  signal: AbortSignal,
): Promise<E.Either<Failure, string>> => {
  if (how === 'asked') {
    const typed = await io.person?.askHidden(`Password of ${whose}: `, signal);
    if (typed === undefined) return E.left(interrupted);
    return typed === '' ? refused('password_empty', 'The password is empty.') : E.right(typed);
  }
  const text = await readText(io, how.file === '-' ? undefined : how.file);
  if (text === undefined)
    return refused('password_unreadable', `The file of --password-file cannot be read: ${how.file}.`);
  const password = withoutLineEnd(text);
  if (password === '') return refused('password_empty', 'What --password-file gave is empty.');
  return /[\r\n\0]/u.test(password)
    ? refused('password_unusable', 'What --password-file gave has more than one line.')
    : E.right(password);
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
