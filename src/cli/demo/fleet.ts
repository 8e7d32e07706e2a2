/** The demo's runners: the system's sshd on loopback ports, or, where there is none, an SSH server in this process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '../../ssh/keys.js';
import { startLocalSshServer } from '../../ssh/local-server.js';
import { findSshd, startSystemSshd } from '../../ssh/system-sshd.js';

export interface DemoRunner {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly fingerprint: string;
  readonly privateKey: string;
  readonly base: string;
  readonly close: () => Promise<void>;
}

/** What the machine claims to be; absent: what it is. */
const RELEASES = {
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n',
  alpine: 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n',
  debian: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
} as const;

export type Release = keyof typeof RELEASES;

export const hasSshd = (): boolean => findSshd() !== undefined;

/** Starts one; its probe reads an os-release of our choice, so that filters have something to choose from. */
export const startRunner = async (folder: string, name: string, release: Release): Promise<DemoRunner> => {
  const directory = join(folder, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const osRelease = join(directory, 'os-release');
  await writeFile(osRelease, RELEASES[release]);
  const { privateKey, publicKey } = generateKeyPair();
  const sshdPath = findSshd();
  const started =
    sshdPath === undefined
      ? await startLocalSshServer({
          hostKey: generateKeyPair().privateKey,
          authorizedKey: publicKey,
          home: directory,
          environment: { BATON_OS_RELEASE: osRelease },
        })
      : await startSystemSshd({
          sshdPath,
          directory: join(directory, 'sshd'),
          authorizedKey: publicKey,
          // The account's rc files are no part of the demo.
          environment: { HOME: directory, BATON_OS_RELEASE: osRelease },
        });
  const { port, fingerprint, close } = started;
  return {
    name,
    port,
    user: userInfo().username,
    fingerprint,
    privateKey,
    base: join(directory, 'base'),
    close,
  };
};
