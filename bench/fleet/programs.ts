/** What the benches over SSH need that is not Baton's own, and which Debian package brings it. */
import { spawnSync } from 'node:child_process';
import { findSshd } from '../../src/ssh/system-sshd.js';
import { folderWith } from '../store/programs.js';

const PACKAGES = {
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  parallel: 'parallel',
  xargs: 'findutils',
  bash: 'bash',
  perl: 'perl-base',
  git: 'git',
} as const;

export type Program = keyof typeof PACKAGES;

/** moreutils has a program of the same name. */
const isGnu = (): boolean =>
  spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout.includes('GNU');

const isThere = (program: Program): boolean =>
  program === 'sshd'
    ? findSshd() !== undefined
    : folderWith([program]) !== undefined && (program !== 'parallel' || isGnu());

/** What has to be run before the program can be used; undefined when it is there. */
export const missing = (program: Program): string | undefined =>
  isThere(program) ? undefined : `apt-get install ${PACKAGES[program]}`;

export type Missing = typeof missing;

/** A real sshd, the client that is compared, and a repository for the source: without these nothing is measured. */
export const BASICS: readonly Program[] = ['sshd', 'ssh', 'bash', 'git'];

/** What would have to be installed for all of them; undefined when they are there. */
export const missingOf = (programs: readonly Program[], without: Missing): string | undefined => {
  const commands = programs.flatMap((program) => without(program) ?? []);
  return commands.length === 0 ? undefined : `not installed: ${commands.join(' && ')}`;
};
