/** Does a history move to a server and back as a person moves it, and what becomes of it when either side dies on the way? */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../src/app/ports.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import type { RawEvent, Recorded } from '../../src/kernel/recorded.js';
import { historyOf } from '../../bench/replay/given.js';
import { event, ok, watch } from '../contract/event-store-tools.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openAt } from '../store/esdb-tools.js';
import { openIn } from '../store/sqlite-tools.js';
import { until } from './processes.js';
import { begin, type Ran, type Running } from './program.js';
import { aWorld, type World } from './world.js';

let world: World;
let nodes: ServedProcess[];
beforeEach(async () => {
  world = await aWorld();
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node.end();
  await world.close();
});

const data = (name: string): string => join(world.folder, name);

/** A node over the events in the folder of that name; ended with the test. */
const serve = async (name: string, port = 0): Promise<ServedProcess> => {
  const node = await serveProcess(data(name), port);
  nodes.push(node);
  return node;
};

const start = (...args: readonly string[]): Running =>
  begin(world.folder, ['store', 'copy', '--json', ...args]);
const copy = (...args: readonly string[]): Promise<Ran> => start(...args).done;

interface Told {
  readonly events: number;
  readonly streams: number;
  readonly copied: number;
  readonly digest: string;
  readonly leftOut: number;
}
const told = (ran: Ran): Told => {
  expect([ran.code, ran.err]).toEqual([0, '']);
  expect(ran.out.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(ran.out) as Told;
};

type Content = readonly Omit<Recorded<RawEvent>, 'position'>[];
const contentOf = async (name: string): Promise<Content> => {
  const store = await openIn(join(data(name), 'store'));
  const events = await ok(store.readAll('start', { maxCount: 100_000 }));
  await store.close();
  return events.map(({ position: _, ...rest }) => rest);
};

/** Some thousand events as an engine writes them. */
const PHASES = 400;
const writeHistory = async (name: string): Promise<Content> => {
  const store = await openIn(join(data(name), 'store'));
  await Promise.all(
    [...historyOf(PHASES, 8)].map(({ stream, events, expected }) =>
      ok(store.append(stream, events, expected)),
    ),
  );
  await store.close();
  return contentOf(name);
};

const write = async (name: string, events: readonly NewEvent[]): Promise<void> => {
  const store = await openIn(join(data(name), 'store'));
  await ok(store.append('a-1', events, 'no_stream'));
  await store.close();
};

/** Resolves when a client of the node has seen so many events there. */
const untilCopied = async ({ address }: ServedProcess, count: number): Promise<void> => {
  const store = await openAt(address);
  const seen = watch(store, 'start');
  await seen.until(() => seen.seen.length >= count);
  seen.stop();
  await store.close();
};

const allIdsDiffer = (content: Content): boolean =>
  new Set(content.map(({ id }) => id)).size === content.length;

/** At the node, which has been ended: in order, and once. */
const expectAllThere = async (content: Awaited<ReturnType<typeof contentOf>>): Promise<void> => {
  const there = await contentOf('node');
  expect(there).toEqual(content);
  expect(allIdsDiffer(there)).toBe(true);
};

describe('baton store copy', () => {
  it('given what a server did, when it is moved to a node and down again, then all digests are equal, and a server on the last one shows the same change', async () => {
    await world.start();
    await world.addRunner('one');
    const project = { commands: { lint: 'true', syntax: 'true', unit: 'echo unit' } };
    const repository = world.aRepository('shop', project);
    const opened = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const change = await world.finished((opened.json() as ChangeView).id);
    const inUse = await copy(`sqlite:${world.data}`, `sqlite:${data('other')}`);
    expect([inUse.code, inUse.out]).toEqual([5, '']);
    expect(inUse.err).toContain('another process has it open');
    expect(existsSync(data('other'))).toBe(false);
    await world.stop();

    const node = await serve('node');
    const up = told(await copy(`sqlite:${world.data}`, node.address));
    expect(up).toMatchObject({ copied: up.events, leftOut: 0 });
    expect(up.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(told(await copy(`sqlite:${world.data}`, node.address))).toEqual({ ...up, copied: 0 });

    const down = told(await copy(node.address, `sqlite:${data('down')}`));
    expect(down).toMatchObject({
      events: up.events,
      streams: up.streams,
      copied: up.events,
      digest: up.digest,
    });
    const content = await contentOf('down');
    expect(content).toHaveLength(up.events);
    expect(content).toEqual((await world.events()).map(({ position: _, ...rest }) => rest));

    const args = ['--data', data('down'), '--listen', '127.0.0.1:0', '--repo-root', world.repositories];
    const again = begin(world.folder, ['serve', '--json', ...args, '--log-level', 'error']);
    const line = await until('the server says where it listens', () =>
      again.child.exitCode !== null || again.out().includes('\n') ? again.out() : undefined,
    );
    const { url } = JSON.parse(line) as { readonly url: string };
    const answer = await fetch(`${url}/api/v1/changes/${change.id}`, {
      headers: { Authorization: `Bearer ${world.token}` },
    });
    expect(await answer.json()).toEqual(change);
    again.child.kill('SIGTERM');
    await again.done;
  });

  it('given a copying process that is killed on the way up, when it is started again, then all is there once and in order', async () => {
    const content = await writeHistory('from');
    const node = await serve('node');
    const copying = start(`sqlite:${data('from')}`, node.address);
    await untilCopied(node, 100);
    copying.child.kill('SIGKILL');
    expect((await copying.done).out).toBe('');

    const again = told(await copy(`sqlite:${data('from')}`, node.address));
    expect(again.events).toBe(content.length);
    // it was killed on the way, and what was there was not written again
    expect(again.copied).toBeGreaterThan(0);
    expect(again.copied).toBeLessThanOrEqual(content.length - 100);
    await node.end();
    await expectAllThere(content);
  });

  it('given a node that is killed on the way up, then that is said with a way out; and when it is back, a repeat completes it', async () => {
    const content = await writeHistory('from');
    const node = await serve('node');
    const copying = start(`sqlite:${data('from')}`, node.address);
    await untilCopied(node, 100);
    await node.end('SIGKILL');
    const broken = await copying.done;
    expect([broken.code, broken.out]).toEqual([1, '']);
    expect(broken.err).toContain(node.address);
    expect(broken.err).toMatch(/^hint: \d+ events were written; the same command goes on after them$/m);

    const back = await serve('node', node.port);
    const again = told(await copy(`sqlite:${data('from')}`, back.address));
    expect(again.events).toBe(content.length);
    expect(again.copied).toBeGreaterThan(0);
    await back.end();
    await expectAllThere(content);
  });

  it('given a node that is killed on the way down, when it is back, then a repeat completes the folder', async () => {
    const content = await writeHistory('node');
    const node = await serve('node');
    const copying = start(node.address, `sqlite:${data('to')}`);
    // the first page of events, of six
    const log = join(data('to'), 'store', 'events.db-wal');
    const sizeOf = (): number => statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    await until('events are written', () => sizeOf() > 200_000 || undefined);
    await node.end('SIGKILL');
    const broken = await copying.done;
    expect([broken.code, broken.out]).toEqual([1, '']);
    expect(broken.err).toContain(node.address);

    const back = await serve('node', node.port);
    const again = told(await copy(back.address, `sqlite:${data('to')}`));
    expect(again.events).toBe(content.length);
    expect(again.copied).toBeGreaterThan(0);
    expect(again.copied).toBeLessThan(content.length);
    expect(await contentOf('to')).toEqual(content);
  });

  it('given another history at the target, then exit code 2, the first difference is named, and nothing is written', async () => {
    await write('from', [event(1), event(2)]);
    await write('node', [event('x')]);
    const node = await serve('node');
    const ran = await copy(`sqlite:${data('from')}`, node.address);
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toMatch(/another history.* event 1 was expected to be .*with another id, data/);
    expect(ran.err).toMatch(/^hint: nothing was written/m);
    await node.end();
    expect(await contentOf('node')).toHaveLength(1);
  });

  it('given a source that is not there, then exit code 1, and nothing is made', async () => {
    const ran = await copy(`sqlite:${data('mistyped')}`, `sqlite:${data('to')}`);
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain(`An event store was expected in ${data('mistyped')}, but there is none.`);
    expect([existsSync(data('mistyped')), existsSync(data('to'))]).toEqual([false, false]);
  });

  it.each([
    [['sqlite:a']],
    [['a', 'sqlite:b']],
    [['sqlite:', 'sqlite:b']],
    [['http://h:1', 'sqlite:b']],
    [['esdb://u:hidden@h:1?unknown=1', 'sqlite:b']],
    [['sqlite:a', 'sqlite:./a']],
    [['sqlite:a', 'sqlite:b', '--to-user', 'u']],
    [['esdb://h:1', 'sqlite:b', '--from-user', 'u']],
    [['esdb://u:hidden@h:1', 'sqlite:b', '--from-user', 'u', '--from-password-file', 'none']],
  ])('given %j, then exit code 64, a sentence, no password, and nothing is made', async (args) => {
    const ran = await copy(...args);
    expect([ran.code, ran.out]).toEqual([64, '']);
    expect(ran.err).toMatch(/^error: /);
    expect(ran.err).not.toContain('hidden');
    expect([existsSync(data('a')), existsSync(data('b'))]).toEqual([false, false]);
  });
});
