/** What can a job do to its runner and to the slot beside it? Tried as the accounts of slots, by the runner's own key. */
import { describe, expect, test } from 'vitest';
import ssh2 from 'ssh2';
import { whyNoMachine, type FreshMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import { logIn } from '../../src/ssh/administrator.js';
import * as E from 'fp-ts/lib/Either.js';
import { on, orThrow, rootLogin, machinesOfEachTest, runnerKey, specOf } from './given-machine.js';

const why = await whyNoMachine();

/** Exit code and output of a command as an account of the runner, over SSH as Baton comes. */
const as = async (fresh: FreshMachine, user: string, command: string): Promise<string> => {
  const link = await logIn({
    ...{ host: fresh.host, port: fresh.port, user, hostKeys: [fresh.hostKey] },
    auth: { privateKey: runnerKey.privateKey },
  });
  if (E.isLeft(link)) throw new Error(link.left.message);
  const channel = await link.right.open(command);
  if (E.isLeft(channel)) throw new Error(channel.left.message);
  let said = '';
  channel.right.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  channel.right.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  // `exit` may have come in one packet with the answer that opened the channel; `close` waits for who reads, and has the code as well
  const code = await new Promise((resolve) => {
    channel.right.once('close', resolve);
    channel.right.end();
  });
  await link.right.close();
  return `${String(code)} ${said.trim()}`;
};

describe.skipIf(why !== undefined)(`isolated slots [needs machine]${skipped(why)}`, () => {
  const { start } = machinesOfEachTest();

  test('a job gets in by the key only, and reaches neither the keys nor the slot beside it', async () => {
    const fresh = await start();
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf({ isolate: true, slots: 3 }))());
    });
    const keys = await fresh.run('sha256sum /home/job_runner*/.ssh/authorized_keys');
    await fresh.run(
      'echo secret >/var/opt/baton/job_runner-2/file; chown job_runner-2: /var/opt/baton/job_runner-2/file',
    );
    expect(
      await as(fresh, 'job_runner-1', 'id -un; echo >/var/opt/baton/job_runner-1/mine && echo well'),
    ).toBe('0 job_runner-1\nwell');
    const neighbour = (
      await fresh.run(
        'setpriv --reuid job_runner-2 --regid job_runner-2 --clear-groups sleep 300 >/dev/null 2>&1 & echo $!',
      )
    ).trim();
    const denied = [
      ...['job_runner', 'job_runner-1', 'job_runner-2'].flatMap((user) => [
        `echo x >>/home/${user}/.ssh/authorized_keys`,
        `mv /home/${user}/.ssh/authorized_keys /home/${user}/.ssh/a`,
        `rm -f /home/${user}/.ssh/authorized_keys`,
        `mv /home/${user}/.ssh /home/${user}/ssh`,
        `mv /home/${user} /home/other`,
        `touch /home/${user}/.ssh/rc`,
        `touch /home/${user}/.ssh/environment`,
        `touch /home/${user}/.profile`,
        `chmod 777 /home/${user}`,
      ]),
      ...['job_runner', 'job_runner-2'].flatMap((user) => [
        `ls /var/opt/baton/${user}`,
        `mv /var/opt/baton/${user} /var/opt/baton/gone`,
        `touch /var/opt/baton/${user}/x`,
      ]),
      'cat /var/opt/baton/job_runner-2/file',
      'mv /var/opt/baton/job_runner-1 /var/opt/baton/gone',
      `kill -9 ${neighbour}`,
      `cat /proc/${neighbour}/environ`,
      'sudo -n true',
      'echo >/etc/baton/job_runner.manifest',
    ];
    const answers = await as(
      fresh,
      'job_runner-1',
      denied.map((one) => `(${one}) >/dev/null 2>&1 && printf '%s\\n' '${one}'`).join('; '),
    );
    expect(answers).toMatch(/^\d+ $|^\d+$/);
    expect(await fresh.run('sha256sum /home/job_runner*/.ssh/authorized_keys')).toBe(keys);
    expect(await fresh.run(`cat /proc/${neighbour}/comm`)).toMatch(/sleep|setpriv/);
  });

  test('no account lets anybody in by a password, nor forward anything', async () => {
    const fresh = await start();
    await on(rootLogin(fresh), async (machine) => {
      orThrow(await machine.prepare(specOf())());
    });
    const login = { host: fresh.host, port: fresh.port, user: 'job_runner', hostKeys: [fresh.hostKey] };
    for (const password of ['', '*', 'job_runner'])
      expect(await logIn({ ...login, auth: { password } })).toMatchObject({
        left: { code: 'permission_denied' },
      });
    const client = new ssh2.Client();
    const refused = await new Promise((resolve, reject) => {
      client.once('error', reject);
      client.once('ready', () =>
        client.forwardOut('127.0.0.1', 0, '127.0.0.1', fresh.port, (error) => resolve(error?.message)),
      );
      client.connect({
        host: login.host,
        port: login.port,
        username: login.user,
        privateKey: runnerKey.privateKey,
      });
    });
    client.end();
    expect(refused).toMatch(/prohibited|Channel open failure/i);
  });
});
