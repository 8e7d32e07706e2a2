/** A runner and what surrounds it, of which a test says only what it needs: whatever else is asked for fails. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerTarget, RunnerTransport } from '../../src/app/ports.js';
import type { PerformDeps } from '../../src/dispatch/drive.js';

const unexpected = (what: string) => (): never => {
  throw new Error(`${what} was not expected`);
};

const target: RunnerTarget = {
  ...{ name: 'r1', host: 'r1.example.org', port: 22, user: 'ci', base: '.baton', hostKeys: [] },
  auth: { kind: 'agent' },
};

export const aTransport = (does: Partial<RunnerTransport>): RunnerTransport => ({
  probe: unexpected('probe'),
  check: unexpected('check'),
  start: unexpected('start'),
  query: unexpected('query'),
  follow: unexpected('follow'),
  cancel: unexpected('cancel'),
  revoke: unexpected('revoke'),
  cleanUp: unexpected('cleanUp'),
  alive: unexpected('alive'),
  keep: () => Promise.resolve(),
  close: () => Promise.resolve(),
  ...does,
});

export const performDeps = (
  transport: Partial<RunnerTransport>,
  more: Partial<Omit<PerformDeps, 'transport'>>,
): PerformDeps => ({
  transport: aTransport(transport),
  logs: {
    open: unexpected('open'),
    read: unexpected('read'),
    lines: unexpected('lines'),
    expressionProblem: unexpected('expressionProblem'),
    search: unexpected('search'),
    watch: unexpected('watch'),
  },
  source: {
    resolve: unexpected('resolve'),
    merge: unexpected('merge'),
    land: unexpected('land'),
    dropBranch: unexpected('dropBranch'),
    readFile: unexpected('readFile'),
    archive: unexpected('archive'),
  },
  secrets: { take: unexpected('take'), given: unexpected('given'), forget: unexpected('forget') },
  reports: {
    offer: () => undefined,
    seal: unexpected('seal'),
    forget: () => Promise.resolve(),
  },
  facts: unexpected('facts'),
  targetOf: () => Promise.resolve(E.right(target)),
  record: unexpected('record'),
  recordProbe: () => Promise.resolve(),
  minFreeBytes: 0,
  onProblem: () => undefined,
  ...more,
});
