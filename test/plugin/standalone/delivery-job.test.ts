/** What delivery job is told, word by word. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { withDeliveryJob } from '../../../plugin/hosts/standalone/delivery-job.js';
import type { PhasePromoted } from '../../../src/events/phase-run.js';

const told = { server: 'ci.example.org', user: 'builder' };

const promoted = (more: Partial<PhasePromoted> = {}): PhasePromoted => ({
  ...{ host: 'standalone', hostKey: 'run-1/unit', attempt: 1 },
  scope: { enterprise: 'acme', organisation: 'shop', project: 'web' },
  ...{ pipeline: 'main', stage: 'verify', phase: 'unit', steps: [], rows: [{ label: '', filter: [] }] },
  ...{ variables: [], secretRefs: [], limits: { cancelGraceMs: 1, logBytes: 512 }, priority: 0 },
  whenUnmatchable: 'wait',
  change: { id: 'c-1', title: 'Add b', patchset: 2 },
  source: {
    kind: 'git',
    repository: 'ssh://git@example.org/web.git',
    sha: 'a'.repeat(40),
    branch: 'feature/b',
  },
  ...more,
});

/** What a program gets that is called as the last line of the step says. */
const wordsOf = (promotion: PhasePromoted): readonly string[] => {
  const call = withDeliveryJob(promotion, told).steps[0]?.run.split('\nexec delivery ').at(-1) ?? '';
  return spawnSync('sh', ['-c', `printf '%s\\0' ${call}`])
    .stdout.toString()
    .split('\0')
    .slice(0, -1);
};

const before = [
  ...[
    '--server',
    'ci.example.org',
    '--user',
    'builder',
    '--ent',
    'acme',
    '--org',
    'shop',
    '--project',
    'web',
  ],
  ...['--for', 'main', '--change-id', 'c-1'],
];
const after = ['--git-url', 'ssh://git@example.org/web.git', '--no-spinner'];

describe('withDeliveryJob', () => {
  it('given Verify, then the branch is told', () => {
    expect(wordsOf(promoted())).toEqual([
      'job',
      'verify',
      'unit',
      ...before,
      '--branch',
      'feature/b',
      ...after,
    ]);
  });

  it.each(['build', 'acceptance', 'union', 'rehearsal', 'delivered'])(
    'given the stage %s, then the commit is told',
    (stage) => {
      expect(wordsOf(promoted({ stage }))).toEqual([
        ...['job', stage, 'unit', ...before, '--shasum', 'a'.repeat(40), ...after],
      ]);
    },
  );

  it('given values that try to be code, then each is one word, and nothing of them is run', () => {
    const hostile = `'; touch /tmp/never "$(touch /tmp/never)" \`id\` \\ * \n--help`;
    const words = wordsOf(
      promoted({
        scope: { enterprise: hostile, organisation: hostile, project: hostile },
        pipeline: hostile,
        change: { id: hostile, title: '' },
        source: { kind: 'git', repository: hostile, sha: 'b', branch: hostile },
      }),
    );
    expect(words.filter((word) => word === hostile)).toHaveLength(7);
    expect(words).toHaveLength(22);
  });

  it('given steps, then they stay, and so does HOME', () => {
    const other = promoted({ steps: [{ name: 'unit', run: 'make' }] });
    expect(withDeliveryJob(other, told)).toEqual(other);
  });

  it('given a workspace policy, then it stays beside the home that is kept', () => {
    expect(withDeliveryJob(promoted({ workspace: { keep: 'always' } }), told).workspace).toEqual({
      keep: 'always',
      home: 'kept',
    });
  });
});
