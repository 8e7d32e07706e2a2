/** How is one operation done on the machine? Bootstrap; the password once sudo asks; program, order and payload once it is root. */
import { createReadStream } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../app/errors.js';
import type { TransportCode } from '../app/ports.js';
import type { AdministratorChannel, AdministratorLink, LoginTrouble } from '../ssh/administrator.js';
import { targetOf } from '../ssh/administrator.js';
import { transportError } from '../ssh/errors.js';
import { afterMarker, answerLines } from '../ssh/frames.js';
import { newNonce } from '../ssh/operation.js';
import { answerOf, parseStep, type Answer } from './answer.js';
import type { Login, OnStep } from './machine.js';
import { command, opening, program } from './program.js';
import { notConnected, notRoot, refusedBy } from './refusals.js';

export interface Order {
  /** Lines for `runner/order.sh`, without `go`. */
  readonly lines: readonly string[];
  /** Sent when the machine says that it is ready for it. */
  readonly file?: string;
}

/** By sshd, which starts passwd(1) instead of the command. */
const EXPIRED_SHELL = /password has expired|password change required/i;

/** By sudo, which then asks for the old password and a new one, and waits. */
const EXPIRED_SUDO = /account or password is expired/i;

/** What sudo says in English, which it is asked to speak, when it runs nothing. */
const sudoReasons: readonly (readonly [RegExp, string])[] = [
  [/account expired|account validation failure/i, 'account_expired'],
  [/must have a tty|terminal is required/, 'sudo_wants_tty'],
  [/not in the sudoers|not allowed to|may not run sudo/i, 'sudo_not_allowed'],
  [/password is required/, 'sudo_password_needed'],
  [/incorrect password|try again|no password was provided/i, 'sudo_password_wrong'],
];

/** More than the noise of rc files, of PAM and of sudo's lecture. */
const noiseLimit = 1024 * 1024;

/** An account that runs something else than a shell may never show the marker; nor does sudo that asks for something else. */
const markerMs = 60_000;

const send = (channel: AdministratorChannel, file: string): void => {
  const source = createReadStream(file);
  // Ends short: the machine counts the bytes and refuses.
  source.on('error', () => channel.end());
  channel.once('close', () => source.destroy());
  source.pipe(channel);
};

type Answered = E.Either<AppError, Answer>;

const converse = (
  link: AdministratorLink,
  login: Login,
  channel: AdministratorChannel,
  order: Order,
  on: OnStep,
): Promise<Answered> =>
  new Promise((resolve) => {
    const nonce = newNonce();
    const prompt = `BATON ${nonce} asks`;
    let received = Buffer.alloc(0);
    let complaint = '';
    let prompts = 0;
    let start: number | undefined;
    let told = 0;
    let over = false;
    const settle = (answer: Answered) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      channel.close();
      resolve(answer);
    };
    const refuse = (code: TransportCode, trouble?: LoginTrouble) => {
      const error = transportError(code, targetOf(login));
      const told = trouble === undefined ? error : { ...error, trouble };
      settle(E.left(notConnected(login, told, noise())));
    };
    const silent = () => {
      const reason = sudoReasons.find(([words]) => words.test(complaint))?.[1];
      if (EXPIRED_SHELL.test(complaint)) refuse('no_usable_shell', 'password_expired');
      else if (reason !== undefined) settle(E.left(notRoot(login, reason)));
      else refuse('no_usable_shell');
    };
    const noise = () => `${start === undefined ? received.toString('utf8', 0, 400) : ''} ${complaint}`;
    const timer = setTimeout(silent, markerMs);
    const listen = (lines: readonly string[]) => {
      for (const line of lines.slice(told)) {
        const step = parseStep(line);
        if (step !== undefined) on(step);
        if (line === 'fact ready yes' && order.file !== undefined) send(channel, order.file);
      }
      told = lines.length;
    };
    channel.on('data', (bytes: Buffer) => {
      if (over) return;
      received = Buffer.concat([received, bytes]);
      if (start === undefined) {
        start = afterMarker(received, nonce);
        if (start === undefined) {
          if (received.length > noiseLimit) silent();
          return;
        }
        clearTimeout(timer);
        channel.write(Buffer.concat([program, Buffer.from(`${[...order.lines, 'go'].join('\n')}\n`)]));
      }
      const text = received.toString('utf8', start);
      const [first = '', ...lines] = text.split('\n').slice(0, -1);
      if (first.startsWith('refused ')) {
        settle(E.left(notRoot(login, first.slice('refused '.length))));
        return;
      }
      listen(lines);
      const all = answerLines(text);
      if (all === undefined) return;
      const answer = answerOf(first, prompts > 0, all.slice(1));
      if (answer === undefined)
        settle(E.left(notConnected(login, transportError('protocol', targetOf(login)), first)));
      else if (answer.error === undefined) settle(E.right(answer));
      else settle(E.left(refusedBy(login, answer.error, answer.left)));
    });
    channel.stderr.on('data', (bytes: Buffer) => {
      if (over || start !== undefined) return;
      complaint = (complaint + bytes.toString('utf8')).slice(-4000);
      if (EXPIRED_SUDO.test(complaint)) {
        refuse('permission_denied', 'password_expired');
        return;
      }
      const asked = complaint.split(prompt).length - 1;
      if (asked <= prompts) return;
      prompts = asked;
      // a second time: the first answer was wrong, and one try is all that it gets
      if (asked > 1) settle(E.left(notRoot(login, 'sudo_password_wrong')));
      else channel.write(`${login.sudoPassword ?? ''}\n`);
    });
    channel.once('close', () => {
      if (!link.isConnected() || start !== undefined)
        settle(E.left(notConnected(login, transportError('connection_lost', targetOf(login)))));
      else silent();
    });
    channel.on('error', () => undefined);
    channel.write(opening(nonce, login.sudoPassword !== undefined));
  });

export const exchange = async (
  link: AdministratorLink,
  login: Login,
  order: Order,
  on: OnStep = () => undefined,
): Promise<Answered> => {
  const channel = await link.open(command);
  return E.isLeft(channel)
    ? E.left(notConnected(login, channel.left))
    : converse(link, login, channel.right, order, on);
};
