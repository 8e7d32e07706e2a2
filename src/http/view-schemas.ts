/** The shapes of answers, for programs. They say what is there at least: a later version may add members. */
import { Clause, EndEvidence, Outcome, SealedOutput, Workspace } from '../events/shapes.js';
import { Finding, ProvedSlot } from '../events/runner.js';
import type { JsonSchema } from './closed.js';
import { schemaOf } from './schema-of.js';

const text = { type: 'string' };
const whole = { type: 'integer' };
const yes = { type: 'boolean' };
const instant = { type: 'string', format: 'date-time' };
const listOfTexts = { type: 'array', items: text };
const words = (...list: readonly string[]): JsonSchema => ({ type: 'string', enum: list });

/** Members that are always there, and members that may be. */
const object = (
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
});

export const arrayOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const ref = (name: keyof typeof viewSchemas): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
/** The form of every list. */
export const listOf = (name: keyof typeof viewSchemas): JsonSchema => object({ items: arrayOf(ref(name)) });

/** The form of a list that comes in pages. */
export const pageOf = (name: keyof typeof viewSchemas): JsonSchema =>
  object({ items: arrayOf(ref(name)) }, { next: text });

const outcomes = Object.keys(Outcome.keys);
const scope = { enterprise: text, organisation: text, project: text };
const inQueue = ['queued', 'assigned', 'running'];
const role = words('viewer', 'operator', 'admin');
const grant = object({ role }, scope);
const token = {
  ...{ id: text, subject: text, grants: arrayOf(grant), issuedAt: instant, issuedBy: text, usable: yes },
};
const tokenMore = { expiresAt: instant, revokedAt: instant };

const attempt = object(
  { attempt: whole },
  {
    ...{
      runner: text,
      slot: whole,
      alsoSlots: arrayOf(whole),
      rule: text,
      assignedAt: instant,
      startedAt: instant,
      endedAt: instant,
    },
    ...{ queuedAt: instant, pid: whole, exitCode: whole, why: text },
    outputs: arrayOf(schemaOf(SealedOutput)),
    kept: object({ folder: text, until: instant }, { path: text }),
    reported: object({ at: instant, success: yes, status: text }),
  },
);

const job = object(
  {
    ...{ id: text, phaseRunId: text, label: text, ...scope, pipeline: text, stage: text, phase: text },
    ...{ filter: arrayOf(schemaOf(Clause)), filterClass: text, priority: whole, queuedAt: instant },
    status: words(...inQueue, ...outcomes),
    ...{ attempts: arrayOf(attempt), revision: whole, position: text },
    limits: object(
      { cancelGraceMs: { ...whole, description: 'a cancel kills what is left of it so long after TERM' } },
      { attempts: { ...whole, description: 'tries in all; absent: it is not tried again by itself' } },
    ),
  },
  {
    ...{ changeId: text, changeTitle: text, endedAt: instant, summary: text },
    workspace: schemaOf(Workspace),
    slots: { ...whole, description: 'that it takes on its runner; absent: 1' },
    reports: { const: true, description: 'it may tell of itself, and then has an output `report`' },
    ...{ waitsSince: instant, retryAt: instant, startedAt: instant },
    refusedReports: arrayOf(
      object(
        { at: instant, attempt: whole, report: words('started', 'finished', 'lost', 'job'), why: text },
        { outcome: words(...outcomes), exitCode: whole },
      ),
    ),
    unionOf: { ...text, description: 'change in whose Union it takes part as a consumer' },
    cancelRequested: object({ at: instant, by: text }, { reason: text }),
    output: words('split'),
    collectionPaused: object({ at: instant, why: text, detail: text }),
    evidence: schemaOf(EndEvidence),
  },
);

const phase = object(
  {
    phase: text,
    status: words('skipped', 'waiting', 'running', 'not_run', ...outcomes),
    jobs: listOfTexts,
  },
  { phaseRunId: text },
);

const pipelineName = { organisation: text, project: text, pipeline: text };

const consumer = object({
  ...{ changeId: text, ...pipelineName, sha: text, phases: arrayOf(phase) },
  status: words('waiting', 'running', 'passed', 'failed', 'not_run'),
});

const promotion = object(
  { status: words('proceed', 'caution', 'disabled') },
  {
    reason: words('pipeline_union_failure', 'change_delivered', 'change_superseded'),
    blocked: {
      ...object({ since: instant, pipelines: arrayOf(object({ ...pipelineName, passed: yes })) }),
      description: 'pipelines that took part in a Union that has not passed',
    },
  },
);

const runnerMore = {
  ...{ auth: words('key', 'agent'), base: text },
  ...{ jump: text, jumpHostKeys: listOfTexts, foundJumpHostKey: text },
  evidence: {
    ...object(
      { at: instant, ok: yes, code: text, findings: arrayOf(schemaOf(Finding)) },
      {
        ...{ detail: text, latencyMs: { type: 'number' }, load: { type: 'number' } },
        skewSeconds: { type: 'number' },
      },
    ),
    type: ['object', 'null'],
    description: 'the last look since the server started; absent from the past',
  },
  incompatible: { ...text, description: 'which rules of compatibility it breaks; it gets no job' },
  watch: object({ kind: words('probe', 'person', 'off') }, { next: instant }),
};

const runner = object(
  {
    ...{ name: text, host: text, port: whole, user: text, slots: whole, labels: listOfTexts },
    ...{ hostKeys: listOfTexts, attributes: { type: 'object' }, state: text, revision: whole },
    current: {
      type: 'object',
      description: 'slot → job; empty where it is not for you to see',
      additionalProperties: text,
    },
    quarantinedSlots: arrayOf(whole),
    lastOutcomes: arrayOf(
      object(
        { jobId: text, outcome: words(...outcomes), at: instant },
        { ranMs: { type: 'number', description: 'of its last attempt, if that had started' } },
      ),
    ),
  },
  {
    ...{ publicKey: text, detail: text, foundHostKey: text },
    enterprises: { ...listOfTexts, description: "whose jobs it takes; absent: everybody's" },
    ...runnerMore,
    isolated: { ...yes, description: 'slot n has an account of its own, `<user>-<n>`' },
    proved: {
      ...object({ at: instant, slots: arrayOf(schemaOf(ProvedSlot)) }),
      description: 'the small jobs that ran in its slots, if it was proved',
    },
    probe: object(
      { at: instant, verdict: text, findings: arrayOf(schemaOf(Finding)) },
      { code: text, detail: text, latencyMs: { type: 'number' } },
    ),
  },
);

const queueEntry = object(
  {
    ...{ jobId: text, phase: text, stage: text, label: text, ...scope, pipeline: text },
    ...{ since: instant, queuedAt: instant, status: words(...inQueue), priority: whole },
    place: { ...whole, description: 'from 1, among all that wait or run' },
  },
  {
    ...{ changeId: text, changeTitle: text, runner: text },
    slots: { ...whole, description: 'that it takes on its runner; absent: 1' },
    ...{ unreachableSince: instant, cancelAskedAt: instant },
    waiting: object({ reason: text, detail: text, blockers: listOfTexts }, { until: instant }),
  },
);

const queuePart = object({
  ...{ offset: whole, total: whole },
  entries: arrayOf(queueEntry),
});
const phaseJob = object(
  { id: text, label: text, status: words(...inQueue, ...outcomes) },
  { attempt: whole, runner: text, exitCode: whole, cause: text, output: words('split') },
);

export const viewSchemas = {
  Job: job,
  HostAnswer: object(
    { status: words('accepted', 'duplicate', 'noop') },
    {
      why: { ...words('already_finished', 'nothing_lives'), description: 'of a `noop`' },
      ...{ phaseRunId: text, position: text },
    },
  ),
  Phase: object(
    {
      ...{ host: text, hostKey: text, attempt: whole, lastAttempt: whole, phaseRunId: text, ...scope },
      ...{ pipeline: text, stage: text, phase: text, status: words('queued', 'running', ...outcomes) },
      ...{ jobs: arrayOf(phaseJob), revision: whole },
      known: { ...text, description: 'names this state: send it to be answered when there is another' },
    },
    {
      ...{ changeId: text, cancelRequested: yes, cause: text, exitCode: whole },
      retryOf: { ...text, description: 'the job that people try again with this attempt' },
    },
  ),
  JobRetried: object(
    {
      ...{ retryOf: { ...text, description: 'the job that is tried again' }, attempt: whole },
      jobId: { ...text, description: 'the new job; it comes with its phase run, which a host may put off' },
      ...{ phaseRunId: text, stage: text, phase: text, label: text },
    },
    { changeId: text, stageRunId: text },
  ),
  LogLines: object(
    {
      ...{ size: whole, sealed: yes, lines: { ...whole, description: 'how many there are now' } },
      items: arrayOf(
        object(
          { line: { ...whole, description: 'from 1' }, offset: whole, length: whole },
          {
            ...{ receivedAt: instant, collectedLate: yes, cut: yes },
            text: { ...text, description: 'with `text=true`; only its beginning where it is `cut`' },
          },
        ),
      ),
    },
    {
      attempt: whole,
      omitted: {
        ...object({ from: whole, count: whole }),
        description: 'lines that were asked for and whose texts would have made the answer too large',
      },
    },
  ),
  LogMatches: object(
    {
      ...{ size: { ...whole, description: 'of what was searched' }, sealed: yes },
      total: {
        ...object({ lines: whole, matches: whole }),
        description: 'in the whole log, whatever is told of it',
      },
      items: arrayOf(
        object(
          {
            ...{ line: whole, offset: whole, text, matches: whole },
            column: { ...whole, description: 'of the line without escape sequences, where `text` begins' },
            columns: {
              ...arrayOf({ ...arrayOf(whole), minItems: 2, maxItems: 2 }),
              description: 'where the matches are in `text`: from, and before which UTF-16 unit',
            },
          },
          { cut: yes },
        ),
      ),
    },
    {
      ...{ attempt: whole, next: { ...whole, description: 'line to ask on from; absent when that is all' } },
      cutLines: {
        ...whole,
        description: 'lines so long that an expression saw only their beginning; absent when none',
      },
    },
  ),
  Change: object(
    {
      ...{ id: text, title: text, branch: text, pipeline: text, ...scope, patchset: whole, sha: text },
      stages: arrayOf(
        object(
          { stageRunId: text, stage: text, status: text, phases: arrayOf(phase) },
          {
            consumers: arrayOf(consumer),
            waiting: { const: true, description: 'it is running, and all its jobs still wait for a runner' },
          },
        ),
      ),
      ...{ promotion, revision: whole },
    },
    {},
  ),
  Runner: runner,
  Runners: object(
    { items: arrayOf(runner) },
    {
      total: { ...whole, description: 'with `limit`, as all that follows: how many fit the filters' },
      counts: {
        ...{ type: 'object', additionalProperties: whole },
        description: 'by state, of all that this token sees and that are not retired',
      },
      busy: { ...whole, description: 'slots that have a job' },
      slots: whole,
      free: {
        ...whole,
        description:
          'slots of runners that are ready, neither busy nor quarantined; some may be kept for a job that takes several',
      },
    },
  ),
  RunnerAdded: object({ runner }, { publicKey: text }),
  RunnerTested: object(
    { code: text, sentence: text, runner },
    { fingerprint: text, hop: words('runner', 'jump') },
  ),
  Queue: object(
    {
      ...{ position: text, entries: arrayOf(queueEntry) },
      total: { ...whole, description: 'how many fit the filters' },
      counts: {
        ...object({ queued: whole, assigned: whole, running: whole, unmatched: whole }),
        description:
          'of all that this token sees; unmatched: of those queued, what nothing enrolled can match',
      },
    },
    {
      active: { ...queuePart, description: 'what is assigned or runs; there when it was asked for' },
      waiting: { ...queuePart, description: 'what is queued; there when it was asked for' },
      oldestQueuedAt: { ...instant, description: 'when the one came that waits and came first' },
      others: {
        ...object({ queued: whole, assigned: whole, running: whole }),
        description: 'jobs that this token does not see',
      },
    },
  ),
  QueueMeasures: object({
    step: words('1m', '1h'),
    items: arrayOf(
      object(
        {
          ...{ at: instant, depthMax: whole, depthEnd: whole, running: whole, started: whole },
          ...{ waitP50Ms: { type: ['number', 'null'] }, waitP95Ms: { type: ['number', 'null'] } },
        },
        { oldestMs: { type: 'number', description: 'absent when none waited' } },
      ),
    ),
  }),
  HistoryRow: object(
    {
      ...{ jobId: text, attempt: whole, project: text, stage: text, phase: text, label: text },
      queuedAt: instant,
    },
    {
      ...{ changeId: text, runner: text, exitCode: whole, startedAt: instant, endedAt: instant },
      slot: whole,
      alsoSlots: { ...arrayOf(whole), description: 'the further slots of a job that took several' },
      outcome: words(...outcomes, 'requeued'),
      ...{ waitedMs: { type: 'number' }, ranMs: { type: 'number' }, cancelledBy: text, reason: text },
      reported: { ...words('success', 'failure'), description: 'what the job itself told of its end' },
      reportRefused: { ...text, description: 'why what it told later changed nothing' },
    },
  ),
  Explanation: object({
    ...{ jobId: text, status: text, verdict: text },
    runners: arrayOf(
      object(
        {
          ...{ runner: text, suits: yes },
          clauses: arrayOf(object({ clause: schemaOf(Clause), holds: yes, found: text })),
        },
        { unavailable: text },
      ),
    ),
  }),
  Toolchains: object(
    {
      toolchains: arrayOf(
        object(
          { name: text, package: text, sha256: { type: 'object', additionalProperties: text }, install: yes },
          {
            version: text,
            url: {
              anyOf: [text, { type: 'object', additionalProperties: text }],
              description: 'a template, or one for each format of packages: deb, rpm, apk, dmg',
            },
            caBundle: text,
          },
        ),
      ),
      rules: arrayOf(object({ rule: text, builtIn: yes })),
      baton: { ...text, description: 'version of this server' },
    },
    { engine: { ...text, description: 'version of the pipeline engine; absent: not known' } },
  ),
  Webhook: object(
    {
      ...{ name: text, topics: listOfTexts, state: words('telling', 'failing', 'gone') },
      origin: { ...text, description: 'scheme, host and port of its address' },
      position: { ...text, description: 'up to where the log was read for it' },
      owed: { ...whole, description: 'messages that were read and not yet taken' },
      failures: { ...whole, description: 'in a row' },
      deliveries: {
        ...object({ taken: whole, failed: whole, gone: whole }),
        description: 'tries since the server started, by how they ended',
      },
    },
    {
      scopes: { ...listOfTexts, description: 'what it is told of, e.g. `acme/web/shop`; absent: all' },
      oldestAt: { ...instant, description: 'when the oldest of what is owed happened' },
      ...{ problem: object({ at: instant, message: text }), takenAt: instant },
      notKept: { ...text, description: 'why its place in the log cannot be written; absent: it is' },
    },
  ),
  Installation: object({ installationId: text }),
  Rebuilt: object({ name: text, events: whole }),
  Token: object(token, tokenMore),
  IssuedToken: object(token, {
    ...tokenMore,
    token: { ...text, description: 'shown this once; absent when the command is a repeat' },
  }),
  Session: object(
    { actor: text, grants: arrayOf(grant), via: words('cookie', 'token', 'host') },
    {
      subject: { ...text, description: 'of the token; absent for whom an embedding host let in' },
      expiresAt: { ...instant, description: 'when the login or the token ends by itself; absent: never' },
    },
  ),
  Grant: object({ subject: text, role }, scope),
  Problem: object(
    { type: text, title: text, status: whole, detail: text, code: text, reason: text, instance: text },
    {
      hint: text,
      problems: arrayOf(
        object({ path: text, expected: text, found: text }, { mend: text, line: whole, column: whole }),
      ),
    },
  ),
} as const;
