/** A PostgreSQL of our own, for one bench, as `initdb` makes it: it flushes before it answers a COMMIT. */
import { randomBytes } from 'node:crypto';
import { chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderWith, freePort, runProgram, startServer } from './programs.js';
import { temporaryFolder, type Undoing } from './tidily.js';

const PROGRAMS = ['postgres', 'initdb'];
const DEBIAN = '/usr/lib/postgresql';

/** Debian keeps the programs of each version in a folder of its own. */
const debianFolders = (): readonly string[] => {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN, version, 'bin'));
  } catch {
    return [];
  }
};

export const postgresFolder = (): string | undefined =>
  folderWith(PROGRAMS, debianFolders()) ?? folderWith(PROGRAMS);

/** It refuses to run as root; then it runs as the user that its package made. */
const owner = async (): Promise<{ readonly uid: number; readonly gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number(await runProgram(['id', which, 'postgres']))),
  );
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
};

/** Answers a connection string. */
export const startPostgres = async (programs: string, undoing: Undoing): Promise<string> => {
  const [base, port, user] = [await temporaryFolder(undoing), await freePort(), await owner()];
  const password = randomBytes(16).toString('hex');
  const [data, passwordFile] = [join(base, 'data'), join(base, 'password')];
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [base, passwordFile]) chownSync(path, user.uid, user.gid);
  const options = { ...user, cwd: base };
  await runProgram(
    [
      join(programs, 'initdb'),
      ...['--pgdata', data, '--username', 'bench', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ...['--encoding', 'UTF8', '--no-locale'],
    ],
    options,
  );
  await startServer(
    [
      join(programs, 'postgres'),
      ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories='],
    ],
    // it waits for its sessions to end, then it ends them
    { ...options, ready: /ready to accept connections/, stopBy: ['SIGTERM', 'SIGINT'] },
    undoing,
  );
  return `postgres://bench:${password}@127.0.0.1:${port}/postgres`;
};
