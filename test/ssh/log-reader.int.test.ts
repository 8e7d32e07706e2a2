import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import { openLog } from '../../src/ssh/log-reader.js';
import { connectOnce, createPool } from '../../src/ssh/pool.js';
import { hasSshd, requiresSshd, startRig, type Rig } from '../sshd.js';

let rig: Rig | undefined;
afterEach(() => rig?.close());

describe.runIf(hasSshd || requiresSshd)('a log that is read over SFTP', () => {
  it('given a session that ended while nothing was asked, then what is asked next fails and does not wait for ever', async () => {
    const { target, directory, privateKey, cut } = (rig = await startRig('system sshd'));
    const options = {
      privateKey: () => Promise.resolve(privateKey),
      connectTimeoutMs: 10_000,
      keepaliveMs: 5000,
    };
    const pool = createPool((to) => connectOnce(to, options), { waitMs: 10_000 });
    const path = join(directory, 'log');
    await writeFile(path, 'one\n');
    const channel = await pool.channel(target, 'long')('cat');
    if (E.isLeft(channel)) expect.fail(channel.left.message);
    const session = await pool.sftp(target);
    if (session === undefined) expect.fail('there is no SFTP');
    const file = await openLog(session, path);
    if (E.isLeft(file)) expect.fail(file.left.message);
    expect(await file.right.size()).toBe(4);
    const over = new Promise((resolve) => session.once('close', resolve));
    await cut();
    await over;
    await expect(file.right.size()).rejects.toThrow('ended');
    await expect(file.right.read(4).next()).rejects.toThrow('ended');
    await pool.close();
  });
});
