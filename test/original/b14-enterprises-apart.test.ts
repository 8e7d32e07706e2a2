import { describe, expect, it } from 'vitest';
import { toQueueView, queue } from '../../projections/queue.js';
import { enterpriseClause, filterClassOf } from '../../src/domain/matching.js';
import type { Filter, Scope } from '../../src/events/shapes.js';
import { FleetWorld } from '../dispatch/fleet-world.js';
import { viewOf } from '../given.js';

const of = (enterprise: string): { readonly scope: Scope } => ({
  scope: { enterprise, organisation: 'web', project: 'shop' },
});
const debian: Filter = [{ key: 'platform_family', op: 'in', values: ['debian'] }];
const kept = (world: FleetWorld, name: string, ...enterprises: readonly string[]): void =>
  world.tell(`runner-${name}`, { type: 'RunnerSettingsChanged', data: { enterprises } });
const waitingFor = (world: FleetWorld, jobId: string) =>
  toQueueView(viewOf(queue, world.events), '0').entries.find((entry) => entry.jobId === jobId)?.waiting;

describe('B14: a runner that is kept for an enterprise never gets a job of another', () => {
  it('given a free runner of another enterprise, then the job waits for one of its own', () => {
    const world = new FleetWorld();
    world.ready('theirs', {}, { enterprises: ['globex'] });
    world.queue('ours', [], of('acme'));
    expect(world.assignments).toEqual([]);
    world.ready('ours-too', {}, { enterprises: ['acme', 'initech'] });
    expect(world.assignments).toEqual(['ours→ours-too/0 only_match']);
  });
  it('given one filter in two enterprises, then each line moves on its own', () => {
    const world = new FleetWorld();
    world.ready('a', { platform_family: 'debian' }, { enterprises: ['acme'] });
    world.ready('g', { platform_family: 'debian' }, { enterprises: ['globex'] });
    for (const id of ['a1', 'a2']) world.queue(id, debian, of('acme'));
    world.queue('g1', debian, of('globex'));
    expect(world.assignments.map((text) => text.split('/')[0])).toEqual(['a1→a', 'g1→g']);
    expect(waitingFor(world, 'a2')).toMatchObject({ reason: 'all_busy', blockers: ['a'] });
  });
  it('given a runner that is kept for others while jobs wait for it, then they wait on; released, they run', () => {
    const world = new FleetWorld();
    world.ready('r1');
    world.held('holder', 'r1');
    world.queue('ours', [], of('acme'));
    kept(world, 'r1', 'globex');
    world.succeed('holder');
    expect(world.assignments).toEqual([]);
    kept(world, 'r1');
    expect(world.assignments).toEqual(['ours→r1/0 only_match']);
  });
  it('given jobs that nothing of their enterprise suits, then their policy ends them, and no other enterprise is named', () => {
    const world = new FleetWorld();
    world.ready('theirs', { platform_family: 'debian' }, { enterprises: ['globex'] });
    world.queue('ours', debian, { ...of('acme'), whenUnmatchable: 'fail' });
    const ended = world.events.map(({ event }) => event).find(({ type }) => type === 'JobUndeliverable');
    expect(ended).toMatchObject({ data: { why: 'no_runner_matches' } });
    expect(JSON.stringify(ended)).not.toMatch(/globex|theirs/);
    expect(JSON.stringify(ended)).toContain('no enrolled runner can ever match');
  });
  it('given enterprises that no runner names, then they share one reason, and those that one names have their own', () => {
    const world = new FleetWorld();
    world.ready('theirs', {}, { enterprises: ['globex'] });
    world.held('holder', 'theirs');
    for (const enterprise of ['acme', 'initech', 'globex']) world.queue(enterprise, [], of(enterprise));
    expect(waitingFor(world, 'acme')?.reason).toBe('none_matches');
    expect(waitingFor(world, 'initech')?.reason).toBe('none_matches');
    expect(waitingFor(world, 'globex')?.reason).toBe('all_busy');
    const streams = world.events
      .filter(({ event }) => event.type === 'WaitReasonChanged')
      .map((e) => e.stream);
    expect(new Set(streams)).toEqual(
      new Set([
        `filter_class-${filterClassOf([])}`,
        `filter_class-${filterClassOf([enterpriseClause('globex')])}`,
      ]),
    );
  });
  it('given a scheduler that starts anew from what it kept, then enterprises are as far apart as before', () => {
    const world = new FleetWorld();
    world.ready('theirs', {}, { enterprises: ['globex'] });
    world.held('holder', 'theirs');
    for (const enterprise of ['acme', 'globex']) world.queue(enterprise, [], of(enterprise));
    const { kept: keeping } = world.process;
    const restored = keeping?.restore(structuredClone(keeping.save(world.state)));
    if (restored === undefined) throw new Error('nothing was restored');
    world.state = restored;
    world.succeed('holder');
    expect(world.assignments).toEqual(['globex→theirs/0 only_match']);
  });
});
