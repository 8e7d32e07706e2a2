/** How many jobs per second are kept durably from their queueing to their end, beside what keeps jobs elsewhere? */
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { mountType } from '../src/store/file-system.js';
import { phaseOf } from './replay/given.js';
import { goalOf, inTurn, machine, ratioOf, type Goal, type Report, type Row } from './report.js';
import { protocolNode, sqlite } from './store/baton.js';
import { bullmq } from './store/bullmq.js';
import { at, lives, type Contender } from './store/contender.js';
import { graphileWorker } from './store/graphile-worker.js';
import { INSTALL_PACKAGES, isInstalled, PROGRAM, versionOf } from './store/packages.js';
import { pgBoss } from './store/pg-boss.js';
import { postgresFolder, startPostgres } from './store/postgres.js';
import { redisFolder, startRedis } from './store/redis.js';
import { tidily, type Undoing } from './store/tidily.js';

/** What is compared at this many jobs in flight counts for the goals. */
const GOAL_AT = 64;

interface Peer {
  readonly name: string;
  /** How many times as fast we mean to be. */
  readonly goal: number;
  readonly package: string;
  readonly server: 'redis-server' | 'postgresql';
}

export const PEERS: readonly Peer[] = [
  { name: 'BullMQ', goal: 1.5, package: 'bullmq', server: 'redis-server' },
  { name: 'pg-boss', goal: 5, package: 'pg-boss', server: 'postgresql' },
  { name: 'graphile-worker', goal: 5, package: 'graphile-worker', server: 'postgresql' },
];

const serverFolder = (server: Peer['server']): string | undefined =>
  server === 'redis-server' ? redisFolder() : postgresFolder();

/** What has to be run before it can be compared; undefined when all is there. */
export const missing = ({ package: name, server }: Peer): string | undefined => {
  const commands = [
    ...(serverFolder(server) === undefined ? [`apt-get install ${server}`] : []),
    ...(isInstalled(name) ? [] : [INSTALL_PACKAGES]),
  ];
  return commands.length === 0 ? undefined : commands.join(' && ');
};

/** Each peer has a server of its own, so that none carries another's dead rows. */
const start = async ({ package: name, server }: Peer, undoing: Undoing): Promise<readonly Contender[]> => {
  // what a job is, as our own `JobQueued` says it
  const data = phaseOf(0).begin[1]?.events[0]?.event.data;
  const programs = serverFolder(server) ?? '';
  if (server === 'redis-server') return [await bullmq(await startRedis(programs, undoing), data, undoing)];
  const address = await startPostgres(programs, undoing);
  return name === 'pg-boss' ? pgBoss(address, data, undoing) : graphileWorker(address, data, undoing);
};

const IN_MEMORY = ['tmpfs', 'ramfs'];

/** The file system that all data folders are on. */
const diskOf = async (folder: string): Promise<string> => {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return mountType(mounts, await realpath(folder)) ?? 'unknown';
};

const aimAt = (rows: readonly Row[], { name, goal }: Peer, command: string | undefined): Goal =>
  goalOf(
    `SQLite store / ${name} at ${GOAL_AT} in flight`,
    ['>=', goal],
    () => ratioOf(rows, at('SQLite store', GOAL_AT), at(name, GOAL_AT)),
    command === undefined ? undefined : `not installed: ${command}`,
  );

/** `without`: which peers are left out as if they were not installed. */
export const storeBench = (quick: boolean, without = missing): Promise<Report> =>
  tidily(async (undoing) => {
    const disk = await diskOf(tmpdir());
    if (IN_MEMORY.includes(disk) && !quick)
      throw new Error(
        `${tmpdir()} is no disk but ${disk}: durability would cost nothing. Name a folder on a disk by TMPDIR`,
      );
    const there = PEERS.filter((peer) => without(peer) === undefined);
    const contenders = [await sqlite(undoing)];
    for (const peer of there) contenders.push(...(await start(peer, undoing)));
    if (existsSync(PROGRAM)) contenders.push(await protocolNode(undoing));
    const sizes: readonly (readonly [inFlight: number, jobs: number])[] = quick
      ? [[GOAL_AT, 16]]
      : [
          [1, 60],
          [16, 400],
          [GOAL_AT, 1_000],
        ];
    const rows: Row[] = [];
    for (const [inFlight, jobs] of sizes)
      rows.push(...(await inTurn(contenders.map((contender) => lives(contender, inFlight, jobs)))));
    return {
      bench: 'store',
      machine: {
        ...machine(),
        disk,
        ...Object.fromEntries(there.map(({ package: name }) => [name, versionOf(name)])),
      },
      rows,
      goals: PEERS.map((peer) => aimAt(rows, peer, without(peer))),
    };
  });
