/** What is known of builds when the disk does not take it: nothing that does not lie there. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  NotRecorded,
  openRecords,
  type BuildRecord,
  type Records,
} from '../../../plugin/hosts/screwdriver/records.js';
import { mountSmall, skipped, unmount, whyNoMount } from '../../store/small-disk.js';

const noMount = await whyNoMount();

const build = (buildId: number): BuildRecord => ({
  ...{ buildId, jobId: 1, pipelineId: 4, jobName: 'unit', pipelineName: 'acme/app', causeMessage: '' },
  ...{ apiUri: 'http://sd', blockedBy: [1], annotations: {}, freezes: false },
  ...{ word: 'word', sealed: 'sealed', state: 'accepted' },
});

describe('records of builds', () => {
  let folder: string;
  let records: Records;
  const open = (): Promise<Records> => openRecords(join(folder, 'builds'), Date.now(), () => undefined);
  const onDisk = (buildId: number): unknown =>
    JSON.parse(readFileSync(join(folder, 'builds', `build-${buildId}.json`), 'utf8'));
  const failure = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'it was recorded',
      (error: unknown) => error,
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-records-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('a folder that cannot be written: nothing is known that does not lie there, and all goes on when it can', async () => {
    records = await open();
    await records.add(build(7));
    rmSync(join(folder, 'builds'), { recursive: true });
    writeFileSync(join(folder, 'builds'), 'a file in its place');
    const failed = await Promise.all([
      failure(records.add(build(8))),
      failure(records.change(7, { state: 'promoted' })),
      failure(records.putCursor(7, { jobAttempt: 1 })),
    ]);
    for (const error of failed) expect(error).toBeInstanceOf(NotRecorded);
    expect(String(failed[0])).toContain(
      `build 8 cannot be recorded in ${join(folder, 'builds')}, which has to be there, writable and with room: ENOTDIR`,
    );
    expect([records.get(8), records.get(7)?.state]).toEqual([undefined, 'accepted']);
    rmSync(join(folder, 'builds'));
    await mkdir(join(folder, 'builds'));
    await records.add(build(8));
    await records.change(7, { state: 'promoted' });
    expect([onDisk(8), onDisk(7)]).toMatchObject([{ state: 'accepted' }, { state: 'promoted' }]);
  });

  it('changes of one build that come at once are all kept, and a build is added once', async () => {
    records = await open();
    await Promise.all([
      records.add(build(7)),
      records.add({ ...build(7), word: 'another' }),
      records.change(7, { stopAsked: true }),
      records.change(7, { state: 'ready' }),
      records.change(7, { blockedTold: true }),
    ]);
    const whole = { ...build(7), state: 'ready', stopAsked: true, blockedTold: true };
    expect(records.get(7)).toEqual(whole);
    expect(onDisk(7)).toEqual(whole);
  });

  it('a build that is over is kept without its plan and its secrets, is not changed any more, and is forgotten after a week', async () => {
    records = await open();
    const plan = {
      ...{ steps: [{ name: 'one', command: 'echo one' }], environment: {}, secretNames: ['KEY'] },
      ...{ meta: '{}', sha: 'abc', branch: 'main' },
    };
    const week = 7 * 24 * 60 * 60_000;
    const end = Date.now();
    for (const buildId of [7, 8, 9]) await records.add({ ...build(buildId), plan });
    await records.putCursor(7, { jobAttempt: 1 });
    await records.close(7, end);
    const over = { ...build(7), state: 'closed', sealed: '', closedAt: end };
    expect([records.get(7), onDisk(7)]).toEqual([over, over]);
    expect(await records.change(7, { state: 'promoted' })).toBeUndefined();
    await records.putCursor(7, { jobAttempt: 1 });
    await records.close(7, end + 5);
    await records.add(build(7));
    expect([records.get(7), records.live().map(({ buildId }) => buildId)]).toEqual([over, [8, 9]]);
    await records.close(8, end + week);
    expect(records.get(7)).toEqual(over);
    await records.close(9, end + week + 1);
    expect([records.get(7), records.get(8)?.state, records.get(9)?.state]).toEqual([
      undefined,
      'closed',
      'closed',
    ]);
    expect(readdirSync(join(folder, 'builds')).sort()).toEqual(['build-8.json', 'build-9.json']);
  });

  it('how far a log was told is left by a crash after the end of its build, and removed at the next start; any other stays', async () => {
    records = await open();
    for (const buildId of [7, 8]) {
      await records.add(build(buildId));
      await records.putCursor(buildId, { jobAttempt: 1 });
    }
    await records.close(7, Date.now());
    const file = (name: string): string => join(folder, 'builds', name);
    for (const name of ['build-7.log', 'build-6.log', 'build-5.log']) writeFileSync(file(name), '{}');
    writeFileSync(file('build-5.json'), 'of a newer version');
    await open();
    expect(readdirSync(join(folder, 'builds')).sort()).toEqual([
      ...['build-5.json', 'build-5.log', 'build-7.json', 'build-8.json', 'build-8.log'],
    ]);
  });

  describe.skipIf(noMount !== undefined)(`on a disk that is full${skipped(noMount)}`, () => {
    beforeEach(() => mountSmall(folder, 'size=64k'));
    afterEach(() => unmount(folder));

    it('a change is not known, the record stays as it was, nothing is left beside it, and room mends it', async () => {
      records = await open();
      await records.add(build(7));
      expect(() => {
        writeFileSync(join(folder, 'filler'), Buffer.alloc(1024 * 1024));
      }).toThrow(/ENOSPC/);
      const error = await failure(records.change(7, { state: 'promoted', sealed: 'x'.repeat(5000) }));
      expect(error).toBeInstanceOf(NotRecorded);
      expect(String(error)).toContain('ENOSPC');
      expect(await failure(records.add(build(8)))).toBeInstanceOf(NotRecorded);
      expect([records.get(8), records.get(7)]).toEqual([undefined, build(7)]);
      expect([onDisk(7), readdirSync(join(folder, 'builds'))]).toEqual([build(7), ['build-7.json']]);
      expect((await open()).live()).toEqual([build(7)]);
      rmSync(join(folder, 'filler'));
      await records.change(7, { state: 'promoted' });
      expect(onDisk(7)).toMatchObject({ state: 'promoted' });
    });
  });
});
