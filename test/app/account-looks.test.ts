import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { lookAt } from '../../src/app/account-looks.js';
import type { ProbeReport, RunnerTarget, TransportError } from '../../src/app/ports.js';

const target = (slot?: number): RunnerTarget => ({
  ...{ name: 'r1', host: 'h', port: 22, hostKeys: [], auth: { kind: 'agent' } },
  ...(slot === undefined ? { user: 'ci', base: '/b' } : { user: `ci-${slot}`, base: `/b-${slot}`, slot }),
});
const report = (more: Partial<ProbeReport> = {}): ProbeReport => ({
  ...{ attributes: { os: 'linux' }, findings: [], baseId: 'base', bootId: 'boot', latencyMs: 1 },
  ...more,
});
type Answer = E.Either<TransportError, ProbeReport>;
const look = (answers: readonly Answer[], targets = answers.map((_, slot) => target(slot))) =>
  lookAt(
    targets,
    ({ slot = 0 }) =>
      () =>
        Promise.resolve(answers[slot] ?? E.right(report())),
  );

describe('a look at the accounts of a runner', () => {
  it('given one account for all slots, then what it said', async () => {
    const said = report({ leftBehind: ['a.1'] });
    expect(await look([E.right(said)], [target()])).toEqual({
      answer: E.right(said),
      leftBehind: [{ target: target(), names: ['a.1'] }],
    });
  });
  it('given one for each slot, then each folder is told, what is well once, and what is not with its slot', async () => {
    const ok = { check: 'disk_free', ok: true, found: 'much' };
    const bad = { check: 'disk_free', ok: false, found: 'little', consequence: 'Jobs may fail.' };
    const shell = { check: 'shell', ok: true, found: '/bin/sh' };
    const answers = [
      E.right(report({ baseId: 'b0', findings: [shell, ok], sessions: { asked: 8, opened: 8 } })),
      E.right(report({ baseId: 'b1', findings: [shell, bad], sessions: { asked: 8, opened: 3 } })),
      E.right(report({ baseId: 'b2', findings: [shell, ok], leftBehind: ['a.1'] })),
    ];
    const { answer, slotBaseIds, leftBehind } = await look(answers);
    expect(slotBaseIds).toEqual(['b0', 'b1', 'b2']);
    expect(leftBehind.map(({ target: { user }, names }) => [user, names])).toEqual([
      ['ci-0', []],
      ['ci-1', []],
      ['ci-2', ['a.1']],
    ]);
    expect(answer).toMatchObject(
      E.right({
        ...{ baseId: 'b0', sessions: { asked: 8, opened: 3 } },
        findings: [
          shell,
          {
            ...{ check: 'disk_free', ok: false, found: 'slot 1 (account ci-1): little' },
            consequence: 'In slot 1 (account ci-1): Jobs may fail.',
          },
          { check: 'slots_apart', ok: true },
        ],
      }),
    );
  });
  it('given two slots with the same folder, then that is not well', async () => {
    const { answer } = await look([E.right(report()), E.right(report())]);
    expect(E.isRight(answer) && answer.right.findings).toMatchObject([
      { check: 'slots_apart', ok: false, found: expect.stringContaining('have the same folder') as string },
    ]);
  });
  it('given an account that cannot be used, then the runner cannot, and the slot is named', async () => {
    const denied: TransportError = { code: 'permission_denied', message: 'No.' };
    const { answer } = await look([E.right(report()), E.left(denied)]);
    expect(answer).toEqual(E.left({ ...denied, message: 'In slot 1 (account ci-1): No.' }));
  });
});
