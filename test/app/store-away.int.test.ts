/** What is left of a rebuild, and of a question about the past, whose store goes away half-way? A node in a process of its own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobs } from '../../projections/jobs.js';
import { past } from '../../src/app/past.js';
import type { EventStore } from '../../src/app/ports.js';
import { readModels, type ReadModels } from '../../src/app/read-models.js';
import { impatient, orStoreAway } from '../../src/app/store-away.js';
import { systemClock } from '../../src/kernel/time.js';
import { givenEvents } from '../given.js';
import { queued } from '../projections/stories.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openAt } from '../store/esdb-tools.js';
import { openIn, temporaryDirectory } from '../store/sqlite-tools.js';
import { record } from './history-store.js';

/** More than two pages. */
const JOBS = 1_200;
/** Much less than what the adapter waits for a server that is silent. */
const patienceMs = 300;

let folder: string;
let node: ServedProcess;
let store: EventStore;
/** Called before each page that is read. */
let beforePage: (page: number) => Promise<void> | void;
let pages: number;
let reading: ReadModels<{ readonly jobs: typeof jobs }>;
beforeEach(async () => {
  folder = await temporaryDirectory();
  const below = await openIn(join(folder, 'store'));
  await record(below, givenEvents(...Array.from({ length: JOBS }, (_, n) => queued(`j${n}`))));
  await below.close();
  node = await serveProcess(folder);
  [pages, beforePage] = [0, () => undefined];
  const opened = await openAt(node.address);
  store = {
    ...opened,
    readAll: (...args) => {
      const read = opened.readAll(...args);
      return async () => {
        await beforePage((pages += 1));
        return read();
      };
    },
  };
  reading = readModels({ jobs }, store, { onProblem: () => undefined });
  await reading.models.jobs.caughtUp();
});
afterEach(async () => {
  node.thaw();
  await store.close();
  await reading.close();
  await node.end();
  await rm(folder, { recursive: true });
});

/** Half of the pages are read then. */
const goesAway = (how: 'killed' | 'frozen'): void => {
  pages = 0;
  beforePage = async (page) => {
    if (page !== 2) return;
    if (how === 'frozen') node.freeze();
    else await node.end('SIGKILL');
  };
};
const comesBack = async (how: 'killed' | 'frozen'): Promise<void> => {
  beforePage = () => undefined;
  if (how === 'frozen') node.thaw();
  else node = await serveProcess(folder, node.port);
};
const answerOf = (work: () => Promise<unknown>) => orStoreAway(async () => E.right(await work()));
/** What is silent is told by whoever lost patience, not by the adapter, which has more of it. */
const awayWhen = (how: 'killed' | 'frozen') =>
  E.left({
    code: 'store_unavailable',
    hint: expect.stringContaining('/readyz') as unknown,
    message: expect.stringMatching(
      how === 'frozen' ? /within 0\.3 s/ : /cannot be reached|within 0\.3 s/,
    ) as unknown,
  });

describe.each(['killed', 'frozen'] as const)('a node that is %s half-way', (how) => {
  const AWAY = awayWhen(how);

  it('given a rebuild, then whoever asked is told so, the live view stays, and asked again it is folded', async () => {
    const { jobs: model } = reading.models;
    const before = model.view();
    goesAway(how);
    const asked = impatient(model, { store, patienceMs });
    expect(await answerOf(asked.rebuild)).toMatchObject(AWAY);
    expect(pages).toBeGreaterThan(1);
    expect(model.view()).toBe(before);
    expect(Object.keys(before)).toHaveLength(JOBS);

    await comesBack(how);
    expect(await model.rebuild()).toBe(JOBS);
    expect(model.view()).not.toBe(before);
    expect(model.view()).toEqual(before);
  });

  it('given a view of the past that is folded, then whoever asked is told so, and asked again it is there', async () => {
    const asking = past(store, systemClock, { patienceMs });
    const then = await asking.at({ kind: 'position', position: (await headOf()).position })();
    if (E.isLeft(then)) expect.fail(then.left.message);
    const source = then.right.of(jobs);
    goesAway(how);
    expect(await answerOf(source.caughtUp)).toMatchObject(AWAY);
    expect(pages).toBeGreaterThan(1);

    await comesBack(how);
    await source.caughtUp();
    expect(Object.keys(source.view())).toHaveLength(JOBS);
    asking.close();
  });

  it('given a moment that is looked for, then whoever asked is told so', async () => {
    const { position } = await headOf();
    const asking = past(store, systemClock, { patienceMs });
    goesAway(how);
    expect(await asking.at({ kind: 'position', position })()).toMatchObject(AWAY);

    await comesBack(how);
    expect(await asking.at({ kind: 'position', position })()).toMatchObject({
      right: { moment: { position } },
    });
    asking.close();
  });
});

const headOf = async () => {
  const found = await store.head()();
  if (E.isLeft(found) || found.right === undefined) return expect.fail('there is no last event');
  return found.right;
};
