/** What is made of one look at a runner: sessions are counted when something may be otherwise, and kept as found until then. */
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runnerHealth } from '../../projections/runner-health.js';
import { createEvidence } from '../../src/app/evidence.js';
import type { ProbeReport } from '../../src/app/ports.js';
import type { Compatibility } from '../../src/domain/compatibility.js';
import type { Attributes } from '../../src/events/shapes.js';
import { onRunner, runnerLooks } from '../../src/app/runners.js';
import { probeOf } from '../../src/dispatch/link.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { anEnrolment } from '../builders.js';
import { rulesWith } from '../dispatch/fleet-world.js';
import { aTransport } from '../dispatch/perform-deps.js';
import { readModel } from '../read-model.js';

const closers: (() => Promise<void>)[] = [];
let world: Awaited<ReturnType<typeof given>>;
beforeEach(async () => {
  world = await given();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A machine that answers; each look at it by its kind. */
const given = async (compatibility?: Compatibility) => {
  const store = memoryStore();
  const health = readModel(runnerHealth, store, { onProblem: () => undefined });
  closers.push(health.close, store.close);
  const deps = { store, clock: systemClock };
  const envelope = { commandId: 'c', bodySha256: '', actor: 'admin' };
  const data = anEnrolment({ slots: 4 });
  await onRunner(deps, data.name, { kind: 'EnrolRunner', data }, envelope);
  const asked: string[] = [];
  const machine: { bootId: string; skewSeconds: number; attributes: Attributes } = {
    ...{ bootId: 'boot-1', skewSeconds: 0, attributes: {} },
  };
  const report = (): ProbeReport => ({
    ...{ attributes: machine.attributes, findings: [], baseId: 'base', bootId: machine.bootId, latencyMs: 1 },
    epochSeconds: Math.floor(Date.now() / 1000) + machine.skewSeconds,
  });
  const evidence = createEvidence();
  const transport = aTransport({
    check: () => () => {
      asked.push('check');
      return Promise.resolve(E.right(report()));
    },
    probe: () => () => {
      asked.push('probe');
      return Promise.resolve(E.right({ ...report(), sessions: { asked: 8, opened: 3 } }));
    },
  });
  const looks = runnerLooks(
    { ...deps, health, evidence, transport, ...(compatibility === undefined ? {} : { compatibility }) },
    probeOf,
  );
  const under = (rules: Compatibility) =>
    runnerLooks({ ...deps, health, evidence, transport, compatibility: rules }, probeOf);
  const seen = async () => {
    const found = await looks.view(data.name);
    return E.isRight(found) ? (found.right.evidence ?? undefined) : undefined;
  };
  return { asked, machine, seen, under, name: data.name, envelope, ...looks };
};

it('given looks over the open connection, then what was counted before stays', async () => {
  const { asked, name, envelope, test, probeAgain, seen } = world;
  const tested = await test(name, { ...envelope, commandId: 'd' });
  expect(E.isRight(tested) && tested.right.sentence).toContain('4 slots need 6 sessions');
  await probeAgain(name);
  await probeAgain(name);
  expect(asked).toEqual(['probe', 'check', 'check']);
  expect((await seen())?.findings).toMatchObject([
    { check: 'sessions', ok: false, found: '3' },
    { check: 'clock', ok: true },
  ]);
});

it('given another boot, then they are counted anew', async () => {
  const { asked, machine, name, envelope, test, probeAgain } = world;
  await test(name, { ...envelope, commandId: 'd' });
  machine.bootId = 'boot-2';
  await probeAgain(name);
  await probeAgain(name);
  expect(asked).toEqual(['probe', 'check', 'probe', 'check']);
});

it('given a clock that is off, then a finding, and the runner is ready all the same', async () => {
  const { machine, name, probeAgain, seen } = world;
  machine.skewSeconds = -600;
  await probeAgain(name);
  const evidence = await seen();
  expect(evidence).toMatchObject({ ok: true, code: 'ready' });
  expect([-599, -600, -601]).toContain(evidence?.skewSeconds);
  const clock = evidence?.findings.find(({ check }) => check === 'clock');
  expect(clock).toMatchObject({ ok: false, consequence: expect.stringContaining('NTP') as string });
});

it('given a toolchain that breaks a rule, then the runner is unfit, and both sentence and finding say why', async () => {
  const { machine, name, envelope, test, view } = await given(rulesWith('1.4'));
  machine.attributes = { toolchains: { chefdk: '2.4.17' } };
  const tested = await test(name, { ...envelope, commandId: 'd' });
  const sentence = 'The toolchain chefdk 2.4.17 on r1 needs engine >=1.5; this engine is 1.4.';
  expect(E.isRight(tested) && tested.right).toMatchObject({
    code: 'unfit',
    sentence: expect.stringContaining(
      `The runner r1 was reached, but cannot run jobs: ${sentence}`,
    ) as string,
    runner: { state: 'unfit', incompatible: expect.stringContaining(sentence) as string },
  });
  const shown = await view(name);
  expect(E.isRight(shown) && shown.right.evidence?.findings).toContainEqual({
    ...{ check: 'compatibility', ok: false, found: 'broken: toolchain chefdk >=2.0 needs engine >=1.5' },
    consequence: expect.stringContaining('Install chefdk <2.0 on r1') as string,
  });
  machine.attributes = { toolchains: { chefdk: '1.6' } };
  const again = await test(name, { ...envelope, commandId: 'e' });
  expect(E.isRight(again) && again.right.code).toBe('ready');
  expect(E.isRight(again) && again.right.runner).not.toHaveProperty('incompatible');
});

it('given rules that changed since the last probe, then the runner is shown unfit at once', async () => {
  const { machine, name, envelope, test, under } = world;
  machine.attributes = { toolchains: { chefdk: '2.4.17' } };
  await test(name, { ...envelope, commandId: 'd' });
  const shown = async (engine: string) => {
    const found = await under(rulesWith(engine)).view(name);
    return E.isRight(found) ? [found.right.state, found.right.probe?.verdict] : found.left.message;
  };
  expect(await shown('1.5')).toEqual(['ready', 'ready']);
  expect(await shown('1.4')).toEqual(['unfit', 'ready']);
});

it('given a rule that nobody can judge, then that is said, and the runner is ready', async () => {
  const { engine: _, ...rules } = rulesWith('1.4');
  const { machine, name, envelope, test, seen } = await given(rules);
  machine.attributes = { toolchains: { chefdk: '2.4.17' } };
  const tested = await test(name, { ...envelope, commandId: 'd' });
  expect(E.isRight(tested) && tested.right.code).toBe('ready');
  expect((await seen())?.findings).toContainEqual({
    ...{ check: 'compatibility', ok: true, found: 'not judged: toolchain chefdk >=2.0 needs engine >=1.5' },
    consequence:
      'Whether "toolchain chefdk >=2.0 needs engine >=1.5" holds cannot be told: the version of the engine is not known.',
  });
});
