/** The same library as Baton uses, and nothing else: what a loop over one connection costs when nothing is kept. */
import { once } from 'node:events';
import ssh2, { type Client, type ClientChannel } from 'ssh2';
import { fingerprintOf } from '../../src/ssh/keys.js';
import type { Undoing } from '../store/tidily.js';
import type { Machine } from './machine.js';

/** Without Nagle's algorithm, which would wait 40 ms for each acknowledgement. */
export const connect = async (machine: Machine, undoing: Undoing): Promise<Client> => {
  const { port, user: username, privateKey, fingerprint } = machine;
  const client = new ssh2.Client();
  client.connect({
    ...{ host: '127.0.0.1', port, username, privateKey },
    hostVerifier: (key: Buffer) => fingerprintOf(key) === fingerprint,
    // as Baton prefers them
    algorithms: { cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'] },
  });
  await once(client, 'ready');
  client.setNoDelay(true);
  undoing.add(async () => {
    const closed = once(client, 'close');
    client.end();
    await closed;
  });
  return client;
};

/** `begin` is called before anything of the command can have arrived. */
const open = <A>(client: Client, command: string, begin: (channel: ClientChannel) => A): Promise<A> =>
  new Promise((resolve, reject) => {
    client.exec(command, (error: Error | undefined, channel) => {
      if (error === undefined) resolve(begin(channel));
      else reject(error);
    });
  });

/** Runs a command to its end, and gives what it prints to `take`. */
export const drain = async (
  client: Client,
  command: string,
  take: (bytes: Buffer) => void,
): Promise<void> => {
  let code: unknown;
  const { closed } = await open(client, command, (channel) => {
    channel.on('data', take);
    channel.stderr.resume();
    channel.once('exit', (found: unknown) => (code = found));
    return { closed: once(channel, 'close') };
  });
  await closed;
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
};

/** The same; answers what it printed. */
export const execute = async (client: Client, command: string): Promise<string> => {
  let out = '';
  await drain(client, command, (bytes) => (out += bytes.toString()));
  return out;
};

export interface Slot {
  /** Runs a command in a shell of its own, below a shell that stays. */
  readonly run: (command: string) => Promise<void>;
}

/** A shell in a session of its own that reads its commands from the channel; the shell before it keeps the channel open. */
export const openSlot = async (client: Client): Promise<Slot> => {
  const channel = await open(client, 'exec sh -c "setsid sh; exit"', (opened) => opened);
  let [said, told]: [string, (code: string) => void] = ['', () => undefined];
  channel.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    const end = said.indexOf('\n');
    if (end < 0) return;
    const line = said.slice(0, end);
    said = said.slice(end + 1);
    told(line);
  });
  channel.stderr.resume();
  return {
    run: async (command) => {
      const answer = new Promise<string>((resolve) => (told = resolve));
      channel.write(`sh -c '${command}' </dev/null; echo $?\n`);
      const code = await answer;
      if (code !== '0') throw new Error(`${command} ended with ${code}`);
    },
  };
};
