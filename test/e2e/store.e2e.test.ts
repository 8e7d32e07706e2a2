/** What does `serve` say when its data folder cannot be used, and does it leave the folder as it was? */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from './processes.js';
import { begin } from './program.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.close());

const serve = (data: string) =>
  begin(world.folder, ['serve', '--json', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error'])
    .done;

const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

describe('serve', () => {
  it('given a data folder in use, then exit code 5 and `another process has it open`, and the first goes on', async () => {
    await world.start();
    const before = await filesBelow(world.data);
    const second = await serve(world.data);
    expect([second.code, second.out]).toEqual([5, '']);
    expect(second.err).toContain('another process has it open');
    expect(second.err).toContain('hint: one process at a time may write');
    expect(second.err).toContain(join(world.data, 'store'));
    expect(await filesBelow(world.data)).toEqual(before);
    expect((await world.ask('GET', '/runners')).status).toBe(200);
    await world.stop();
    const events = await world.events();
    await world.start();
    await world.stop();
    // the refused one left no trace in history either: the first had them all to itself
    expect((await world.events()).slice(0, events.length)).toEqual(events);
  });

  it('given a killed server, when started again, then the lock of the dead one is no hindrance', async () => {
    await world.start();
    await world.stop('SIGKILL');
    await world.start();
    expect((await world.ask('GET', '/runners')).status).toBe(200);
  });

  it('given a data folder below a regular file, then it says so, and nothing is written', async () => {
    const file = world.file('taken', 'mine\n');
    const before = await filesBelow(world.folder);
    const ran = await serve(join(file, 'data'));
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain('was expected to be writable');
    expect(ran.err).toContain(file);
    expect(ran.err).toMatch(/^hint: /m);
    expect(ran.err).not.toMatch(/^\s+at /m);
    expect(await filesBelow(world.folder)).toEqual(before);
    expect(await readFile(file, 'utf8')).toBe('mine\n');
  });

  // root may write anywhere
  it.skipIf(process.getuid?.() === 0)(
    'given a data folder without write permission, then it says so, and nothing is written',
    async () => {
      const folder = join(world.folder, 'closed');
      await mkdir(folder);
      await chmod(folder, 0o500);
      const ran = await serve(join(folder, 'data'));
      expect(ran.code).toBe(1);
      expect(ran.err).toContain('was expected to be writable');
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('given a file that is no event store, then it is named damaged and left as it is', async () => {
    await mkdir(join(world.data, 'store'), { recursive: true, mode: 0o700 });
    const file = world.file(
      'data/store/events.db',
      'not a database, but long enough to be looked at\n'.repeat(30),
    );
    const before = await readFile(file);
    const ran = await serve(world.data);
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain('a sound event store was expected');
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(existsSync(join(world.data, 'secrets'))).toBe(false);
  });

  it('given an address that is in use, then exit code 5, the address is named, and the admin token comes with the next start', async () => {
    await world.start();
    const { port } = new URL(world.url);
    const other = join(world.folder, 'other');
    const ran = await begin(world.folder, ['serve', '--data', other, '--listen', `127.0.0.1:${port}`]).done;
    expect(ran.code).toBe(5);
    expect(ran.err).toContain(`Cannot listen on 127.0.0.1:${port}`);
    const next = begin(world.folder, ['serve', '--json', '--data', other, '--listen', '127.0.0.1:0']);
    await until('it listens', () => (next.out().includes('\n') ? true : undefined));
    next.child.kill('SIGTERM');
    await next.done;
    expect(JSON.parse(next.out())).toMatchObject({ token: expect.stringMatching(/^baton_/) as string });
  });

  it('given an address that others can reach, then exit code 64, and no data folder is made', async () => {
    const ran = await begin(world.folder, ['serve', '--data', world.data, '--listen', '0.0.0.0:0']).done;
    expect(ran.code).toBe(64);
    expect(ran.err).toContain('a loopback address');
    expect(existsSync(world.data)).toBe(false);
  });
});
