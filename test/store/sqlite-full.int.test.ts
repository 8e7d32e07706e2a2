/** What happens to a SQLite store that cannot write: is anything acknowledged lost, and does it go on when it can again? */
import { execFile } from 'node:child_process';
import { rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/app/ports.js';
import { availableDrivers } from '../../src/store/driver.js';
import { event, ok, watch } from '../contract/event-store-tools.js';
import { isBuilt, run } from './processes.js';
import { mountSmall, skipped, unmount, whyNoMount } from './small-disk.js';
import { openIn, temporaryDirectory } from './sqlite-tools.js';

const execute = promisify(execFile);

/** Why the size limit of a running process cannot be lifted here; undefined when it can. */
const whyNoLimit = async (): Promise<string | undefined> => {
  if (!isBuilt) return 'run the build first';
  const found = await execute('prlimit', ['--version']).catch(() => undefined);
  return found === undefined ? 'there is no prlimit here' : undefined;
};

const noMount = await whyNoMount();
const noLimit = await whyNoLimit();

for (const driver of availableDrivers()) {
  describe(`the SQLite store by ${driver} when it cannot write`, () => {
    it.skipIf(noMount !== undefined)(
      `reports a full disk, loses nothing acknowledged, and goes on when there is room again${skipped(noMount)}`,
      async () => {
        const directory = await temporaryDirectory();
        await mountSmall(directory);
        try {
          const ballast = join(directory, 'ballast');
          await writeFile(ballast, Buffer.alloc(1_000_000));
          let store = await openIn(directory, driver);
          const watched = watch(store, 'start');
          const acknowledged: string[] = [];
          let failedEvents: readonly NewEvent[] = [];
          const fill = async (): Promise<string> => {
            for (;;) {
              // Several in flight: all that wait share the fate of their group.
              const group = Array.from({ length: 8 }, () => event('x'.repeat(4_000)));
              const results = await Promise.all(group.map((one) => store.append('full-1', [one], 'any')()));
              const failed = results.find(E.isLeft);
              for (const [index, { id }] of group.entries())
                if (results[index]?._tag === 'Right') acknowledged.push(id);
              if (failed === undefined) continue;
              expect(results.every(E.isLeft)).toBe(true);
              failedEvents = group;
              return failed.left.code === 'store_unavailable' ? failed.left.why : failed.left.code;
            }
          };

          expect(await fill()).toBe('disk_full');
          expect(await fill()).toBe('disk_full');
          expect((await ok(store.readStream('full-1'))).map(({ id }) => id)).toEqual(acknowledged);

          await unlink(ballast);
          // A failed append must not be remembered as done: its repeat has to be written, also with `any`.
          for (const [expected, one] of [
            ['any', failedEvents[0] ?? event()],
            [acknowledged.length, failedEvents[1] ?? event()],
          ] as const) {
            expect((await ok(store.append('full-1', [one], expected))).revision).toBe(acknowledged.length);
            acknowledged.push(one.id);
          }
          await watched.until(() => watched.seen.length >= acknowledged.length);
          expect(watched.seen.map(({ id }) => id)).toEqual(acknowledged);
          await store.close();

          store = await openIn(directory, driver);
          expect((await ok(store.readStream('full-1'))).map(({ id }) => id)).toEqual(acknowledged);
          await store.close();
        } finally {
          await unmount(directory);
          await rm(directory, { recursive: true });
        }
      },
    );

    it.skipIf(noLimit !== undefined)(
      `reports a failed write, loses nothing acknowledged, and goes on when writes succeed again${skipped(noLimit)}`,
      async () => {
        const directory = await temporaryDirectory();
        const child = run('write-under-limit.mjs', [directory, driver], 1_024);
        try {
          const said = (): Record<string, unknown>[] =>
            child.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
          const find = (kind: string): Record<string, unknown> | undefined =>
            said().find((one) => one['kind'] === kind);
          for (let lines = 1; find('meanwhile') === undefined; lines = child.lines().length + 1) {
            await child.untilLines(lines);
            if (child.lines().length < lines) expect.fail(`it ended: ${child.stderr()}`);
          }
          const failedAt = find('failed')?.['revision'];
          expect(failedAt).toBeTypeOf('number');
          expect(find('failed')).toMatchObject({ code: 'store_unavailable', why: 'io' });
          expect(find('meanwhile')).toMatchObject({ again: 'Left', readable: failedAt });

          await execute('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:']);
          child.say('there is room');
          expect(await child.ended).toBe(0);
          const revisions = said().flatMap(({ kind, revision }) =>
            kind === 'acknowledged' ? [revision] : [],
          );
          expect(said().filter(({ kind }) => kind === 'failed')).toHaveLength(1);
          expect(revisions).toEqual(Array.from({ length: Number(failedAt) + 20 }, (_, index) => index));

          const store = await openIn(directory, driver);
          const stored = await ok(store.readStream('filling'));
          expect(stored.map(({ id }) => id)).toEqual(revisions.map((revision) => `id-${String(revision)}`));
          await store.close();
        } finally {
          child.kill();
          await child.ended;
          await rm(directory, { recursive: true });
        }
      },
    );
  });
}
