/** Jobs and runners as a company might have them, the same in each run: a few dozen filter classes, all of them served. */
import { canonical, filterClassOf, suits, type Candidate } from '../../src/domain/matching.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { Filter } from '../../src/events/shapes.js';
import { deriveId } from '../../src/kernel/ids.js';
import type { Recorded } from '../../src/kernel/recorded.js';

const FAMILIES = ['debian', 'rhel', 'suse', 'alpine'];
const VERSIONS = ['1', '2', '3', '4'];
const AT = '2026-01-01T00:00:00.000Z';

/** A small generator of numbers below `n`, seeded, so that runs can be compared. */
export const dice = (seed: number): ((n: number) => number) => {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
};

const one = (key: string, ...values: readonly string[]): Filter => [{ key, op: 'in', values }];
const gpu: Filter = [{ key: 'labels', op: 'all', values: ['gpu'] }];

/** 49: any runner; a family; a family in one version or in one of two; each family with a label. */
const filters: readonly Filter[] = [
  [],
  ...FAMILIES.flatMap((family) => [
    one('platform_family', family),
    [...one('platform_family', family), ...gpu],
    ...VERSIONS.map((version) => [...one('platform_family', family), ...one('platform_version', version)]),
    ...VERSIONS.slice(1).map((version) => [
      ...one('platform_family', family),
      ...one('platform_version', '1', version),
    ]),
    ...FAMILIES.filter((other) => other > family).map((other) => one('platform_family', family, other)),
    ...VERSIONS.slice(2).map((version) => [...one('platform_version', version), ...gpu]),
  ]),
].map(canonical);

let position = 0;
/** Ids as long as real ones, without the price of deriving them: that belongs to whom is measured. */
const eventId = (): string => `00000000-0000-4000-8000-${position.toString(16).padStart(12, '0')}`;

export const recorded = (stream: string, event: BatonEvent): Recorded<BatonEvent> => ({
  stream,
  revision: 0,
  position: String(++position),
  id: eventId(),
  event,
  metadata: { commandId: 'bench', bodySha256: '', recordedAt: AT, actor: 'baton', schema: 1 },
});

/** Enrolled, with what they have. */
export const enrolments = (runners: number): readonly Recorded<BatonEvent>[] =>
  Array.from({ length: runners }, (_, n) => {
    const { name, attributes, labels } = runnerOf(n);
    const auth = { kind: 'agent' } as const;
    return [
      recorded(`runner-${name}`, {
        type: 'RunnerEnrolled',
        data: { name, host: `${name}.example.org`, port: 22, user: 'job_runner', auth, slots: 1, labels },
      }),
      recorded(`runner-${name}`, { type: 'RunnerAttributesChanged', data: { attributes } }),
    ];
  }).flat();

/** The probes that make them take jobs. */
export const probes = (runners: number): readonly Recorded<BatonEvent>[] =>
  Array.from({ length: runners }, (_, n) =>
    recorded(`runner-${runnerOf(n).name}`, {
      type: 'RunnerProbed',
      data: { verdict: 'ready', findings: [], baseId: `base-${n}`, bootId: `boot-${n}` },
    }),
  );

const runnerOf = (n: number): Candidate => ({
  name: `runner-${n}`,
  attributes: {
    platform_family: FAMILIES[n % 4] ?? '',
    platform_version: VERSIONS[(n >> 2) % 4] ?? '',
    hostname: `runner-${n}.example.org`,
  },
  labels: (n >> 4) % 4 === 0 ? ['gpu'] : [],
});

/** Filters that a fleet of so many runners serves. */
export const servedBy = (runners: number): readonly Filter[] =>
  filters.filter((filter) =>
    Array.from({ length: runners }, (_, n) => runnerOf(n)).some((one) => suits(one, filter)),
  );

/** One job of any class, as the standalone host would have it queued. */
export const queuedJob = (random: (n: number) => number, from: readonly Filter[]): Recorded<BatonEvent> => {
  const filter = from[random(from.length)] ?? [];
  const jobId = deriveId('job', position);
  return recorded(`job-${jobId}`, {
    type: 'JobQueued',
    data: {
      phaseRunId: deriveId('phase', position),
      row: 0,
      label: '',
      scope: { enterprise: 'acme', organisation: 'web', project: 'shop' },
      pipeline: 'master',
      stage: 'verify',
      phase: 'unit',
      filter,
      filterClass: filterClassOf(filter),
      limits: { cancelGraceMs: 10_000, logBytes: 67_108_864, totalMs: 3_600_000 },
      priority: 0,
      whenUnmatchable: 'wait',
      change: { id: deriveId('change', position), title: `Change number ${position}`, patchset: 1 },
    },
  });
};
