import { afterAll, beforeAll, describe, it } from 'vitest';
import { hostConformance } from '../../plugin/testing.js';
import { findSshd } from '../../src/ssh/system-sshd.js';
import { requiresSshd } from '../sshd.js';
import { aSite, aSubject, type RunnerKind, type Site } from './subject.js';

/** Each rule opens a store, enrols a runner and runs jobs; on a busy machine that takes its time. */
const PATIENCE_MS = 180_000;

const rules = (kind: RunnerKind, which: RegExp): void => {
  let site: Site;
  beforeAll(async () => {
    site = await aSite(kind);
  });
  afterAll(() => site.close());
  const tests = hostConformance((options) => aSubject(site, options)).filter(({ title }) =>
    which.test(title),
  );
  it.each(tests.map(({ title, run }) => [title, run] as const))('%s', (_, run) => run(), PATIENCE_MS);
};

describe('the plugin, loaded by an in-memory host, with a runner in this process', () => {
  rules('in-process server', /./);
});

// the rules in which the runner has a part of its own: what it does when it is told to end a job, or is found again
describe.skipIf(findSshd() === undefined && !requiresSshd)('the same with the sshd of this machine', () => {
  rules(
    'system sshd',
    /^a promotion runs once|cancel while|superseded twice|output comes|finds the job again|stopping with cancel/,
  );
});
