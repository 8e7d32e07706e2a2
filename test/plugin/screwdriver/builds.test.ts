/** The way of a build to Baton, with a Screwdriver and a Baton that answer as they are told, and real files. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ack, HostCommand } from '../../../plugin/contract.js';
import { Away, type Closed, type ScrewdriverApi } from '../../../plugin/hosts/screwdriver/api.js';
import { openBuilds, type Builds } from '../../../plugin/hosts/screwdriver/builds.js';
import { openRecords, type BuildRecord, type Records } from '../../../plugin/hosts/screwdriver/records.js';
import { operatorKey } from '../../../src/secrets/operator-key.js';
import { eventually } from '../../sshd.js';

const options = {
  ...{ data: '/d', keyFile: '/k', host: 'screwdriver', enterprise: 'default' },
  ...{ buildTimeoutMinutes: 90, maxBuildTimeoutMinutes: 120, maxQueueMinutes: 60 },
  ...{ storePatienceMs: 0, maxQueued: 1, collapseBuilds: true, logLevel: 'warn' },
};
const key = operatorKey(Buffer.alloc(32, 7));
const addresses = { apiUri: 'http://sd', storeUri: 'http://store' };

describe('builds', () => {
  let folder: string;
  let records: Records;
  let builds: Builds;
  /** What Screwdriver and Baton were told, in order. */
  let told: string[];
  let commands: HostCommand[];
  let answers: (command: HostCommand) => Promise<Ack>;
  let exchange: ScrewdriverApi['exchange'];
  let ended: (buildId: number, how: string) => Promise<'ok' | Closed>;
  let meta: (buildId: number) => Promise<Record<string, unknown>>;
  let blocked: 'ok' | Closed;
  /** Of builds that Screwdriver does not know as queued. */
  let statuses: Map<number, string>;
  /** Comes between what was recorded and what is done next. */
  let recorded: (record: BuildRecord) => Promise<void>;
  let collapsed: (buildId: number, into: number) => Promise<'ok'>;

  const open = async (): Promise<void> => {
    records = await openRecords(folder, Date.now(), (file) =>
      told.push(`unreadable ${file.slice(folder.length + 1)}`),
    );
    const api: ScrewdriverApi = {
      exchange: (access, minutes) => exchange(access, minutes),
      build: ({ buildId, token }) =>
        Promise.resolve({
          id: buildId,
          status: statuses.get(buildId) ?? 'QUEUED',
          steps: [{ name: 'one', command: `echo ${token.length}` }],
        }),
      pipeline: (_, id) => Promise.resolve({ id }),
      event: async ({ buildId }, id) => ({ id, meta: await meta(buildId) }),
      secrets: () => Promise.resolve([{ name: 'KEY', value: 'open sesame' }, { name: 'NOT_OURS' }]),
      blocked: ({ buildId }, message) =>
        Promise.resolve(told.push(`${buildId} ${message}`)).then(() => blocked),
      collapsed: ({ buildId }, into) => collapsed(buildId, into),
      running: () => Promise.resolve('ok'),
      end: ({ buildId }, { status, statusMessage = '' }) => ended(buildId, `${status} ${statusMessage}`),
      ...{
        stepBegins: () => Promise.resolve(),
        stepEnds: () => Promise.resolve(),
        page: () => Promise.resolve(),
      },
    };
    builds = openBuilds({
      ...{ options, key, api: () => api, addresses: () => addresses },
      records: {
        ...records,
        change: async (buildId, change) => {
          const record = await records.change(buildId, change);
          if (record !== undefined) await recorded(record);
          return record;
        },
      },
      handle: (command) => {
        commands.push(command);
        return answers(command);
      },
      endSavedMs: 300,
      now: () => Date.now(),
      say: (sentence) => told.push(sentence),
    });
  };
  const start = (buildId: number, more: object = {}): Promise<void> =>
    builds.start({
      ...{
        buildId,
        jobId: 1,
        pipelineId: 4,
        apiUri: 'http://sd',
        token: 'start token',
        jobName: 'unit',
        blockedBy: [1],
      },
      ...more,
    });
  const promoted = (buildId: number) =>
    commands.filter(
      (command) => command.type === 'phase.promoted' && command.promotion.hostKey === `sd:${buildId}`,
    );
  const cancelled = (buildId: number) =>
    commands.filter((command) => command.type === 'phase.cancel' && command.hostKey === `sd:${buildId}`);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-builds-'));
    [told, commands] = [[], []];
    answers = () => Promise.resolve({ status: 'accepted' });
    exchange = () => Promise.resolve('build token');
    meta = () => Promise.resolve({});
    blocked = 'ok';
    statuses = new Map();
    recorded = () => Promise.resolve();
    ended = (buildId, how) => Promise.resolve(told.push(`${buildId} ${how}`)).then(() => 'ok');
    collapsed = (buildId, into) =>
      Promise.resolve(told.push(`${buildId} collapsed into ${into}`)).then(() => 'ok');
    await open();
  });
  afterEach(async () => {
    builds.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  });

  it('is on disk when start resolves, with its token sealed, and is promoted then', async () => {
    await start(7);
    const text = readFileSync(join(folder, 'build-7.json'), 'utf8');
    expect(text).toContain('baton-sealed-1');
    expect(text).not.toMatch(/start token|build token/);
    await eventually('it is promoted', () => promoted(7).length === 1);
    expect(promoted(7)).toMatchObject([{ promotion: { secretRefs: ['SD_BUILD_7_0', 'SD_BUILD_7_1'] } }]);
    expect(readFileSync(join(folder, 'build-7.json'), 'utf8')).not.toMatch(/build token|open sesame/);
  });

  it('one that another blocks is told so, and goes on when that is over', async () => {
    await start(7);
    await start(8);
    await eventually('it is blocked', () => told.includes('8 Blocked by these builds: 7'));
    expect(promoted(8)).toEqual([]);
    await builds.close(7);
    await eventually('it is promoted', () => promoted(8).length === 1);
  });

  it('of builds that wait only the newest is kept: the older ones are over, told so, and without their secrets', async () => {
    for (const buildId of [7, 8, 9, 10]) {
      await start(buildId);
      await eventually('it is settled', () =>
        buildId === 7
          ? promoted(7).length === 1
          : told.includes(`${buildId} Blocked by these builds: 7`) &&
            (buildId === 8 || records.get(buildId - 1)?.state === 'closed'),
      );
    }
    expect(told.filter((sentence) => sentence.includes('collapsed'))).toEqual([
      '8 collapsed into 9',
      '9 collapsed into 10',
    ]);
    expect([records.get(8)?.sealed, records.get(9)?.sealed]).toEqual(['', '']);
    await builds.close(7);
    await eventually('the newest is promoted', () => promoted(10).length === 1);
    expect([promoted(8), promoted(9)]).toEqual([[], []]);
  });

  it('being collapsed when the process ends, it never runs, and Screwdriver is told again', async () => {
    await start(7);
    await start(8);
    await eventually('it is blocked', () => told.length === 1);
    let asked = 0;
    collapsed = () => {
      asked += 1;
      // that is what Screwdriver does as soon as it knows
      return builds.stop(8).then(() => Promise.reject(new Away('the answer was lost')));
    };
    await start(9);
    await eventually('it is being told', () => asked > 0);
    builds.end();
    await builds.close(9);
    await builds.close(7);
    collapsed = (buildId, into) =>
      Promise.resolve(told.push(`${buildId} collapsed into ${into}`)).then(() => 'ok');
    await open();
    builds.resume();
    await eventually('it is over', () => records.get(8)?.state === 'closed');
    expect(told.at(-1)).toBe('8 collapsed into 9');
    expect([promoted(8), cancelled(8)]).toEqual([[], []]);
  });

  it('stopped while it waits, nothing of it is begun and Screwdriver is told nothing', async () => {
    await start(7);
    await start(8);
    await eventually('it is blocked', () => told.length === 1);
    await builds.stop(8);
    // as Screwdriver does once it was heard
    statuses.set(8, 'ABORTED');
    await eventually('it is over', () => records.get(8)?.state === 'closed');
    expect([promoted(8), cancelled(8), told.length]).toEqual([[], [], 1]);
  });

  it('stopped while it waits, and not over there because our BLOCKED was saved later: it is aborted again, and blocks nobody', async () => {
    await start(7, { jobId: 2 });
    await eventually('it is promoted', () => promoted(7).length === 1);
    await start(8, { blockedBy: [1, 2] });
    await eventually('it is blocked', () => told.length === 1);
    await start(9, { annotations: { 'screwdriver.cd/collapseBuilds': false } });
    await eventually('it is blocked, too', () => told.length === 2);
    statuses.set(8, 'BLOCKED');
    ended = async (buildId, how) => {
      told.push(`${buildId} ${how}, while 9 was promoted ${promoted(9).length} times`);
      await builds.stop(buildId);
      return 'ok';
    };
    await builds.stop(8);
    await eventually('it is over', () => records.get(8)?.state === 'closed');
    expect(told.slice(2)).toEqual(['8 ABORTED , while 9 was promoted 1 times']);
    expect([promoted(8), cancelled(8)]).toEqual([[], []]);
  });

  it('stopped when Baton has it, it is cancelled; over, or unknown, nothing happens', async () => {
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
    await builds.stop(7);
    await eventually('it is cancelled', () => cancelled(7).length === 1);
    await builds.close(7);
    await builds.stop(7);
    await builds.stop(99);
    expect(cancelled(7)).toHaveLength(1);
    expect(records.get(7)?.sealed).toBe('');
  });

  it('stopped while its start is being written, nothing of it is begun', async () => {
    statuses.set(7, 'ABORTED');
    const started = start(7);
    const stopped = builds.stop(7);
    await Promise.all([started, stopped]);
    expect(records.get(7)?.stopAsked).toBe(true);
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    expect(commands).toEqual([]);
  });

  it('whoever stops it does not wait for a Baton that is busy, which is told as soon as it takes it', async () => {
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
    let free: (ack: Ack) => void = () => undefined;
    answers = ({ type }) =>
      type === 'phase.cancel' && cancelled(7).length === 1
        ? new Promise((resolve) => (free = resolve))
        : Promise.resolve({ status: 'accepted' });
    await builds.stop(7);
    expect(readFileSync(join(folder, 'build-7.json'), 'utf8')).toContain('"stopAsked":true');
    await eventually('Baton is told', () => cancelled(7).length === 1);
    free({ status: 'busy', retryAfterMs: 1, message: 'the disk is full' });
    await eventually('it is told again', () => cancelled(7).length === 2);
  });

  it('over while its cancel was under way, it stays over', async () => {
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
    answers = async ({ type }) => {
      if (type === 'phase.cancel') await builds.close(7);
      return { status: 'accepted' };
    };
    await builds.stop(7);
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    await start(8);
    await eventually('the next is promoted', () => promoted(8).length === 1);
    expect([records.get(7)?.state, promoted(7).length]).toEqual(['closed', 1]);
  });

  it('Screwdriver is asked again until it is there, and a build that is closed there is left alone', async () => {
    let asked = 0;
    exchange = () =>
      (asked += 1) < 3 ? Promise.reject(new Away('away')) : Promise.resolve({ closed: '403 over' });
    await start(7);
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    expect([asked, commands, told]).toEqual([3, [], ['Screwdriver does not let build 7 be run: 403 over']]);
  });

  it('after a crash each goes on where it was, with the same promotion', async () => {
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
    exchange = () => Promise.reject(new Away('away'));
    await start(8, { jobId: 2, blockedBy: [2] });
    builds.end();
    writeFileSync(join(folder, 'build-9.json'), '{"buildId":9');
    writeFileSync(join(folder, 'build-7.json.1.1.tmp'), 'half');
    exchange = () => Promise.resolve('build token');
    await open();
    builds.resume();
    await eventually('both are promoted', () => promoted(7).length === 2 && promoted(8).length === 1);
    expect(promoted(7)[1]).toEqual(promoted(7)[0]);
    expect(told).toContain('unreadable build-9.json');
  });

  it('stopped just before the last process ended, Baton is told the cancel and then the build, so that it tells its end', async () => {
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
    builds.end();
    // what the disk holds when the process ends between the record and Baton
    await records.change(7, { stopAsked: true });
    commands = [];
    await open();
    builds.resume();
    await eventually('it is promoted', () => promoted(7).length === 1);
    expect(commands.map(({ type }) => type)).toEqual(['phase.cancel', 'phase.promoted']);
  });

  it('a disk that takes nothing: the start is refused with a sentence, and nothing is known of the build', async () => {
    await rm(folder, { recursive: true });
    await expect(start(7)).rejects.toThrow(/^build 7 cannot be recorded in .*, which has to be there/);
    expect([records.get(7), commands]).toEqual([undefined, []]);
    mkdirSync(folder);
    await start(7);
    await eventually('it is promoted', () => promoted(7).length === 1);
  });

  it('what cannot be run is told as a failure, and over', async () => {
    await start(7, { freezeWindows: ['* * ? * 1'] });
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    expect(told).toEqual([expect.stringMatching(/^7 FAILURE undeliverable: this job has freezeWindows/)]);
    expect(commands).toEqual([]);
  });

  it('what cannot be run is no stopped build, though Screwdriver stops it while it is told, and it is told again after a crash', async () => {
    let asked = 0;
    ended = (buildId) => {
      asked += 1;
      return builds.stop(buildId).then(() => Promise.reject(new Away('the answer was lost')));
    };
    await start(7, { freezeWindows: ['* * ? * 1'] });
    await eventually('it is being told', () => asked > 0);
    builds.end();
    expect(records.get(7)).toMatchObject({ telling: 'FAILURE', state: 'ready' });
    expect(records.get(7)).not.toHaveProperty('stopAsked');
    ended = (buildId, how) =>
      Promise.resolve(told.push(`${buildId} ${how}`)).then(() => ({
        closed: '403 Can only update RUNNING, QUEUED, BLOCKED, FROZEN, or UNSTABLE builds',
      }));
    await open();
    builds.resume();
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    expect(told).toEqual([expect.stringMatching(/^7 FAILURE undeliverable: this job has freezeWindows/)]);
    expect(commands).toEqual([]);
  });

  it('what Baton does not take is told as a failure, and a Screwdriver that does not take that is said', async () => {
    answers = () => Promise.resolve({ status: 'rejected', code: 'too_large', message: 'Too large.' });
    ended = () => Promise.resolve({ closed: '401 Invalid token' });
    await start(7);
    await eventually('it is over', () => records.get(7)?.state === 'closed');
    expect(told).toEqual(['Screwdriver does not take that build 7 has failed: 401 Invalid token']);
    expect(promoted(7)).toHaveLength(1);
  });

  it.each([
    ['goes on', false],
    ['is over when it was stopped as well', true],
  ])('to be collapsed into one that is stopped meanwhile, it %s', async (_, stopped) => {
    await start(7);
    await start(8);
    await eventually('it is blocked', () => records.get(8)?.blockedTold === true);
    let first = true;
    recorded = async ({ buildId, collapsedInto }) => {
      if (buildId !== 8 || collapsedInto === undefined || !first) return;
      first = false;
      await builds.stop(9);
      statuses.set(9, 'ABORTED');
      if (stopped) await builds.stop(8);
      if (stopped) statuses.set(8, 'ABORTED');
    };
    await start(9);
    await eventually('the newest is over', () => records.get(9)?.state === 'closed');
    await builds.close(7);
    await eventually('the older one is settled', () =>
      stopped ? records.get(8)?.state === 'closed' : promoted(8).length === 1,
    );
    expect(told.filter((sentence) => sentence.includes('collapsed'))).toEqual([]);
    expect(records.get(8)).not.toHaveProperty('telling');
    expect([promoted(8).length, promoted(9).length]).toEqual([stopped ? 0 : 1, 0]);
  });

  it('closed there when it is to be blocked, it is over, and none is collapsed into it', async () => {
    await start(7);
    await start(8);
    await eventually('it is blocked', () => told.length === 1);
    blocked = { closed: '403 Can only update RUNNING, QUEUED, BLOCKED, FROZEN, or UNSTABLE builds' };
    await start(9);
    await eventually('it is over', () => records.get(9)?.state === 'closed');
    await builds.close(7);
    await eventually('the older one is promoted', () => promoted(8).length === 1);
    expect(told.slice(2)).toEqual([
      'Screwdriver does not let build 9 be run: 403 Can only update RUNNING, QUEUED, BLOCKED, FROZEN, or UNSTABLE builds',
    ]);
  });

  it('that has waited begins with the meta of then, and not while another has begun when that was asked', async () => {
    await start(7);
    await start(8, { eventId: 3 });
    await eventually('it is blocked', () => told.length === 1);
    let asked = 0;
    meta = async () => {
      asked += 1;
      if (asked === 1) {
        await start(6);
        await eventually('an older one has begun', () => promoted(6).length === 1);
      }
      return { left: `by the one before, ${asked}` };
    };
    await builds.close(7);
    await eventually('meta is asked', () => asked === 1);
    await eventually('an older one has begun', () => promoted(6).length === 1);
    await start(10, { jobId: 2, blockedBy: [] });
    await eventually('an unrelated one has begun', () => promoted(10).length === 1);
    expect(promoted(8)).toEqual([]);
    await builds.close(6);
    await eventually('it is promoted', () => promoted(8).length === 1);
    expect(JSON.stringify(promoted(8))).toContain('by the one before, 2');
    expect(records.get(8)?.plan?.meta).toContain('by the one before, 2');
  });
});
