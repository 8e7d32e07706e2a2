/** The system's sshd as a runner, behind a link that can fail. */
import { mkdir } from 'node:fs/promises';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoRunner } from '../../src/cli/demo/fleet.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import type { World } from '../e2e/world.js';
import { linkTo, type Link } from './link.js';

export interface FaultyRunner extends DemoRunner {
  readonly link: Link;
  /** Its own home, which nobody else writes to. */
  readonly home: string;
  /** Where sshd itself listens. */
  readonly sshdPort: number;
  readonly sshdPid: number;
}

export interface Given {
  /** Of its sessions. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly base?: string;
  readonly slots?: number;
}

export const aFaultyRunner = async (
  world: World,
  name: string,
  { environment = {}, base, slots = 4 }: Given = {},
): Promise<FaultyRunner> => {
  const sshdPath = findSshd();
  if (sshdPath === undefined) throw new Error('this machine has no sshd; install openssh-server');
  const home = join(world.folder, name);
  await mkdir(home, { mode: 0o700 });
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
