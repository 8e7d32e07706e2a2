/** The system's sshd as a runner, behind a link that can fail. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoRunner } from '../../src/cli/demo/fleet.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import type { World } from '../e2e/world.js';
import { killIfThere, processesOf } from '../e2e/processes.js';
import { linkTo, type Link } from './link.js';

const execute = promisify(execFile);

export interface FaultyRunner extends DemoRunner {
  readonly link: Link;
  /** Its own home, which nobody else writes to. */
  readonly home: string;
  /** Where sshd itself listens. */
  readonly sshdPort: number;
  readonly sshdPid: number;
}

/** A machine of its own, as far as Baton looks: it has a boot id and a disk for its base, and can be restarted. */
export interface RestartableRunner extends FaultyRunner {
  /** Kills all that runs there, gives it another boot id, and with `emptied` a base that holds nothing. */
  readonly restart: (how: { readonly emptied: boolean }) => Promise<void>;
}

export interface Given {
  /** Of its sessions. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly base?: string;
  readonly slots?: number;
  readonly sshdPath?: string;
}

export const aFaultyRunner = async (
  world: World,
  name: string,
  { environment = {}, base, slots = 4, sshdPath = findSshd() }: Given = {},
): Promise<FaultyRunner> => {
  if (sshdPath === undefined) throw new Error('this machine has no sshd; install openssh-server');
  const home = join(world.folder, name);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPair();
  const sshd = await startSystemSshd({
    sshdPath,
    directory: join(home, 'sshd'),
    authorizedKey: publicKey,
    environment: { HOME: home, ...environment },
  });
  const link = await linkTo(sshd.port);
  const runner: FaultyRunner = {
    ...{ name, link, home, privateKey, sshdPort: sshd.port, sshdPid: sshd.pid },
    ...{ port: link.port, user: sshd.user, fingerprint: sshd.fingerprint },
    base: base ?? join(home, 'base'),
    close: async () => {
      await link.close();
      await sshd.close();
    },
  };
  await world.enrol(runner, slots);
  return runner;
};

/** Until nothing is left that belongs to the folder: what is found may end by itself, or have made another, meanwhile. */
const killAllBut = async (pid: number, folder: string): Promise<void> => {
  const others = async () => (await processesOf(folder)).filter((one) => one.pid !== pid);
  for (let found = await others(); found.length > 0; found = await others())
    for (const one of found) {
      killIfThere(one.pid);
    }
};

/** For root only: sshd is started in a view of the file system of its own, where a boot id and a small disk can be mounted. */
export const aRestartableRunner = async (world: World, name: string): Promise<RestartableRunner> => {
  const home = join(world.folder, name);
  const [bootId, base, start] = ['boot_id', 'base', 'sshd.sh'].map((one) => join(home, one)) as [
    string,
    string,
    string,
  ];
  await mkdir(base, { recursive: true, mode: 0o700 });
  await writeFile(bootId, `${randomUUID()}\n`);
  const mounts = `mount --bind '${bootId}' /proc/sys/kernel/random/boot_id && mount -t tmpfs tmpfs '${base}'`;
  await writeFile(
    start,
    `#!/bin/sh\nexec unshare --mount sh -c "${mounts} && exec ${findSshd() ?? 'sshd'} \\"\\$@\\"" sh "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const runner = await aFaultyRunner(world, name, { sshdPath: start });
  const within = (...command: readonly string[]) =>
    execute('nsenter', ['--target', String(runner.sshdPid), '--mount', ...command]);
  return {
    ...runner,
    restart: async ({ emptied }) => {
      await runner.link.refuse();
      await killAllBut(runner.sshdPid, home);
      await writeFile(bootId, `${randomUUID()}\n`);
      if (emptied) {
        await within('umount', '--lazy', base);
        await within('mount', '-t', 'tmpfs', 'tmpfs', base);
      }
      await runner.link.open();
    },
  };
};

/** What the runner keeps of attempts: file name → first line, of those that end in `suffix`. */
export const filesOn = async (
  { base }: Pick<DemoRunner, 'base'>,
  suffix: string,
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const folder of await readdir(base).catch(() => []))
    for (const name of await readdir(join(base, folder)))
      if (name.endsWith(suffix))
        found.set(
          name,
          (await readFile(join(base, folder, name), 'utf8').catch(() => '')).split('\n')[0] ?? '',
        );
  return found;
};
