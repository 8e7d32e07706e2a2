/** What is made of one look at a runner: sessions are counted when something may be otherwise, and kept as found until then. */
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runnerHealth } from '../../projections/runner-health.js';
import { createEvidence } from '../../src/app/evidence.js';
import type { ProbeReport } from '../../src/app/ports.js';
import { onRunner, runnerLooks } from '../../src/app/runners.js';
import { probeOf } from '../../src/dispatch/link.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { anEnrolment } from '../builders.js';
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
const given = async () => {
  const store = memoryStore();
  const health = readModel(runnerHealth, store, { onProblem: () => undefined });
  closers.push(health.close, store.close);
  const deps = { store, clock: systemClock };
  const envelope = { commandId: 'c', bodySha256: '', actor: 'admin' };
  const data = anEnrolment({ slots: 4 });
  await onRunner(deps, data.name, { kind: 'EnrolRunner', data }, envelope);
  const asked: string[] = [];
  const machine = { bootId: 'boot-1', skewSeconds: 0 };
  const report = (): ProbeReport => ({
    ...{ attributes: {}, findings: [], baseId: 'base', bootId: machine.bootId, latencyMs: 1 },
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
  const looks = runnerLooks({ ...deps, health, evidence, transport }, probeOf);
  const seen = async () => {
    const found = await looks.view(data.name);
    return E.isRight(found) ? (found.right.evidence ?? undefined) : undefined;
  };
  return { asked, machine, seen, name: data.name, envelope, ...looks };
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
