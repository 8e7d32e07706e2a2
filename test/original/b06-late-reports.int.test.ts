/** B6 with who drives an attempt: it still listens to the runner when a person closes the job, and tells what it hears. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { handle, load } from '../../src/app/handle.js';
import type { AttemptSignal, AttemptState } from '../../src/app/ports.js';
import type { AttemptFacts } from '../../src/dispatch/drive.js';
import { performer } from '../../src/dispatch/perform.js';
import { job, type JobCommand } from '../../src/domain/job.js';
import type { JobEvent } from '../../src/events/catalog.js';
import { deriveId } from '../../src/kernel/ids.js';
import { systemClock } from '../../src/kernel/time.js';
import { fileLogStore } from '../../src/logs/files.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, aPromotion, aQueuedJob, asNew } from '../builders.js';
import { performDeps } from '../dispatch/perform-deps.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-late-'));
});
afterEach(() => rm(directory, { recursive: true }));

const running = { pid: 7, startTime: '9', bootId: 'boot' };
const done: AttemptState = {
  ...{ state: 'done', logSize: 0 },
  result: { exitCode: 0, why: 'exit', logTruncated: false, signals: [], survivors: [] },
};

it('B6: given a job that was closed, when its runner then tells of success, then it stays lost, and that is recorded once', async () => {
  const store = memoryStore();
  const past: readonly JobEvent[] = [
    { type: 'JobQueued', data: aQueuedJob() },
    { type: 'JobAssigned', data: anAssignment() },
    { type: 'JobStarted', data: { attempt: 1, ...running } },
  ];
  await store.append(
    'job-j',
    past.map((event) => asNew(event)),
    'no_stream',
  )();
  const say = (command: JobCommand, commandId: string) =>
    handle({ store, clock: systemClock }, 'job-j', job, command, {
      ...{ commandId, bodySha256: '', actor: 'baton' },
    });

  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  /** Two that drive the same attempt, as when one has taken over from the other. */
  const drivers = [1, 2].map((n) => {
    let tidied = (): void => undefined;
    const over = new Promise<void>((resolve) => (tidied = resolve));
    let follows = (): void => undefined;
    const following = new Promise<void>((resolve) => (follows = resolve));
    const facts: AttemptFacts = {
      ...{
        promoted: aPromotion(),
        phaseRunId: 'p',
        assigned: anAssignment(),
        assignedAt: '1',
        started: true,
        current: true,
      },
    };
    const deps = performDeps(
      {
        query: () => TE.right({ state: 'running', ...running, logSize: 0 }),
        follow: async function* (): AsyncGenerator<AttemptSignal> {
          follows();
          await ended;
          yield { kind: 'ended', state: done };
        },
        cleanUp: () => {
          tidied();
          return TE.right(undefined);
        },
      },
      {
        logs: fileLogStore(join(directory, String(n))),
        facts: () => Promise.resolve(E.right(facts)),
        record: async (jobId: string, attempt: number, command: JobCommand) =>
          E.isRight(await say(command, deriveId('attempt', jobId, attempt, command.kind))),
      },
    );
    const effects = performer(deps);
    effects.drive({ target: 'effect', effect: 'drive', jobId: 'j', attempt: 1, runner: 'r1', fresh: false });
    return { following, over, close: () => effects.close() };
  });
  await Promise.all(drivers.map(({ following }) => following));
  expect(await say({ kind: 'CloseJob' }, 'close')).toMatchObject({ right: {} });
  end();
  await Promise.all(drivers.map(({ over }) => over));
  await Promise.all(drivers.map(({ close }) => close()));

  const history = await load(store, 'job-j');
  const events = E.isRight(history) ? history.right.events.map(({ event }) => event) : [];
  expect(events.slice(past.length)).toMatchObject([
    { type: 'JobLost', data: { why: 'closed' } },
    {
      type: 'JobReportRefused',
      data: {
        ...{ attempt: 1, report: 'finished', outcome: 'succeeded', exitCode: 0 },
        why: 'job_already_finished',
      },
    },
  ]);
});
