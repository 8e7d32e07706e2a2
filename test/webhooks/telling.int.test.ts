/** Telling a receiver over real HTTP, its place in real files: what is told, counted, whatever the receiver does. */
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCheckpoints } from '../../src/app/checkpoints.js';
import type { EventStore } from '../../src/app/ports.js';
import { StoreAway } from '../../src/app/store-outage.js';
import { webhookTopics, type Webhook } from '../../src/domain/webhook-config.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { openTelling, type Telling } from '../../src/webhooks/telling.js';
import { aPromotion, aQueuedJob, asNew } from '../builders.js';
import { until } from '../e2e/processes.js';
import { aReceiver, SECRET, type Receiver } from './receiver.js';

let folder: string;
let receiver: Receiver;
const open: Telling[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-webhooks-'));
  receiver = await aReceiver();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((telling) => telling.close()));
  await receiver.close();
  await rm(folder, { recursive: true });
});

const queued: BatonEvent = { type: 'JobQueued', data: aQueuedJob() };

const given = (more: Partial<Webhook> = {}) => {
  const store = memoryStore();
  const written = new Subject<void>();
  const problems: string[] = [];
  /** Not opened yet. `readStream`: in place of the store's own. */
  const make = (name = 'chat', readStream: EventStore['readStream'] = store.readStream): Telling => {
    const telling = openTelling({
      webhook: { name, url: receiver.url, secretFile: '', topics: webhookTopics, ...more },
      ...{ secret: SECRET, store: { ...store, readStream }, written, clock: systemClock },
      checkpoints: fileCheckpoints(folder),
      onProblem: (message) => problems.push(message),
    });
    open.push(telling);
    return telling;
  };
  const start = async (...how: Parameters<typeof make>): Promise<Telling> => {
    const telling = make(...how);
    await telling.open();
    return telling;
  };
  /** One event in each of these streams. */
  const write = async (...streams: readonly string[]): Promise<string> => {
    let position = '';
    for (const stream of streams) {
      const done = await store.append(stream, [asNew(queued)], 'any')();
      if (E.isRight(done)) position = done.right.position;
    }
    written.next();
    return position;
  };
  const happen = async (stream: string, ...events: readonly BatonEvent[]): Promise<string> => {
    const done = await store.append(
      stream,
      events.map((event) => asNew(event)),
      'any',
    )();
    written.next();
    return E.isRight(done) ? done.right.position : expect.fail(JSON.stringify(done.left));
  };
  return { store, problems, make, start, write, happen };
};
const told = (): readonly string[] => receiver.taken.map(({ data }) => `${data.stream}@${data.revision}`);
/** The receiver may have a message before the other side knows that it has. */
const stands = (telling: Telling, holds: (state: ReturnType<Telling['state']>) => boolean) =>
  until('how it stands with the webhook', () => holds(telling.state()) || undefined);
const tookAll = (count: number) => receiver.until(() => receiver.taken.length >= count);

describe('telling a webhook', () => {
  it('begins with what comes after it was configured, and leaves out what is not of its topics', async () => {
    const { start, write } = given();
    await write('job-before');
    await start();
    await write('secrets', 'job-1', 'access', 'runner-r', 'filter_class-x', 'job-1');
    await tookAll(3);
    expect(told().toSorted()).toEqual(['job-1@0', 'job-1@1', 'runner-r@0']);
  });

  it('given that it was closed, then the next one goes on where it was, with what came meanwhile', async () => {
    const { start, write } = given();
    const first = await start();
    await write('job-1');
    await tookAll(1);
    await stands(first, ({ owed }) => owed === 0);
    await first.close();
    await write('job-1', 'job-2');
    await start();
    await tookAll(3);
    expect(told().toSorted()).toEqual(['job-1@0', 'job-1@1', 'job-2@0']);
  });

  it('given that it ends before it was opened, then its place is as before', async () => {
    const { make, start, write } = given();
    const first = await start();
    await write('job-1');
    await tookAll(1);
    await stands(first, ({ owed }) => owed === 0);
    await first.close();
    await write('job-2');
    const [file = ''] = (await readdir(folder)).map((name) => join(folder, name));
    const before = await readFile(file, 'utf8');
    await make().close();
    expect(await readFile(file, 'utf8')).toBe(before);
    await start();
    await tookAll(2);
    expect(told()).toEqual(['job-1@0', 'job-2@0']);
  });

  it('given a store that goes away while it is opened, then that is a refusal, and what is owed is not forgotten', async () => {
    const { store, make, start, happen } = given({ scopes: [{ enterprise: 'acme' }] });
    receiver.answer = () => 500;
    const first = await start();
    const place = { scope: { enterprise: 'acme', organisation: 'web', project: 'shop' }, pipeline: 'main' };
    await happen('job-1', { type: 'JobQueued', data: aQueuedJob(place) });
    await happen('job-2', { type: 'JobQueued', data: aQueuedJob(place) });
    await stands(first, ({ owed, failures }) => owed === 2 && failures > 0);
    await first.close();
    let asked = 0;
    const away = make('chat', (...question) => {
      asked += 1;
      // the first of what is owed is read, the second is not
      return asked === 1
        ? store.readStream(...question)
        : TE.left({ code: 'store_unavailable', why: 'timed_out', message: 'it did not answer' });
    });
    await expect(away.open()).rejects.toBeInstanceOf(StoreAway);
    await away.close();
    receiver.answer = () => 200;
    await start();
    await tookAll(2);
    expect(told().toSorted()).toEqual(['job-1@0', 'job-2@0']);
  });

  it('given that the receiver is away, then nothing is lost, little is held, and all is told when it is back', async () => {
    const { start, write, problems } = given();
    const telling = await start();
    const { port } = new URL(receiver.url);
    await receiver.close();
    const streams = Array.from({ length: 1000 }, (_, n) => `job-${n}`);
    await write(...streams);
    await stands(telling, ({ failures }) => failures > 0);
    receiver = await aReceiver(Number(port));
    await tookAll(1000);
    expect(new Set(told())).toEqual(new Set(streams.map((stream) => `${stream}@0`)));
    expect(told()).toHaveLength(1000);
    await stands(telling, ({ owed }) => owed === 0);
    expect(problems).toEqual([
      'webhook chat: It could not be reached: ECONNREFUSED.',
      'webhook chat: it takes messages again',
    ]);
  });

  it('given that the receiver takes nothing, then no more than a page above 256 messages are held', async () => {
    const { start, write } = given();
    receiver.answer = () => 500;
    const telling = await start();
    await write(...Array.from({ length: 1000 }, (_, n) => `job-${n}`));
    await stands(telling, ({ failures }) => failures > 0);
    expect(telling.state()).toMatchObject({ state: 'failing', problem: { message: 'It answered 500.' } });
    expect(telling.state().owed).toBeLessThanOrEqual(356);
    // none of it is forgotten over an end in between
    await telling.close();
    receiver.answer = () => 200;
    await start();
    await tookAll(1000);
    expect(new Set(told()).size).toBe(1000);
  });

  it('given one message that is always refused, then the others are told, and it is tried again', async () => {
    const { start, write } = given();
    receiver.answer = ({ data }) => (data.stream === 'job-bad' ? 400 : 200);
    const telling = await start();
    await write('job-bad', 'job-bad', 'job-1', 'job-2');
    await tookAll(2);
    expect(told().toSorted()).toEqual(['job-1@0', 'job-2@0']);
    receiver.answer = () => 200;
    await tookAll(4);
    expect(told().slice(2)).toEqual(['job-bad@0', 'job-bad@1']);
    await stands(telling, ({ state, owed }) => state === 'telling' && owed === 0);
  });

  it('given a redirect, then it is not followed', async () => {
    const { start, write } = given();
    receiver.answer = () => 307;
    const telling = await start();
    await write('job-1');
    await stands(telling, ({ failures }) => failures > 0);
    expect(telling.state().problem?.message).toBe('It answered 307, and redirects are not followed.');
    expect(receiver.asked()).toBe(1);
  });

  it('given 410, then no more is told, until a replay', async () => {
    const { start, write } = given();
    receiver.answer = () => 410;
    const telling = await start();
    await write('job-1');
    await stands(telling, ({ state }) => state === 'gone');
    await write('job-2');
    receiver.answer = () => 200;
    await telling.replay('');
    await tookAll(2);
    expect(told().toSorted()).toEqual(['job-1@0', 'job-2@0']);
  });

  it('given 410 beside other answers that fail, then no more is told either', async () => {
    const { start, write } = given();
    receiver.answer = ({ data }) => (data.stream === 'job-3' ? 410 : 502);
    const telling = await start();
    await write('job-1', 'job-2', 'job-3', 'job-4', 'job-5');
    await receiver.until(() => receiver.asked() === 5);
    await stands(telling, ({ state }) => state === 'gone');
    expect(telling.state().problem?.message).toBe('It answered 410: it wants no more messages.');
  });

  it.each(['Chat', '2nd', 'a_b-C'])(
    'given the name %s, then it keeps its place like any other',
    async (name) => {
      const { start, write } = given();
      const first = await start(name);
      await write('job-1');
      await tookAll(1);
      await stands(first, ({ owed }) => owed === 0);
      await first.close();
      await write('job-2');
      await start(name);
      await tookAll(2);
      expect(told()).toEqual(['job-1@0', 'job-2@0']);
    },
  );

  it('given a replay, then what came after that position is told again, with the same ids', async () => {
    const { start, write } = given();
    const telling = await start();
    const after = await write('job-1');
    await write('job-2', 'job-3');
    await tookAll(3);
    const ids = new Map(receiver.taken.map(({ data }) => [data.stream, data.id]));
    await telling.replay(after);
    await tookAll(5);
    const again = receiver.taken.slice(3);
    expect(again.map(({ data }) => data.stream).toSorted()).toEqual(['job-2', 'job-3']);
    for (const { data } of again) expect(data.id).toBe(ids.get(data.stream));
  });

  it('given that its place cannot be kept, then a replay is refused and changes nothing, and how it stands says so', async () => {
    const { start, write, problems } = given();
    const telling = await start();
    await write('job-1', 'job-2');
    await tookAll(2);
    await stands(telling, ({ owed }) => owed === 0);
    await rename(folder, `${folder}.away`);
    await writeFile(folder, 'in the way');
    const { position } = telling.state();
    const refused = await telling.replay('');
    const why = `checkpoint ${folder}/chat.jsonl could not be kept: EEXIST`;
    expect(refused).toMatchObject({
      left: {
        ...{ code: 'store_unavailable', reason: 'place_not_kept' },
        message: `Webhook chat is not told again, as its new place in the log cannot be kept: ${why}.`,
      },
    });
    expect(telling.state()).toMatchObject({ state: 'telling', position, owed: 0, notKept: why });
    // what happens is told all the same
    await write('job-3');
    await tookAll(3);
    await rm(folder);
    await rename(`${folder}.away`, folder);
    await stands(telling, ({ notKept }) => notKept === undefined);
    expect(problems.at(-1)).toBe('webhook chat: checkpoint chat is kept again');
    await stands(telling, ({ owed }) => owed === 0);
    await telling.close();
    const next = await start();
    await write('job-4');
    await tookAll(4);
    expect(told().slice(2)).toEqual(['job-3@0', 'job-4@0']);
    expect(await next.replay('')).toEqual(E.right(undefined));
    await tookAll(8);
  });

  it('given that its place was damaged, then it says so and goes on from now', async () => {
    const { start, write, problems } = given();
    const first = await start();
    await write('job-1');
    await tookAll(1);
    await stands(first, ({ owed }) => owed === 0);
    await first.close();
    const [file] = (await readdir(folder)).map((name) => join(folder, name));
    await writeFile(file!, (await readFile(file!, 'utf8')).replace('owed', 'owes'));
    await write('job-2');
    await start();
    await write('job-3');
    await tookAll(2);
    expect(told()).toEqual(['job-1@0', 'job-3@0']);
    expect(problems).toContain(
      'webhook chat: its place in the log cannot be used, so it is told only what happens from now on; what it missed meanwhile it is told by `baton webhook replay chat --from MOMENT`',
    );
  });

  it('given that it ends while an answer is waited for, then it ends at once, and the message is told again', async () => {
    const { start, write } = given();
    receiver.answer = () => 'never';
    const telling = await start();
    await write('job-1');
    await receiver.until(() => receiver.asked() === 1);
    await telling.close();
    receiver.answer = () => 200;
    await start();
    await tookAll(1);
    expect(told()).toEqual(['job-1@0']);
  });

  it('given scopes, then it is told of what belongs to them, whichever event of a stream says so, and of nothing else', async () => {
    const at = (organisation: string, project: string, pipeline = 'main') => ({
      ...{ scope: { enterprise: 'acme', organisation, project }, pipeline },
    });
    const started: BatonEvent = {
      type: 'JobStarted',
      data: { attempt: 1, pid: 7, startTime: '9', bootId: 'boot' },
    };
    const opened = (place: ReturnType<typeof at>): BatonEvent => ({
      type: 'ChangeOpened',
      data: { ...place, branch: 'b', repository: 'r', title: 't' },
    });
    const cancelled: BatonEvent = { type: 'PhaseCancelRequested', data: { host: 'test', hostKey: 'key' } };
    const joined = (changeId: string): BatonEvent => ({
      type: 'ChangesetJoined',
      data: { changesetId: 's', changeId },
    });
    const { start, happen } = given({
      scopes: [
        { enterprise: 'acme', organisation: 'web', project: 'shop', pipeline: 'main' },
        { enterprise: 'acme', organisation: 'ops' },
      ],
    });
    // what a stream is of was said before anybody was told of it
    await happen('job-old', { type: 'JobQueued', data: aQueuedJob(at('web', 'shop')) });
    await happen('job-other', { type: 'JobQueued', data: aQueuedJob(at('web', 'blog')) });
    const telling = await start();
    await happen('job-old', started);
    await happen('job-other', started);
    await happen('runner-r', { type: 'RunnerRetired', data: {} });
    // a cancel that came first says nothing of a project
    const before = await happen('phase_run-p', cancelled);
    await stands(telling, ({ position }) => position === before);
    await happen('phase_run-p', { type: 'PhasePromoted', data: aPromotion(at('ops', 'dns', 'x')) });
    await happen('phase_run-q', { type: 'PhasePromoted', data: aPromotion(at('web', 'shop', 'release')) });
    await happen('change-c', opened(at('web', 'shop')));
    await happen('change-d', opened(at('web', 'shop', 'release')));
    await happen('pipeline-1', joined('c'));
    await happen('pipeline-2', joined('d'));
    const end = await happen('stage_run-1', {
      type: 'StageRunCancelled',
      data: { changeId: 'c', stage: 'build', why: 'requested' },
    });
    await tookAll(5);
    await stands(telling, ({ owed, position }) => owed === 0 && position === end);
    expect(told().toSorted()).toEqual([
      ...['change-c@0', 'job-old@1', 'phase_run-p@1', 'pipeline-1@0', 'stage_run-1@0'],
    ]);
    expect(telling.state().deliveries).toEqual({ taken: 5, failed: 0, gone: 0 });
  });

  it('given an end while it asks to what each event of a page belongs, then it asks no more, and they are told at the next start', async () => {
    const place = { scope: { enterprise: 'acme', organisation: 'web', project: 'shop' }, pipeline: 'main' };
    const { start, store, happen } = given({ scopes: [{ enterprise: 'acme' }] });
    const streams = Array.from({ length: 50 }, (_, n) => `job-${n}`);
    let ending: Promise<void> | undefined;
    let asked = 0;
    const telling = await start('chat', (...question) => {
      asked += 1;
      if (asked === 3) ending = telling.close();
      return store.readStream(...question);
    });
    for (const stream of streams)
      await store.append(stream, [asNew({ type: 'JobQueued', data: aQueuedJob(place) })], 'any')();
    await happen('job-50', { type: 'JobQueued', data: aQueuedJob(place) });
    await until('it is ended', () => ending !== undefined || undefined);
    await ending;
    expect(asked).toBe(3);
    await start();
    await tookAll(51);
    expect(new Set(told())).toEqual(new Set([...streams, 'job-50'].map((stream) => `${stream}@0`)));
  });

  it('given a stream that belongs to no project yet, then the store is asked once for what is there, and again for what comes', async () => {
    const place = { scope: { enterprise: 'acme', organisation: 'web', project: 'shop' }, pipeline: 'main' };
    const cancelled: BatonEvent = { type: 'PhaseCancelRequested', data: { host: 'test', hostKey: 'key' } };
    const { start, store, happen } = given({ scopes: [{ enterprise: 'acme' }] });
    let asked = 0;
    const telling = await start('chat', (...question) => {
      asked += 1;
      return store.readStream(...question);
    });
    const before = await happen('phase_run-p', cancelled, cancelled, cancelled);
    await stands(telling, ({ position }) => position === before);
    expect(asked).toBe(1);
    const promoted: BatonEvent = { type: 'PhasePromoted', data: aPromotion(place) };
    await happen('phase_run-p', promoted, cancelled);
    await tookAll(2);
    expect([told(), asked]).toEqual([['phase_run-p@3', 'phase_run-p@4'], 2]);
  });

  it('counts how messages were taken, and says how old the oldest is that was not', async () => {
    const { start, write } = given();
    receiver.answer = ({ data }) => (data.stream === 'job-bad' ? 400 : 200);
    const telling = await start();
    const before = new Date().toISOString();
    await write('job-1', 'job-bad', 'job-2');
    await stands(telling, ({ deliveries }) => deliveries.taken === 2 && deliveries.failed === 1);
    expect(Date.parse(telling.state().oldestAt ?? '')).not.toBeNaN();
    receiver.answer = () => 200;
    await stands(telling, ({ owed }) => owed === 0);
    expect(telling.state()).not.toHaveProperty('oldestAt');
    expect(telling.state().deliveries).toEqual({ taken: 3, failed: 1, gone: 0 });
    expect(before < (telling.state().takenAt ?? '')).toBe(true);
  });
});
