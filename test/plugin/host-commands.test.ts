import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../plugin/canonical.js';
import type { HostCommand } from '../../plugin/contract.js';
import { parseHostCommand, promotedBy } from '../../plugin/host-commands.js';

const promotion = {
  hostKey: 'build-1',
  scope: { enterprise: 'e', organisation: 'o', project: 'p' },
  ...{ pipeline: 'main', stage: 'verify', phase: 'unit' },
  source: { kind: 'git', repository: 'https://example.org/web.git', sha: 'a'.repeat(40) },
  steps: [{ name: 'unit', run: 'make test' }],
};
const command = { type: 'phase.promoted', commandId: 'c1', actor: 'ada', promotion };

const parsed = (raw: unknown): HostCommand => {
  const found = parseHostCommand(raw);
  if (E.isLeft(found)) throw new Error(JSON.stringify(found.left));
  return found.right;
};
const pathsOf = (raw: unknown): readonly string[] => {
  const found = parseHostCommand(raw);
  return E.isLeft(found) && 'problems' in found.left ? found.left.problems.map(({ path }) => path) : [];
};

describe('parseHostCommand', () => {
  it('takes a promotion without a source: its jobs begin with an empty workspace', () => {
    const { source: _, ...without } = promotion;
    const found = parsed({ ...command, promotion: without });
    expect(found.type === 'phase.promoted' && promotedBy('host', found)).not.toHaveProperty('source');
  });

  it('leaves behind what is not known, at every depth: nothing unknown is ever recorded', () => {
    const rich = {
      ...command,
      token: 'secret',
      promotion: {
        ...promotion,
        env: { PASSWORD: 'secret' },
        source: { ...promotion.source, branch: 'main', login: 'secret' },
        steps: [{ name: 'unit', run: 'make test', secret: 'secret' }],
        rows: [
          { label: '', filter: [{ key: 'os', op: 'in', values: ['linux'], note: 'secret' }], x: 'secret' },
        ],
        change: { id: '7', title: 'A change', author: 'secret' },
      },
    };
    expect(JSON.stringify(parsed(rich))).not.toContain('secret');
    expect(parsed(rich)).toMatchObject({ promotion: { source: { branch: 'main' }, change: { id: '7' } } });
  });

  it.each([
    ['promotion.hostKey', { hostKey: '' }],
    ['promotion.stage', { stage: 'verify; reboot' }],
    ['promotion.phase', { phase: '../unit' }],
    ['promotion.pipeline', { pipeline: '--upload-pack=x' }],
    ['promotion.source.sha', { source: { ...promotion.source, sha: 'main' } }],
    ['promotion.source.repository', { source: { ...promotion.source, repository: '-oProxyCommand=x' } }],
    [
      'promotion.source.repository',
      { source: { ...promotion.source, repository: 'https://u:p@example.org/' } },
    ],
    ['promotion.source.branch', { source: { ...promotion.source, branch: 'a..b' } }],
    ['promotion.steps[0].run', { steps: [{ name: 'x', run: 'a\0b' }] }],
    [
      'promotion.rows[0].filter[0].op',
      { rows: [{ label: '', filter: [{ key: 'os', op: 'not', values: ['x'] }] }] },
    ],
    [
      'promotion.rows[0].filter[0]',
      { rows: [{ label: '', filter: [{ key: 'platform_version', op: 'version', values: ['7.*'] }] }] },
    ],
    ['promotion.limits.totalMs', { limits: { totalMs: -1 } }],
    ['promotion.secretRefs[0]', { secretRefs: ['../key'] }],
    ['promotion.change.url', { change: { id: '7', title: 'x', url: 'javascript:alert(1)' } }],
    ['promotion.attempt', { attempt: 0 }],
    ['promotion.output', { output: 'apart' }],
  ])('refuses what does not belong at %s', (path, more) => {
    expect(pathsOf({ ...command, promotion: { ...promotion, ...more } })).toEqual([path]);
  });

  it.each([
    { key: 'runner', op: 'none', values: ['r1'] },
    { key: 'platform_version', op: 'version', values: ['>=7.4 <9'] },
  ])('takes the clause %j', (clause) => {
    expect(
      pathsOf({ ...command, promotion: { ...promotion, rows: [{ label: '', filter: [clause] }] } }),
    ).toEqual([]);
  });

  it('tells all that is wrong with retry and workspace at once', () => {
    const wrong = {
      retry: { attempts: 0, on: ['bored'], exitCodes: [0] },
      workspace: { keep: 'sometimes', keepMs: 0, cache: '../up', freeBytes: -1, home: 'mine' },
    };
    expect(pathsOf({ ...command, promotion: { ...promotion, ...wrong } }).toSorted()).toEqual(
      [
        ...['attempts', 'exitCodes[0]', 'on[0]'].map((name) => `promotion.retry.${name}`),
        ...['keep', 'keepMs', 'cache', 'freeBytes', 'home'].map((name) => `promotion.workspace.${name}`),
      ].toSorted(),
    );
  });

  it.each([0, 65, 1.5, '2', null])('refuses %j slots', (slots) => {
    expect(pathsOf({ ...command, promotion: { ...promotion, slots } })).toEqual(['promotion.slots']);
  });

  it('refuses an actor that would say that Baton did it', () => {
    expect(pathsOf({ ...command, actor: 'baton' })).toEqual(['actor']);
  });

  it.each([undefined, null, 5, [], {}, { type: 'constructor' }, { type: 5 }])(
    'has no command for %j',
    (raw) => {
      expect(parseHostCommand(raw)).toMatchObject(E.left({ code: 'unknown_command' }));
    },
  );
});

describe('promotedBy', () => {
  it('fills in what was left out', () => {
    const found = parsed(command);
    if (found.type !== 'phase.promoted') throw new Error(found.type);
    expect(promotedBy('ci', found)).toMatchObject({
      ...{ host: 'ci', hostKey: 'build-1', attempt: 1, priority: 0, whenUnmatchable: 'wait' },
      ...{ rows: [{ label: '', filter: [] }], secretRefs: [], variables: [] },
      limits: { cancelGraceMs: 10_000, logBytes: 67_108_864 },
    });
  });
  it.each([
    [{}, undefined],
    [{ output: 'merged' }, undefined],
    [{ output: 'split' }, 'split'],
  ])('given %j, then the outputs of its jobs are kept so', (more, output) => {
    const found = parsed({ ...command, promotion: { ...promotion, ...more } });
    if (found.type !== 'phase.promoted') throw new Error(found.type);
    expect(promotedBy('ci', found).output).toBe(output);
  });
  it.each([
    [{}, undefined],
    [{ slots: 1 }, undefined],
    [{ slots: 64 }, 64],
  ])(
    'given %j, then its jobs take so many slots, which is recorded where it is more than one',
    (more, slots) => {
      const found = parsed({ ...command, promotion: { ...promotion, ...more } });
      if (found.type !== 'phase.promoted') throw new Error(found.type);
      expect(promotedBy('ci', found).slots).toBe(slots);
    },
  );
});

describe('canonical', () => {
  it('is the same text for the same content, in whatever order its members come', () => {
    expect(canonical({ b: [{ y: 1, x: 2 }], a: null })).toBe(canonical({ a: null, b: [{ x: 2, y: 1 }] }));
    expect(canonical({ a: [1, 2] })).not.toBe(canonical({ a: [2, 1] }));
  });
});
