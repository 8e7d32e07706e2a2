/** What does `runner test` tell about each way in which a machine cannot be used? One sentence, one code, one exit code. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunnerTested } from '../../src/app/use-cases.js';
import { generateKeyPair, type KeyPair } from '../../src/ssh/keys.js';
import { startLocalSshServer } from '../../src/ssh/local-server.js';
import { findSshd, startSystemSshd, type SystemSshd } from '../../src/ssh/system-sshd.js';
import { aWorld, type World } from './world.js';

let world: World;
let key: KeyPair;
const closers: (() => Promise<void>)[] = [];
beforeEach(async () => {
  world = await aWorld();
  key = generateKeyPair();
  await world.start();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await world.close();
});

const user = userInfo().username;
const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}/;
const noSshd = findSshd() === undefined;

/** An SSH server that lets `key` in, on the given port or any. */
const anSshServer = async (port?: number) => {
  const server = await startLocalSshServer({
    hostKey: generateKeyPair().privateKey,
    authorizedKey: key.publicKey,
    home: world.folder,
    ...(port === undefined ? {} : { port }),
  });
  closers.push(server.close);
  return server;
};

const anSshd = async (
  authorizedKey: string,
  port?: number,
  settings: readonly string[] = [],
): Promise<SystemSshd> => {
  const sshdPath = findSshd();
  if (sshdPath === undefined) throw new Error('this machine has no sshd; install openssh-server');
  const directory = join(world.folder, `sshd-${closers.length}`);
  const server = await startSystemSshd({
    ...{ sshdPath, directory, authorizedKey, settings, environment: { HOME: world.folder } },
    ...(port === undefined ? {} : { port }),
  });
  closers.push(server.close);
  return server;
};

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

interface Address {
  readonly host?: string;
  readonly port: number;
  readonly fingerprint?: string;
}

/** Adds the runner `it` as a person would, with the key in a file. */
const add = async (
  { host = '127.0.0.1', port, fingerprint }: Address,
  base = join(world.folder, 'base'),
  identity = key.privateKey,
): Promise<void> => {
  const ran = await world.baton(
    ...['runner', 'add', 'it', '--host', host, '--port', String(port), '--user', user, '--base', base],
    ...['--identity', world.file('identity', identity)],
    ...(fingerprint === undefined ? [] : ['--host-key', fingerprint]),
  );
  expect([ran.code, ran.err]).toEqual([0, '']);
};

/** Runs the test once for people and once for programs; both must agree. */
const testIt = async (...more: readonly string[]) => {
  const told = await world.baton('runner', 'test', 'it', ...more);
  const asked = await world.baton('runner', 'test', 'it', '--json');
  const { code, sentence } = JSON.parse(asked.out) as RunnerTested;
  expect(asked.code).toBe(told.code);
  expect(told.out + told.err + asked.out).not.toContain('PRIVATE KEY');
  const [first = '', ...rest] = told.out.trimEnd().split('\n');
  expect(first.replace(/\d+ ms/, '')).toBe(sentence.replace(/\d+ ms/, ''));
  return { exit: told.code, code, sentence: first, rest: rest.join('\n'), err: told.err };
};

const NOWHERE = `SHA256:${'A'.repeat(43)}`;

describe('baton runner test', () => {
  it('given a machine as it should be, then ready, and exit code 0', async () => {
    const server = await anSshServer();
    await add(server);
    expect(await testIt()).toMatchObject({
      ...{ exit: 0, code: 'ready', rest: '', err: '' },
      sentence: expect.stringMatching(/^The runner it is ready: it answered within \d+ ms\.$/) as string,
    });
  });

  it('given a host that has no address, then `is not known to DNS`', async () => {
    await add({ host: 'nowhere.invalid', port: 22, fingerprint: NOWHERE });
    expect(await testIt()).toEqual({
      ...{ exit: 1, code: 'name_not_found', rest: '', err: 'it is not ready: name_not_found\n' },
      sentence:
        'The name nowhere.invalid of runner it is not known to DNS; correct the host or add the name.',
    });
  });

  it('given a closed port, then `nothing accepts connections`', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    await add({ port, fingerprint: NOWHERE });
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'refused' });
    expect(found.sentence).toBe(
      `Nothing accepts connections at 127.0.0.1 port ${port}; start sshd on runner it or correct the port.`,
    );
  });

  // once, since it takes the whole connect timeout of 15 s, which no option shortens
  it('given a port that never answers, then `no answer in time`', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    const port = await listening(server);
    closers.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    await add({ port, fingerprint: NOWHERE });
    const ran = await world.baton('runner', 'test', 'it');
    expect([ran.code, ran.err]).toEqual([1, 'it is not ready: timed_out\n']);
    expect(ran.out).toMatch(/^No answer from 127\.0\.0\.1 port \d+ in time; check that runner it is up/);
  });

  it('given no accepted host key, then it is shown, nobody logs in; once accepted, ready', async () => {
    const server = await anSshServer();
    await add({ port: server.port });
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'host_key_unknown' });
    expect(found.sentence).toContain(`showed the host key ${server.fingerprint}, and none is accepted yet`);
    expect(found.rest).toContain(`baton runner test it --accept-host-key ${server.fingerprint}`);
    expect(server.authentications()).toBe(0);
    expect(await testIt('--accept-host-key', server.fingerprint)).toMatchObject({ exit: 0, code: 'ready' });
  });

  it('given an accepted host key that is not the one shown, then nobody logs in', async () => {
    const server = await anSshServer();
    await add({ port: server.port, fingerprint: NOWHERE });
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'host_key_changed' });
    expect(found.sentence).toContain(`${server.fingerprint}, expected ${NOWHERE}`);
    const other = await world.baton('runner', 'test', 'it', '--accept-host-key', server.fingerprint);
    expect(other.code).toBe(5);
    expect(other.err).toContain('has the accepted host key');
    expect(server.authentications()).toBe(0);
  });

  it.skipIf(noSshd)(
    'given an sshd that came back with another host key, then changed [needs sshd]',
    async () => {
      const before = await anSshd(key.publicKey);
      await add(before);
      expect(await testIt()).toMatchObject({ exit: 0, code: 'ready' });
      await before.close();
      const after = await anSshd(key.publicKey, before.port);
      expect(after.fingerprint).not.toBe(before.fingerprint);
      const found = await testIt();
      expect(found).toMatchObject({ exit: 1, code: 'host_key_changed' });
      expect(found.sentence).toContain(
        `showed the host key ${after.fingerprint}, expected ${before.fingerprint}`,
      );
      const shown = await world.baton('runner', 'list');
      expect(shown.out).toMatch(FINGERPRINT);
      expect(shown.out).toContain('quarantined');
    },
  );

  it.skipIf(noSshd)(
    'given an sshd that allows fewer sessions than the slots need, then ready, and how many it needs [needs sshd]',
    async () => {
      await add(await anSshd(key.publicKey, undefined, ['MaxSessions 3']));
      expect((await world.baton('runner', 'set', 'it', '--slots', '4')).code).toBe(0);
      const found = await testIt();
      expect(found).toMatchObject({ exit: 0, code: 'ready' });
      expect(found.sentence).toContain(
        '4 slots need 6 sessions, this sshd allows 3 at a login: Baton logs in more than once',
      );
      const shown = await world.baton('runner', 'show', 'it');
      expect(shown.out).toMatch(/^sessions +no +3 +4 slots need 6 sessions/m);
      expect(shown.out).toMatch(/^clock +yes +as here/m);
    },
  );

  const othersKey = async (server: Address): Promise<void> => {
    await add(server, undefined, generateKeyPair().privateKey);
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'permission_denied' });
    expect(found.sentence).toContain(`refused to let ${user} in with the key of runner it`);
  };
  it('given a key that the machine does not accept, then `refused to let in`', async () => {
    await othersKey(await anSshServer());
  });
  it.skipIf(noSshd)(
    'given a key that sshd does not accept, then `refused to let in` [needs sshd]',
    async () => {
      await othersKey(await anSshd(key.publicKey));
    },
  );

  it.skipIf(noSshd).each([
    ['that ends at once', 'exit 1'],
    ['that prints something else', 'echo This account is for backups only.'],
  ])('given a forced command %s, then `do not reach a POSIX shell` [needs sshd]', async (_name, command) => {
    const server = await anSshd(`command="${command}" ${key.publicKey}`);
    await add(server);
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'no_usable_shell' });
    expect(found.sentence).toContain('commands do not reach a POSIX shell');
    if (command.startsWith('echo')) expect(found.sentence).toContain('This account is for backups only.');
  });

  it('given a base below a regular file, then `cannot be used`', async () => {
    const server = await anSshServer();
    const base = join(world.file('taken', ''), 'base');
    await add(server, base);
    const found = await testIt();
    expect(found).toMatchObject({ exit: 1, code: 'workspace_not_writable' });
    expect(found.sentence).toContain(`Baton's folder ${base} on runner it cannot be used (found: `);
    expect(found.sentence).toContain(`make it writable for ${user}`);
  });

  it('given a runner that nobody added, then exit code 3', async () => {
    const ran = await world.baton('runner', 'test', 'nobody');
    expect([ran.code, ran.out]).toEqual([3, '']);
    expect(ran.err).toContain('There is no runner named nobody.');
  });
});
