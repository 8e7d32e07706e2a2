/** A Redis of our own, for one bench, that has each command on the disk before it answers. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { folderWith, freePort, startServer } from './programs.js';
import { temporaryFolder, type Undoing } from './tidily.js';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

export const redisFolder = (): string | undefined => folderWith(['redis-server']);

export const startRedis = async (programs: string, undoing: Undoing): Promise<RedisAddress> => {
  const folder = await temporaryFolder(undoing);
  const address = {
    host: '127.0.0.1',
    port: await freePort(),
    password: randomBytes(16).toString('hex'),
  };
  const settings = [
    `bind ${address.host}`,
    `port ${address.port}`,
    `requirepass ${address.password}`,
    `dir ${folder}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'daemonize no',
  ];
  await startServer(
    [join(programs, 'redis-server'), '-'],
    {
      input: `${settings.join('\n')}\n`,
      ready: /Ready to accept connections/,
      stopBy: ['SIGTERM', 'SIGKILL'],
    },
    undoing,
  );
  return address;
};
