/** A runner on trial takes no job before a small one has run in each of its slots and every byte of its output was compared. */
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView, RunnerTested } from '../../src/app/use-cases.js';
import { startRunner, type DemoRunner } from '../../src/cli/demo/fleet.js';
import { decode, type BatonEvent } from '../../src/events/catalog.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

let world: World;
let runner: DemoRunner;
beforeEach(async () => {
  world = await aWorld();
  await world.start();
  runner = await startRunner(world.folder, 'r1', 'debian');
});
afterEach(() => world.close());

const add = async (more: object): Promise<void> => {
  await world.enrol(runner, 2, more);
};
const shown = async (): Promise<RunnerStatus> =>
  (await world.ask('GET', '/runners/r1')).json() as RunnerStatus;
const prove = async (): Promise<RunnerTested> =>
  (await world.ask('POST', '/runners/r1/prove', {})).json() as RunnerTested;
const recorded = async (): Promise<readonly BatonEvent[]> =>
  (await world.events()).map(decode).flatMap((one) => (E.isRight(one) ? [one.right.event] : []));
const proofs = async () =>
  (await recorded()).flatMap((event) => (event.type === 'RunnerProved' ? [event.data] : []));
const filesOf = (ending: string): readonly string[] =>
  readdirSync(runner.base, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));

describe('a runner on trial', () => {
  it('takes no job whatever its probes say; once it is proved it does, and nothing of the proof stays there', async () => {
    await add({ trial: true });
    expect(await shown()).toMatchObject({
      ...{ state: 'untested', probe: { verdict: 'ready' } },
      detail: expect.stringContaining('its first job is awaited') as string,
    });
    const repository = world.aRepository('shop', {
      commands: { lint: 'echo linted', syntax: 'true', unit: 'true' },
    });
    const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    const { id } = answer.json() as ChangeView;
    const [job] = await until('its jobs wait', async () => {
      const jobs = await world.jobsOf(id);
      return jobs.length === 3 ? jobs : undefined;
    });
    const explained = await world.ask('GET', `/jobs/${job?.id ?? ''}/explain`);
    expect(explained.json()).toMatchObject({
      runners: [{ suits: true, unavailable: expect.stringContaining('its first job is awaited') as string }],
    });
    expect((await world.jobsOf(id)).map(({ status }) => status)).toEqual(['queued', 'queued', 'queued']);

    const proved = await world.baton('runner', 'prove', 'r1');
    expect([proved.code, proved.out]).toEqual([
      0,
      expect.stringContaining('The runner r1 is proved. Each of its 2 slots'),
    ]);
    const change = await world.finished(id);
    expect(change.stages[0]?.status).toBe('passed');
    const { state, proved: seen } = await shown();
    expect(state).toBe('ready');
    await until('all is tidied up', () => (filesOf('.go').length === 0 ? true : undefined));
    await world.stop();
    const [proof] = await proofs();
    expect(proof?.slots.map(({ slot, user }) => [slot, user])).toEqual([
      [0, runner.user],
      [1, runner.user],
    ]);
    expect(proof?.slots.every(({ bytes, sha256 }) => bytes > 10_000 && /^[0-9a-f]{64}$/.test(sha256))).toBe(
      true,
    );
    expect(seen?.slots).toEqual(proof?.slots);
  });

  it('given a server that dies half-way, then the next proof is not disturbed, and what was left goes a day later', async () => {
    await add({ trial: true });
    const asked = prove().catch(() => undefined);
    await until('a job of the proof runs', () => (filesOf('.go').length > 0 ? true : undefined));
    await world.stop('SIGKILL');
    await asked;
    await world.start();
    expect(await shown()).toMatchObject({ state: 'untested' });
    expect((await prove()).code).toBe('ready');
    expect(await shown()).toMatchObject({ state: 'ready' });
    const stay = filesOf('.go');
    expect(stay.length).toBeGreaterThan(0);
    await until('what was left has ended', () => (filesOf('.rc').length >= stay.length ? true : undefined));
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    for (const name of stay) utimesSync(join(runner.base, name), twoDaysAgo, twoDaysAgo);
    await until('a probe has it tidied up', async () => {
      await world.baton('runner', 'test', 'r1');
      return filesOf('.go').length === 0 ? true : undefined;
    });
  }, 120_000);
});

describe('a machine that is enrolled again under the name that it had', () => {
  it('is a runner like any other: with a key of its own, its first jobs, and views that a rebuild makes the same', async () => {
    const secretFiles = (): readonly string[] => readdirSync(join(world.data, 'secrets'));
    const others = secretFiles();
    await add({});
    const keys = secretFiles().filter((file) => !others.includes(file));
    const jobsPass = async (name: string): Promise<void> => {
      const repository = world.aRepository(name, {
        commands: { lint: 'echo linted', syntax: 'true', unit: 'true' },
      });
      const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
      expect((await world.finished((answer.json() as ChangeView).id)).stages[0]?.status).toBe('passed');
    };
    await jobsPass('shop');
    expect((await world.ask('POST', '/runners/r1/drain', {})).status).toBe(200);
    await world.ask('POST', '/runners/r1/remove', {});
    await until('it is retired', async () => ((await shown()).state === 'retired' ? true : undefined));
    await add({});
    expect(await shown()).toMatchObject({ state: 'ready', lastOutcomes: [], current: {} });
    await jobsPass('store');
    await until('the key of the former one is gone', () =>
      keys.some((key) => secretFiles().includes(key)) ? undefined : true,
    );
    await jobsPass('between');
    await world.stop('SIGKILL');
    await world.start();
    const { evidence: _, watch: __, ...before } = await shown();
    expect(before).toMatchObject({ state: 'ready', lastOutcomes: [{}, {}, {}, {}, {}, {}] });
    expect((await world.ask('POST', '/projections/runner-health/rebuild', {})).status).toBe(200);
    const { evidence: ___, watch: ____, ...after } = await shown();
    expect(after).toEqual(before);
    await jobsPass('last');
    await world.stop();
    const types = (await recorded())
      .map(({ type }) => type)
      .filter((type) => /^Runner(Enrol|Retir|Key)/.test(type));
    expect(types).toEqual(['RunnerEnrolled', 'RunnerRetired', 'RunnerEnrolled', 'RunnerKeyRemoved']);
  }, 60_000);
});

describe('a runner that takes jobs already', () => {
  it('is proved as well, which is recorded when it says something new', async () => {
    await add({});
    expect((await prove()).code).toBe('ready');
    expect((await prove()).code).toBe('ready');
    await world.ask('POST', '/runners/r1/settings', { slots: 1 });
    expect((await prove()).sentence).toContain('The runner r1 is proved. Its slot ran a job as');
    await world.stop();
    expect((await proofs()).map(({ slots }) => slots.length)).toEqual([2, 1]);
  });
});
