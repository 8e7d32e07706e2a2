/** A real HTTP server on an ephemeral port, over use cases that live in memory and remember how they were called. */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { pino } from 'pino';
import { BehaviorSubject, from, map, NEVER, concat, type Observable } from 'rxjs';
import { appError } from '../../src/app/errors.js';
import type { TokenView } from '../../src/app/access-use-cases.js';
import type { Measures } from '../../src/app/health.js';
import type { PhaseState } from '../../src/app/host-calls.js';
import type { ChangeView, UseCases } from '../../src/app/use-cases.js';
import type { WebhookView } from '../../src/app/webhooks.js';
import { defaultLimits, type HttpLimits } from '../../src/http/limits.js';
import { createHttpServer, type HttpOptions } from '../../src/http/server.js';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { NumberedChange, NumberedJob } from '../../src/app/original.js';
import { totals } from '../../projections/totals.js';

export const tokens = { viewer: 'token-viewer', operator: 'token-operator', admin: 'token-admin' } as const;
export type Role = keyof typeof tokens;

export const aRunner = (over: Partial<RunnerStatus> = {}): RunnerStatus => ({
  name: 'build-07',
  host: 'build-07.example.org',
  port: 22,
  user: 'builder',
  slots: 2,
  labels: ['linux'],
  hostKeys: [],
  auth: 'key',
  attributes: { os: 'linux' },
  state: 'ready',
  current: {},
  quarantinedSlots: [],
  lastOutcomes: [],
  revision: 3,
  evidence: null,
  watch: { kind: 'off' },
  ...over,
});

export const aJob = (over: Partial<JobView> = {}): JobView => ({
  id: '0b7f2c1e-9f3a-5c55-8a3e-2f4f6a1d9e00',
  phaseRunId: 'run-0001',
  label: '',
  enterprise: 'default',
  organisation: 'default',
  project: 'web-shop',
  pipeline: 'master',
  stage: 'verify',
  phase: 'unit',
  filter: [],
  filterClass: 'any',
  priority: 0,
  limits: { cancelGraceMs: 10_000 },
  queuedAt: '2026-01-31T12:00:00.000Z',
  status: 'running',
  attempts: [{ attempt: 1, runner: 'build-07', startedAt: '2026-01-31T12:00:01.000Z' }],
  revision: 2,
  position: '10',
  ...over,
});

export const aChange = (over: Partial<ChangeView> = {}): ChangeView => ({
  id: 'c0ffee00-0000-5000-8000-000000000001',
  title: 'Add login',
  branch: 'feature/login',
  pipeline: 'master',
  enterprise: 'default',
  organisation: 'default',
  project: 'web-shop',
  patchset: 1,
  sha: '0123456789abcdef0123456789abcdef01234567',
  status: 'open',
  moving: false,
  actions: ['delete'],
  stages: [],
  promotion: { status: 'proceed' },
  revision: 4,
  ...over,
});

/** The moment of `aNumberedJob` and `aNumberedChange`. */
export const asOfNow = { position: '10', now: '2026-01-31T12:00:05.000Z' };

export const aNumberedJob = (over: Partial<JobView> = {}): NumberedJob => ({
  ...{ id: 'a'.repeat(64), phaseRun: 7, stageRun: 3, submittedAt: '2026-01-31T11:59:00.000Z' },
  job: aJob(over),
});

export const aNumberedChange = (over: Partial<ChangeView> = {}): NumberedChange => ({
  change: aChange(over),
  submission: { at: '2026-01-31T11:58:00.000Z', by: 'ops', patchsets: [] },
  jobs: {},
  triggered: {},
});

export const aPhase = (over: Partial<PhaseState> = {}): PhaseState => ({
  ...{ host: 'buildbot', hostKey: 'build-7', attempt: 1, lastAttempt: 1, phaseRunId: 'run-0001' },
  ...{ enterprise: 'default', organisation: 'default', project: 'web-shop' },
  ...{ pipeline: 'main', stage: 'verify', phase: 'unit', status: 'running' },
  jobs: [{ id: aJob().id, label: '', status: 'running', attempt: 1, runner: 'build-07' }],
  ...{ revision: 0, known: '0123456789abcdef' },
  ...over,
});

export const aScope = { enterprise: 'default', organisation: 'default', project: 'web-shop' };

export const aToken = (subject: string): TokenView => ({
  id: '7e57ab1e-0000-5000-8000-000000000001',
  subject,
  grants: [{ role: 'operator' }],
  issuedAt: '2026-01-31T12:00:00.000Z',
  issuedBy: 'admin',
  usable: true,
});

const noMeasures: Measures = {
  waiting: { all_busy: 2 },
  oldestWaitMs: 1500,
  assigned: 0,
  running: 1,
  runners: { ready: 3 },
  totals: totals.init(),
  head: '12',
  positions: { jobs: '12', queue: '11' },
  webhooks: [
    {
      ...{ name: 'chat', position: '10', owed: 2, oldestOwedMs: 90_500 },
      deliveries: { taken: 3, failed: 1, gone: 0 },
    },
  ],
};

/** A log that a test writes to while others read it. */
export const growingLog = (initial: Buffer = Buffer.alloc(0)) => {
  let content = initial;
  const state = new BehaviorSubject({ size: initial.length, sealed: false });
  return {
    add: (bytes: Buffer): void => {
      content = Buffer.concat([content, bytes]);
      state.next({ size: content.length, sealed: false });
    },
    seal: (): void => state.next({ size: content.length, sealed: true }),
    readers: (): number => (state.observed ? 1 : 0),
    watch: (): Observable<{ size: number; sealed: boolean }> => state.asObservable(),
    read: (offset: number, max: number) => ({
      bytes: content.subarray(offset, offset + max),
      ...state.value,
    }),
  };
};

export interface Recorded {
  readonly name: string;
  readonly args: readonly unknown[];
}

const aWebhook: WebhookView = {
  ...{ name: 'chat', origin: 'https://chat.example.org', topics: ['jobs'], state: 'telling' },
  ...{ position: '12', owed: 0, failures: 0, deliveries: { taken: 3, failed: 1, gone: 0 } },
};

/** Sensible answers; a test replaces those that it is about. */
export const fakeUseCases = (over: Partial<UseCases> = {}): { use: UseCases; calls: Recorded[] } => {
  const calls: Recorded[] = [];
  const log = growingLog(Buffer.from('hello\n'));
  log.seal();
  const base: UseCases = {
    addRunner: (_context, { name, host, port, user, slots, labels }) =>
      TE.right({
        value: {
          runner: aRunner({ name, host, port, user, slots, labels, state: 'untested' }),
          publicKey: 'ssh-ed25519 AAAA baton',
        },
        repeated: false,
      }),
    listRunners: () => TE.right([aRunner()]),
    windowRunners: () =>
      TE.right({ items: [aRunner()], total: 1, counts: { ready: 1 }, busy: 0, slots: 2, free: 2 }),
    showRunner: (name) =>
      name === 'build-07'
        ? TE.right(aRunner())
        : TE.left(appError('not_found', 'runner_not_found', `There is no runner ${name}.`)),
    testRunner: () => TE.right({ code: 'ready', sentence: 'build-07 is ready.', runner: aRunner() }),
    proveRunner: () => TE.right({ code: 'ready', sentence: 'build-07 is proved.', runner: aRunner() }),
    drainRunner: () => TE.right({ value: aRunner({ state: 'draining' }), repeated: false }),
    pauseRunner: () => TE.right({ value: aRunner({ state: 'paused' }), repeated: false }),
    resumeRunner: () => TE.right({ value: aRunner(), repeated: false }),
    clearRunner: () => TE.right({ value: aRunner(), repeated: false }),
    trustRunner: () =>
      TE.right({
        value: { code: 'ready', sentence: 'build-07 is ready.', runner: aRunner() },
        repeated: false,
      }),
    removeRunner: () => TE.right({ value: aRunner({ state: 'retired' }), repeated: false }),
    setRunner: () => TE.right({ value: { runner: aRunner() }, repeated: false }),
    submitChange: () => TE.right({ value: aChange(), repeated: false }),
    listChanges: () => TE.right({ items: [aChange()] }),
    showChange: (id) => TE.right(aChange({ id })),
    placeOfChange: (id) => TE.right({ id, scope: aScope }),
    placeOfSubmission: () => TE.right(aScope),
    approveChange: (_context, id) =>
      TE.right({ value: aChange({ id, status: 'merging', moving: true, actions: [] }), repeated: false }),
    deliverChange: (_context, id) =>
      TE.right({ value: aChange({ id, status: 'delivered' }), repeated: false }),
    cancelChange: (_context, id) => TE.right({ value: aChange({ id }), repeated: false }),
    deleteChange: (_context, id) => TE.right({ value: aChange({ id, status: 'deleted' }), repeated: false }),
    rerunChange: (_context, id) => TE.right({ value: aChange({ id, moving: true }), repeated: false }),
    mayReport: (_attempt, token) => token === 'token-attempt',
    attemptWith: (_of, token) =>
      Promise.resolve(token === 'token-attempt' ? { jobId: aJob().id, attempt: 1 } : undefined),
    reportProgress: () => TE.right({ storedBytes: 6 }),
    listJobs: () => TE.right({ items: [aJob()] }),
    showJob: (id) =>
      aJob().id.startsWith(id)
        ? TE.right(aJob())
        : TE.left(appError('not_found', 'job_not_found', `There is no job ${id}.`)),
    placeOfJob: (id) => TE.right({ id: aJob().id.startsWith(id) ? aJob().id : id, scope: aScope }),
    cancelJob: () =>
      TE.right({
        value: aJob({ cancelRequested: { at: '2026-01-31T12:00:02.000Z', by: 'ops' } }),
        repeated: false,
      }),
    closeJob: () =>
      TE.right({
        value: aJob({ status: 'lost', endedAt: '2026-01-31T12:00:02.000Z' }),
        repeated: false,
      }),
    retryJob: (_context, id) =>
      TE.right({
        value: {
          ...{ retryOf: aJob().id.startsWith(id) ? aJob().id : id, jobId: '1c8f2c1e', phaseRunId: 'pr2' },
          ...{ attempt: 2, stage: 'verify', phase: 'unit', label: '' },
        },
        repeated: false,
      }),
    promotePhase: () =>
      TE.right({ value: { status: 'accepted', phaseRunId: 'run-0001', position: '10' }, repeated: false }),
    cancelPhase: () =>
      TE.right({ value: { status: 'accepted', phaseRunId: 'run-0001', position: '11' }, repeated: false }),
    supersedeHostChange: () => TE.right({ value: { status: 'accepted', position: '12' }, repeated: false }),
    followPhase: () => TE.right(aPhase()),
    placeOfPhase: () => TE.right(aScope),
    placeOfHostChange: () => TE.right(aScope),
    explainJob: (jobId) =>
      TE.right({ jobId, status: 'queued', verdict: 'It waits for a free slot.', runners: [] }),
    watchJobs: () => concat(from([{ position: '10', job: aJob() }]), NEVER),
    watchUpdates: () => concat(from([{ position: '10', topics: [] }]), NEVER),
    readLog: (_id, offset, max) => TE.right(log.read(offset, max)),
    logLines: () =>
      TE.right({
        ...{ attempt: 1, size: 6, sealed: true, lines: 1 },
        items: [{ line: 1, offset: 0, length: 5, receivedAt: '2026-01-31T12:00:01.000Z' }],
      }),
    expressionProblems: () => TE.right([]),
    searchLog: () =>
      TE.right({
        ...{ attempt: 1, size: 6, sealed: true, total: { lines: 1, matches: 1 } },
        items: [{ line: 1, offset: 0, text: 'hello', column: 0, columns: [[0, 5]], matches: 1 }],
      }),
    watchLog: () => log.watch(),
    queue: () =>
      TE.right({
        ...{ position: '10', entries: [], total: 0 },
        counts: { queued: 0, assigned: 0, running: 0, unmatched: 0 },
      }),
    queueMeasures: () => TE.right({ step: '1m', items: [] }),
    history: () => TE.right({ items: [] }),
    summariseHistory: (_filter, by) => TE.right({ by, items: [] }),
    jobTimeline: (jobId) => TE.right({ jobId, items: [] }),
    at: () => TE.right({ moment: { position: '7', time: '2026-01-31T11:00:00.000Z' }, reads: use }),
    rebuild: (name) => TE.right({ name, events: 7 }),
    installation: () => TE.right({ installationId: 'here' }),
    toolchains: () => TE.right({ toolchains: [], rules: [], baton: '0.0.0' }),
    setSecret: (_context, ref) =>
      TE.right({ value: { ref, setAt: '2026-01-31T12:00:00.000Z', setBy: 'ops' }, repeated: false }),
    listSecrets: () => TE.right([{ ref: 'default/TOKEN', setAt: '2026-01-31T12:00:00.000Z', setBy: 'ops' }]),
    removeSecret: (_context, ref) => TE.right({ value: { ref }, repeated: false }),
    issueToken: (_context, request) =>
      TE.right({ value: { ...aToken(request.subject), token: 'baton_new' }, repeated: false }),
    revokeToken: () => TE.right({ value: aToken('ops'), repeated: false }),
    listTokens: () => TE.right([aToken('ops')]),
    grantRole: (_context, { subject, role }) => TE.right({ value: { subject, role }, repeated: false }),
    withdrawRole: (_context, { subject, role }) => TE.right({ value: { subject, role }, repeated: false }),
    listRoles: () => TE.right([{ subject: 'ops', role: 'operator' }]),
    originalRunners: () => TE.right({ ...asOfNow, value: [{ id: 'r-1', runner: aRunner() }] }),
    originalQueue: () => TE.right({ ...asOfNow, value: [aNumberedJob()] }),
    originalJob: () => TE.right({ ...asOfNow, value: aNumberedJob() }),
    originalPhaseRun: () => TE.right({ ...asOfNow, value: aNumberedJob() }),
    originalChange: () => TE.right({ ...asOfNow, value: aNumberedChange() }),
    originalDeletion: () => TE.right(undefined),
    listWebhooks: () => TE.right([aWebhook]),
    replayWebhook: () => TE.right(aWebhook),
    originalStages: () => TE.right([]),
    originalBlocked: () => TE.right([]),
    originalOrganisations: () => TE.right([{ name: 'default', projects: 1 }]),
    watchOriginal: () => NEVER,
    authenticate: () => undefined,
    readiness: () => Promise.resolve({ ready: true, checks: [{ name: 'store', ok: true }] }),
    measures: () => Promise.resolve(noMeasures),
  };
  const merged: UseCases = { ...base, ...over };
  const recording =
    <A extends readonly unknown[], R>(name: string, f: (...args: A) => R) =>
    (...args: A): R => {
      calls.push({ name, args });
      return f(...args);
    };
  const use: UseCases = {
    addRunner: recording('addRunner', merged.addRunner),
    listRunners: recording('listRunners', merged.listRunners),
    windowRunners: recording('windowRunners', merged.windowRunners),
    showRunner: recording('showRunner', merged.showRunner),
    testRunner: recording('testRunner', merged.testRunner),
    mayReport: recording('mayReport', merged.mayReport),
    attemptWith: recording('attemptWith', merged.attemptWith),
    reportProgress: recording('reportProgress', merged.reportProgress),
    proveRunner: recording('proveRunner', merged.proveRunner),
    drainRunner: recording('drainRunner', merged.drainRunner),
    pauseRunner: recording('pauseRunner', merged.pauseRunner),
    resumeRunner: recording('resumeRunner', merged.resumeRunner),
    clearRunner: recording('clearRunner', merged.clearRunner),
    trustRunner: recording('trustRunner', merged.trustRunner),
    removeRunner: recording('removeRunner', merged.removeRunner),
    setRunner: recording('setRunner', merged.setRunner),
    listWebhooks: recording('listWebhooks', merged.listWebhooks),
    replayWebhook: recording('replayWebhook', merged.replayWebhook),
    submitChange: recording('submitChange', merged.submitChange),
    listChanges: recording('listChanges', merged.listChanges),
    showChange: recording('showChange', merged.showChange),
    approveChange: recording('approveChange', merged.approveChange),
    deliverChange: recording('deliverChange', merged.deliverChange),
    cancelChange: recording('cancelChange', merged.cancelChange),
    deleteChange: recording('deleteChange', merged.deleteChange),
    rerunChange: recording('rerunChange', merged.rerunChange),
    listJobs: recording('listJobs', merged.listJobs),
    originalRunners: merged.originalRunners,
    originalQueue: merged.originalQueue,
    originalJob: merged.originalJob,
    originalPhaseRun: merged.originalPhaseRun,
    originalChange: merged.originalChange,
    originalDeletion: merged.originalDeletion,
    originalStages: merged.originalStages,
    originalBlocked: merged.originalBlocked,
    originalOrganisations: merged.originalOrganisations,
    watchOriginal: merged.watchOriginal,
    readiness: merged.readiness,
    measures: merged.measures,
    placeOfChange: merged.placeOfChange,
    placeOfSubmission: merged.placeOfSubmission,
    placeOfJob: merged.placeOfJob,
    issueToken: recording('issueToken', merged.issueToken),
    revokeToken: recording('revokeToken', merged.revokeToken),
    listTokens: recording('listTokens', merged.listTokens),
    grantRole: recording('grantRole', merged.grantRole),
    withdrawRole: recording('withdrawRole', merged.withdrawRole),
    listRoles: recording('listRoles', merged.listRoles),
    showJob: recording('showJob', merged.showJob),
    cancelJob: recording('cancelJob', merged.cancelJob),
    closeJob: recording('closeJob', merged.closeJob),
    retryJob: recording('retryJob', merged.retryJob),
    promotePhase: recording('promotePhase', merged.promotePhase),
    cancelPhase: recording('cancelPhase', merged.cancelPhase),
    supersedeHostChange: recording('supersedeHostChange', merged.supersedeHostChange),
    followPhase: recording('followPhase', merged.followPhase),
    placeOfPhase: merged.placeOfPhase,
    placeOfHostChange: merged.placeOfHostChange,
    explainJob: recording('explainJob', merged.explainJob),
    watchJobs: recording('watchJobs', merged.watchJobs),
    watchUpdates: recording('watchUpdates', merged.watchUpdates),
    readLog: recording('readLog', merged.readLog),
    logLines: recording('logLines', merged.logLines),
    expressionProblems: recording('expressionProblems', merged.expressionProblems),
    searchLog: recording('searchLog', merged.searchLog),
    watchLog: recording('watchLog', merged.watchLog),
    queue: recording('queue', merged.queue),
    queueMeasures: recording('queueMeasures', merged.queueMeasures),
    history: recording('history', merged.history),
    summariseHistory: recording('summariseHistory', merged.summariseHistory),
    jobTimeline: recording('jobTimeline', merged.jobTimeline),
    at: recording('at', merged.at),
    rebuild: recording('rebuild', merged.rebuild),
    installation: recording('installation', merged.installation),
    toolchains: recording('toolchains', merged.toolchains),
    setSecret: recording('setSecret', merged.setSecret),
    listSecrets: recording('listSecrets', merged.listSecrets),
    removeSecret: recording('removeSecret', merged.removeSecret),
    authenticate: (token) => {
      if (over.authenticate !== undefined) return over.authenticate(token);
      const role = (Object.keys(tokens) as Role[]).find((candidate) => tokens[candidate] === token);
      return role === undefined ? undefined : { actor: `subject-${role}`, grants: [{ role }] };
    },
  };
  return { use, calls };
};

/** Starts the server; `close` ends it with every connection. */
export const startEdge = async (
  over: Partial<UseCases> = {},
  options: {
    readonly hostAllowList?: readonly string[];
    readonly heartbeatMs?: number;
    readonly limits?: HttpLimits;
    readonly metricsPublic?: boolean;
    readonly more?: Pick<HttpOptions, 'webRoot' | 'sessions' | 'publicUrl' | 'callerOf'>;
  } = {},
) => {
  const { use, calls } = fakeUseCases(over);
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const edge = createHttpServer({
    useCases: use,
    logger,
    metricsPublic: options.metricsPublic ?? false,
    limits: options.limits ?? { ...defaultLimits, failures: { perSecond: 1, burst: 1_000_000 } },
    pace: { heartbeatMs: options.heartbeatMs ?? 15_000, checkMs: 20 },
    ...(options.hostAllowList === undefined ? {} : { hostAllowList: options.hostAllowList }),
    ...options.more,
  });
  const sockets = new Set<Socket>();
  const server = createServer(edge.handler).on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    calls,
    /** Bytes of answers that are in this process and not yet with the system. */
    heldBytes: () => [...sockets].reduce((sum, { writableLength }) => sum + writableLength, 0),
    /** Calls beside the check of tokens. */
    names: () => calls.map(({ name }) => name),
    lines,
    endStreams: edge.close,
    handler: edge.handler,
    ask: (
      method: string,
      path: string,
      more: { role?: Role | 'none'; body?: unknown; raw?: string; headers?: Record<string, string> } = {},
    ) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(more.role === 'none' ? {} : { Authorization: `Bearer ${tokens[more.role ?? 'admin']}` }),
          ...(more.body === undefined && more.raw === undefined
            ? {}
            : { 'Content-Type': 'application/json' }),
          ...more.headers,
        },
        ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
        ...(more.raw === undefined ? {} : { body: more.raw }),
      }),
    close: async () => {
      edge.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
export type Edge = Awaited<ReturnType<typeof startEdge>>;

/** Polls until it holds; fails aloud after the deadline. */
export const until = async (what: string, holds: () => boolean, deadlineMs = 10_000): Promise<void> => {
  const end = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

export const asUpdates = (jobs: Observable<JobView>): ReturnType<UseCases['watchJobs']> =>
  jobs.pipe(map((job, index) => ({ position: String(index + 1), job })));
