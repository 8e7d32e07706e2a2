/** A server whose disk fills up: /readyz says so, also when nothing is written, and takes it back when there is room again. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Readiness } from '../../src/app/health.js';
import { readConfig } from '../../src/config.js';
import { logger, startBaton, type Baton } from '../../src/main.js';
import { until } from '../e2e/processes.js';
import { mountSmall, skipped, unmount, whyNoMount } from '../store/small-disk.js';

const noMount = await whyNoMount();

const started = async (data: string): Promise<Baton> => {
  const config = readConfig({ data, listen: '127.0.0.1:0' }, {}, data);
  if (E.isLeft(config)) throw new Error(JSON.stringify(config.left));
  const baton = await startBaton(config.right, logger('silent'));
  if (E.isLeft(baton)) throw new Error(baton.left.message);
  return baton.right;
};

interface Said {
  readonly status: number;
  /** What is not well. */
  readonly bad: Readonly<Record<string, string>>;
}

describe('/readyz of a server whose disk is full', () => {
  it.skipIf(noMount !== undefined)(
    `given no room, then not ready; given room again, then ready once an event was written; and asking writes none${skipped(noMount)}`,
    async () => {
      const data = await realpath(await mkdtemp(join(tmpdir(), 'baton-readiness-')));
      await mountSmall(data, 'size=24m');
      const ballast = join(data, 'ballast');
      const baton = await started(data);
      const headers = {
        Authorization: `Bearer ${baton.firstToken ?? ''}`,
        'Content-Type': 'application/json',
      };
      const ready = (): Promise<Said> =>
        until('the views are folded, which is none of our business here', async () => {
          const response = await fetch(`${baton.url}/readyz`);
          const { checks } = (await response.json()) as Pick<Readiness, 'checks'>;
          const bad = checks.flatMap(({ name, ok, detail = '' }) => (ok ? [] : [[name, detail]]));
          const said = { status: response.status, bad: Object.fromEntries(bad) as Said['bad'] };
          return 'read_models' in said.bad ? undefined : said;
        });
      const head = async (): Promise<string | undefined> => {
        const text = await (await fetch(`${baton.url}/metrics`, { headers })).text();
        return /^baton_store_position (\d+)$/m.exec(text)?.[1];
      };
      /** A command without a key: with one that is kept, the file of the key could fail first. */
      const add = async (name: string): Promise<number> => {
        const body = JSON.stringify({ name, host: '127.0.0.1', user: 'builder', auth: 'agent' });
        const response = await fetch(`${baton.url}/api/v1/runners`, { method: 'POST', headers, body });
        await response.text();
        return response.status;
      };
      try {
        expect(await ready()).toEqual({ status: 200, bad: {} });
        const before = await head();
        expect(before).toMatch(/^\d+$/);

        // fuller and fuller, up to the last page; nothing was refused yet
        for (let size = 20_000_000; size >= 4096; size = Math.floor(size / 2))
          await writeFile(ballast, Buffer.alloc(size), { flag: 'a' }).catch(() => undefined);
        const disk = expect.stringMatching(/^the disk of the data is full: \d+ KiB are free/) as string;
        expect(await ready()).toEqual({ status: 503, bad: { disk } });
        expect(await head()).toBe(before);

        // the log of the store has room for a few events that were made room for before
        let refused = 201;
        for (let i = 0; refused === 201 && i < 500; i++) refused = await add(`filling-${i}`);
        expect(refused).toBe(503);
        const appends = 'the last event could not be written: disk_full';
        expect(await ready()).toEqual({ status: 503, bad: { appends, disk } });

        await rm(ballast);
        const full = await head();
        expect(await ready()).toEqual({ status: 503, bad: { appends } });
        expect(await head()).toBe(full);

        expect(await add('again')).toBe(201);
        expect(await ready()).toEqual({ status: 200, bad: {} });
      } finally {
        await baton.close();
        await unmount(data);
        await rm(data, { recursive: true });
      }
    },
  );

  it('given a folder of the data that is gone, then it is named by its short name alone', async () => {
    const data = await realpath(await mkdtemp(join(tmpdir(), 'baton-readiness-')));
    const baton = await started(data);
    try {
      expect((await fetch(`${baton.url}/readyz`)).status).toBe(200);
      await rm(join(data, 'logs'), { recursive: true });
      const response = await fetch(`${baton.url}/readyz`);
      const text = await response.text();
      expect([response.status, text]).toEqual([503, expect.stringContaining('logs (ENOENT)')]);
      expect(text).not.toContain(data);
    } finally {
      await baton.close();
      await rm(data, { recursive: true });
    }
  });
});
