/** What no sshd of a test asks: a code beside the password; and agents that do not keep their word. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { logIn, type LoginError } from '../../src/ssh/administrator.js';
import { keysInAgent } from '../../src/ssh/agent.js';
import { fingerprintOf, generateKeyPair, publicKeyOf } from '../../src/ssh/keys.js';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Anything that listens; closed after the test. */
const listening = (
  server: Server | ssh2.Server,
  where: { readonly path: string } | { readonly port: 0; readonly host: string },
) =>
  new Promise<void>((resolve) => {
    ends.push(() => new Promise((closed) => void server.close(() => closed())));
    server.listen(where, () => resolve());
  });

/** Asks these questions one after the other by keyboard-interactive, whatever is answered, and then lets nobody in. */
const machineThatAsks = async (questions: readonly string[]) => {
  const answers: string[] = [];
  const hostKey = generateKeyPair();
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return;
      }
      const ask = ([question, ...rest]: readonly string[]): void => {
        if (question === undefined) context.reject(['keyboard-interactive']);
        else
          context.prompt([{ prompt: question, echo: false }], ([answer = '']) => {
            answers.push(answer);
            ask(rest);
          });
      };
      ask(questions);
    });
  });
  await listening(server, { port: 0, host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo;
  return { port, answers, hostKeys: [fingerprintOf(publicKeyOf(hostKey.publicKey) ?? Buffer.alloc(0))] };
};

const refusal = async (
  questions: readonly string[],
): Promise<LoginError & { readonly answers: readonly string[] }> => {
  const { answers, ...machine } = await machineThatAsks(questions);
  const login = { host: '127.0.0.1', user: 'admin', auth: { password: 'Kanarien' } };
  const got = await logIn({ ...login, ...machine });
  if (E.isRight(got)) throw new Error('let in');
  return { ...got.left, answers };
};

describe('a login by keyboard-interactive', () => {
  test('the password answers the first question alone, and a further one is told', async () => {
    const error = await refusal(['Password: ', 'Verification code: ']);
    expect(error).toMatchObject({ code: 'permission_denied', trouble: 'more_asked' });
    expect(error.asked).toBe('Password:  Verification code: ');
    expect(error.answers).toEqual(['Kanarien', '']);
  });

  test('a new password is not made up; that the old one has expired is told', async () => {
    const error = await refusal(['Password: ', 'You must change your password.\nNew password: ']);
    expect(error).toMatchObject({ trouble: 'password_expired', answers: ['Kanarien', ''] });
  });

  test('the same question once more means a wrong password', async () => {
    const error = await refusal(['Password: ', 'Password: ']);
    expect(error).toMatchObject({ code: 'permission_denied', answers: ['Kanarien', ''] });
    expect(error.trouble).toBeUndefined();
  });
});

describe('an ssh-agent', () => {
  const agentThatAnswers = async (answer: Buffer): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'baton-agent-'));
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    const path = join(directory, 'socket');
    await listening(server, { path });
    ends.push(() => rm(directory, { recursive: true }));
    return path;
  };

  test('its keys are counted; another answer, half of one or none counts as no agent', async () => {
    const counted = Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 3]);
    const failure = Buffer.from([0, 0, 0, 1, 5]);
    for (const [answer, keys] of [
      [counted, 3],
      [failure, undefined],
      [counted.subarray(0, 7), undefined],
      [Buffer.alloc(0), undefined],
    ] as const)
      expect(await keysInAgent(await agentThatAnswers(answer))).toBe(keys);
    expect(await keysInAgent('/nowhere/socket')).toBeUndefined();
  });
});
