/** After it has happened: what was in the queue, on the runners and of a job at a moment in the middle? */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HistoryRow } from '../../projections/history.js';
import type { QueueView } from '../../projections/queue.js';
import type { TimelineEntry } from '../../projections/timeline.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
});
afterEach(() => world.close());

const json = (out: string): unknown => JSON.parse(out);

describe('asking the past', () => {
  it('given a cancelled and an ended job, then the queue of a time in the middle shows them as they were', async () => {
    await world.addRunner('r1', 1);
    const repository = world.aRepository('shop', {
      commands: { lint: 'sleep 300', unit: 'sleep 300' },
      config: { version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['syntax'] },
    });
    const submitted = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    expect(submitted.status).toBe(201);
    const { id } = submitted.json() as ChangeView;

    // one slot: one of the two runs, the other waits
    const middle = await until('one job runs and one waits', async () => {
      const queue = (await world.ask('GET', '/queue')).json() as QueueView;
      const states = queue.entries.map(({ status }) => status).sort();
      return states.join() === 'queued,running' ? queue : undefined;
    });
    const runs = middle.entries.find(({ status }) => status === 'running')?.jobId ?? '';
    const waits = middle.entries.find(({ status }) => status === 'queued')?.jobId ?? '';
    const { time } = (
      (await world.ask('GET', `/queue?at=${middle.position}`)).json() as { at: { time: string } }
    ).at;
    for (const job of [waits, runs])
      await world.ask('POST', `/jobs/${job}/cancel`, { reason: 'seen enough' });
    await world.finished(id);

    const now = await world.baton('queue', '--json');
    expect((json(now.out) as QueueView).entries).toEqual([]);
    for (const moment of [middle.position, time]) {
      const then = await world.baton('queue', '--at', moment, '--json');
      const { entries } = json(then.out) as QueueView;
      expect(entries.find(({ jobId }) => jobId === runs)).toMatchObject({ status: 'running', runner: 'r1' });
      expect(entries.find(({ jobId }) => jobId === waits)).toMatchObject({ status: 'queued' });
    }
    const runner = await world.baton('runner', 'show', 'r1', '--at', middle.position, '--json');
    expect(json(runner.out)).toMatchObject({ current: { 0: runs } });
    const text = await world.baton('queue', '--at', middle.position);
    expect(text.err).toBe(`As of position ${middle.position}, ${time}.\n`);
    const before = await world.baton('job', 'list', '--at', 'start', '--json');
    expect(json(before.out)).toMatchObject({ items: [], at: { position: 'start' } });

    // what became of them since
    const rows = await world.baton('history', '--change', id, '--actor', 'admin', '--json');
    const { items } = json(rows.out) as { items: HistoryRow[] };
    expect(items.find(({ jobId }) => jobId === runs)).toMatchObject({
      ...{ attempt: 1, runner: 'r1', outcome: 'cancelled', cancelReason: 'seen enough' },
    });
    expect(items.find(({ jobId }) => jobId === waits)).toMatchObject({ attempt: 0, outcome: 'cancelled' });
    const lines = (await world.baton('history', '--format', 'ndjson')).out.trimEnd().split('\n');
    expect(lines.map((line) => (json(line) as HistoryRow).jobId).sort()).toEqual([runs, waits].sort());

    const told = await world.baton('job', 'timeline', runs.slice(0, 8), '--json');
    const timeline = (json(told.out) as { items: TimelineEntry[] }).items;
    expect(timeline.map(({ type }) => type)).toEqual([
      ...['PhasePromoted', 'JobQueued', 'JobAssigned', 'JobStarted', 'JobCancelRequested'],
      ...['JobOutputSealed', 'JobCancelled', 'PhaseFinished'],
    ]);
    expect(timeline[4]).toMatchObject({ by: 'admin', reason: 'seen enough' });

    // a server that starts again answers the same of that moment
    await world.stop();
    await world.start();
    const again = await world.baton('queue', '--at', middle.position, '--json');
    expect((json(again.out) as QueueView).entries.map(({ jobId }) => jobId).sort()).toEqual(
      [runs, waits].sort(),
    );
  }, 180_000);
});
