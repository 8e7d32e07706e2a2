import { describe, expect, it } from 'vitest';
import { parseHostCommand } from '../../../plugin/host-commands.js';
import { buildIdOf, promotionOf, secretAsked } from '../../../plugin/hosts/screwdriver/promotion.js';
import type { BuildRecord, Plan } from '../../../plugin/hosts/screwdriver/records.js';

const options = {
  ...{ data: '/d', keyFile: '/k', host: 'screwdriver', enterprise: 'default' },
  ...{ buildTimeoutMinutes: 90, maxBuildTimeoutMinutes: 120, maxQueueMinutes: 60 },
  ...{ storePatienceMs: 0, maxQueued: 1, collapseBuilds: true, logLevel: 'warn' },
};
const plan: Plan = {
  steps: [{ name: 'one', command: 'echo one' }],
  ...{ environment: { A: "it's" }, secretNames: ['KEY'], meta: '{}', sha: 'abc', branch: 'main' },
};
const record = (more: Partial<BuildRecord> = {}): BuildRecord => ({
  ...{ buildId: 12, jobId: 3, pipelineId: 4, jobName: 'PR-1:unit', pipelineName: 'acme/web shop' },
  ...{
    causeMessage: 'Started by somebody\nfor a reason',
    apiUri: 'http://sd',
    blockedBy: [3],
    annotations: {},
  },
  ...{ freezes: false, word: 'f00d', sealed: 'SEALED', state: 'ready', eventId: 8 },
  ...more,
});
const addresses = { apiUri: 'http://sd', storeUri: 'http://store' };
const of = (more: Partial<BuildRecord> = {}, planned = plan) =>
  promotionOf(record(more), planned, options, addresses);
const sentence = (found: ReturnType<typeof of>): string => (found._tag === 'Left' ? found.left : '');

describe('promotionOf', () => {
  it('is a command that Baton takes, the same each time, and holds no token', () => {
    const found = of();
    expect(found).toEqual(of());
    if (found._tag === 'Left') throw new Error(found.left);
    expect(parseHostCommand(found.right)).toMatchObject({ _tag: 'Right' });
    expect(found.right.promotion).toMatchObject({
      ...{ hostKey: 'sd:12', phase: 'PR-1-unit', secretRefs: ['SD_BUILD_12_0', 'SD_BUILD_12_1'] },
      scope: { enterprise: 'default', organisation: 'acme', project: 'web-shop-4' },
      limits: { totalMs: 90 * 60_000, queueMs: 60 * 60_000 },
      change: { id: 'event-8', title: 'Started by somebody' },
    });
    expect(JSON.stringify(found)).not.toContain('SEALED');
  });

  it('a job of a pull request is told which, by the number in its name, and any other that there is none', () => {
    const facts = (more: Partial<BuildRecord>) =>
      /SD_PULL_REQUEST=\S*|SD_PR_PARENT_JOB_ID=\S*/g[Symbol.match](
        JSON.stringify(of(more)).replaceAll('\\n', ' '),
      );
    expect(facts({ jobName: 'PR-12:unit', prParentJobId: 3 })).toEqual([
      "SD_PULL_REQUEST='12'",
      "SD_PR_PARENT_JOB_ID='3'",
    ]);
    for (const jobName of ['unit', 'PR-x:unit', 'my-PR-1:unit'])
      expect(facts({ jobName })).toEqual(["SD_PULL_REQUEST=''", "SD_PR_PARENT_JOB_ID='0'"]);
  });

  it('a build may run as long as it wants, and no longer than the options allow', () => {
    const timeoutOf = (minutes: number) => of({ annotations: { 'screwdriver.cd/timeout': minutes } });
    expect(timeoutOf(5)).toMatchObject({ right: { promotion: { limits: { totalMs: 300_000 } } } });
    expect(timeoutOf(500)).toMatchObject({ right: { promotion: { limits: { totalMs: 7_200_000 } } } });
  });

  it('takes as many slots of its runner as it wants, and says nothing of them otherwise', () => {
    const found = of({ annotations: { 'baton/slots': 4 } });
    expect(found).toMatchObject({ right: { promotion: { slots: 4 } } });
    if (found._tag === 'Left') throw new Error(found.left);
    expect(parseHostCommand(found.right)).toMatchObject({ right: { promotion: { slots: 4 } } });
    const plain = of();
    expect(plain._tag === 'Right' && 'slots' in plain.right.promotion).toBe(false);
  });

  it('a matrix is one job for each row, all with the same script', () => {
    const matrix = [{ label: 'a', filter: { os: 'linux' } }, { label: 'b' }];
    const found = of({ annotations: { 'baton/matrix': matrix } });
    if (found._tag === 'Left') throw new Error(found.left);
    expect(parseHostCommand(found.right)).toMatchObject({ _tag: 'Right' });
    expect(found.right.promotion.rows).toEqual([
      { label: 'a', filter: [{ key: 'os', op: 'in', values: ['linux'] }] },
      { label: 'b', filter: [] },
    ]);
    const one = of();
    expect(found.right.promotion.steps).toEqual(one._tag === 'Right' ? one.right.promotion.steps : []);
  });

  it('what cannot be run is a sentence', () => {
    expect(sentence(of({ freezes: true }))).toMatch(/freezeWindows/);
    for (const slots of [0, 65, 1.5, '2'])
      expect(sentence(of({ annotations: { 'baton/slots': slots } }))).toMatch(
        /annotations\.baton\/slots: expected a whole number from 1 to 64/,
      );
    const secretNames = Array.from({ length: 100 }, (_, i) => `S${i}`);
    expect(sentence(of({}, { ...plan, secretNames }))).toMatch(/100 secrets, and at most 99/);
    for (const name of ['one; rm -rf ~', '$(id)', ''])
      expect(sentence(of({}, { ...plan, steps: [{ name, command: ':' }] }))).toMatch(/the name of a step/);
    expect(sentence(of({}, { ...plan, environment: { 'A=1 B': '' } }))).toMatch(/of a variable/);
    const steps = [{ name: 'one', command: 'x'.repeat(70_000) }];
    expect(sentence(of({}, { ...plan, steps }))).toMatch(/at most 64000/);
    const [most, left] = [[{ name: 'one', command: 'x'.repeat(35_000) }], JSON.stringify('x'.repeat(30_000))];
    expect(sentence(of({}, { ...plan, steps: most, meta: left }))).toMatch(
      /the steps of this build are 3[567]\d{3} characters of shell, its environment \d{3,4}, and the meta that it begins with 30002 of JSON; together at most 64000/,
    );
    const meta = JSON.stringify({ kept: 'x'.repeat(32_000) });
    expect(sentence(of({}, { ...plan, meta }))).toMatch(
      /the meta that the builds before this one left is 32\d{3}/,
    );
  });
});

describe('keys and secrets', () => {
  it('lead back to the build, and others do not', () => {
    expect([buildIdOf('sd:12'), buildIdOf('sd:'), buildIdOf('x:12')]).toEqual([12, undefined, undefined]);
    expect(secretAsked('SD_BUILD_12_3')).toEqual({ buildId: 12, index: 3 });
    expect(secretAsked('SD_BUILD_12')).toBeUndefined();
  });
});
