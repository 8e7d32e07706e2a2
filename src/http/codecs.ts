/** What may come in: every name, address and number that a request can carry, checked before anything else sees it. */
import { isIP } from 'node:net';
import * as t from 'io-ts';
import type { Span } from '../app/queue-window.js';
import { coarseTopics } from '../app/touched.js';
import { deadlineOf } from '../domain/deadline.js';
import { jumpOf } from '../domain/jump.js';
import { summaryKeys } from '../../projections/history-summary.js';
import { MOST_SLOTS } from '../domain/most-slots.js';
import { outputNames } from '../domain/output.js';
import { phases, stages } from '../domain/stage-plan.js';
import { Outcome } from '../events/shapes.js';
import { parseAt, parseTime } from '../kernel/at.js';
import { checked, closed, oneOf, text, whole, wholeText } from './closed.js';
import { exportFormats } from './history-forms.js';

/** C0, DEL and C1: never part of a name, an address, a path or a reason. */
const hasControl = (value: string): boolean => /[\u0000-\u001f\u007f-\u009f]/u.test(value);

const isHostName = (value: string): boolean =>
  value.length <= 253 &&
  value
    .replace(/\.$/, '')
    .split('.')
    .every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));

export const RunnerName = text(
  {
    expected:
      'a name of 1 to 63 letters, digits, dots, dashes and underscores that starts with a letter or digit',
    mend: 'choose a name such as build-07',
  },
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value),
);

const Host = text(
  {
    expected: 'a host name or an IP address',
    mend: 'give a name such as build-07.example.org, or an address',
  },
  (value) => isIP(value) !== 0 || isHostName(value),
);

const User = text(
  {
    expected:
      'a user name of 1 to 64 letters, digits and . _ @ - that starts with a letter, digit or underscore',
    mend: 'give the account on the runner, without spaces',
  },
  (value) => /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/.test(value),
);

/** Fingerprint as OpenSSH writes it: SHA-256 in base64 without padding. */
const HostKey = text(
  {
    expected: 'SHA256: and 43 base64 characters',
    mend: 'run `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the runner and give the second word',
  },
  (value) => /^SHA256:[A-Za-z0-9+/]{43}$/.test(value),
);

const Label = text(
  {
    expected: 'a label of 1 to 63 letters, digits and . _ : = / - that starts with a letter or digit',
    mend: 'give labels such as linux or gpu=a100',
  },
  (value) => /^[A-Za-z0-9][A-Za-z0-9._:=/-]{0,62}$/.test(value),
);

const PrivateKey = text(
  {
    expected: 'a private key in PEM or OpenSSH form, at most 64 KiB',
    mend: 'give the content of the private key file, not of the .pub file',
    secret: true,
  },
  (value) => value.length <= 65_536 && /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value),
);

const BasePath = text(
  {
    expected: 'a path of at most 256 characters without control characters or .. in it',
    mend: 'give an absolute path, or one relative to the home of the user',
  },
  (value) =>
    /^[^-~]/.test(value) &&
    value.length <= 256 &&
    !hasControl(value) &&
    !value.split('/').some((part) => part === '..'),
);

const Auth = oneOf(['key', 'agent']);

const Jump = text(
  {
    expected: 'user@host or user@host:port of a jump host',
    mend: 'give e.g. gate@jump.example.org:2222, or an empty text to reach the runner directly',
  },
  (value) => value === '' || jumpOf(value) !== undefined,
);

const ScopeName = text(
  {
    expected: 'a name of 1 to 100 letters, digits, dots, dashes and underscores',
    mend: 'give a name such as web-shop',
  },
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(value),
);

/** Whose jobs a runner takes; none named: everybody's. */
const Enterprises = t.readonlyArray(ScopeName);

/** Body of `POST /runners`. */
export const AddRunnerBody = closed(
  { name: RunnerName, host: Host, user: User },
  {
    port: whole(1, 65_535, 'leave it out for 22'),
    slots: whole(1, MOST_SLOTS, 'leave it out for 1'),
    labels: t.readonlyArray(Label),
    enterprises: Enterprises,
    privateKey: PrivateKey,
    hostKey: HostKey,
    base: BasePath,
    trial: t.boolean,
    isolated: t.boolean,
    auth: Auth,
    jump: Jump,
    jumpHostKey: HostKey,
  },
);

/** Body of `POST /runners/:name/test`. */
export const TestRunnerBody = closed({}, { acceptHostKey: HostKey, acceptJumpHostKey: HostKey });

export const Reason = text(
  { expected: 'one line of 1 to 500 characters', mend: 'shorten it, without line breaks' },
  (value) => value.trim() !== '' && value.length <= 500 && !hasControl(value),
);

/** Bodies of `POST /runners/:name/…`. */
export const ReasonBody = closed({}, { reason: Reason });
export const PauseBody = closed(
  {},
  {
    reason: Reason,
    until: text(
      {
        expected: 'an instant of RFC 3339, or a length of time such as 30m, 2h or 1h30m',
        mend: 'give 30m, or 2026-01-31T12:00:00Z; leave it out to pause until it is resumed',
      },
      (value) => deadlineOf(value, '2026-01-01T00:00:00.000Z') !== undefined,
    ),
  },
);
export const ClearBody = closed(
  {},
  { reason: Reason, slot: whole(0, 63, 'leave it out to clear the runner') },
);
export const TrustBody = closed({}, { reason: Reason, fingerprint: HostKey, jump: t.boolean });
export const RemoveBody = closed({}, { reason: Reason, cancelJobs: t.boolean });
export const SettingsBody = closed(
  {},
  {
    reason: Reason,
    host: Host,
    port: whole(1, 65_535, 'leave it out to keep it'),
    isolated: t.boolean,
    user: User,
    slots: whole(1, MOST_SLOTS, 'leave it out to keep it'),
    labels: t.readonlyArray(Label),
    enterprises: Enterprises,
    auth: Auth,
    privateKey: PrivateKey,
    jump: Jump,
    jumpHostKey: HostKey,
  },
);

/** Body of `POST /jobs/:id/cancel`. */
export const CancelBody = closed({}, { reason: Reason });

/** Body of `POST /jobs/:id/close`. Who gives a job up says why. */
export const CloseBody = closed({ as: oneOf(['lost']), reason: Reason }, {});

/** Body of `POST /jobs/:id/retry`. */
export const RetryBody = closed({}, { elsewhere: t.boolean, reason: Reason });

/** The rules of git-check-ref-format(1) as far as they keep a name from being taken for something else. */
const Ref = text(
  { expected: 'the name of a branch', mend: 'give a branch such as master or feature/login' },
  (value) =>
    value.length <= 255 &&
    /^[^-./][^\s~^:?*[\\]*$/u.test(value) &&
    !hasControl(value) &&
    !/\.\.|@\{|\/\/|\/\.|\.$|\/$|\.lock(\/|$)/.test(value),
);

/** Password in a URL: it would be kept for ever, so it is refused before anyone sees it. */
const hasPassword = (value: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/@]*:[^/@]*@/.test(value);

const Repository = text(
  {
    expected: 'the path or URL of a git repository, at most 2048 characters, without a password',
    mend: 'give a path or URL; credentials belong into the server, not into the URL',
    secret: true,
  },
  (value) => /^[^-\s]/u.test(value) && value.length <= 2048 && !hasControl(value) && !hasPassword(value),
);

/** Body of `POST /changes`. */
export const SubmitChangeBody = closed(
  { repository: Repository, branch: Ref, target: Ref },
  { enterprise: ScopeName, organisation: ScopeName, project: ScopeName },
);

/** Body of `POST /changes/:id/approve`, `deliver`, `cancel` and `delete`. */
export const ChangeDeedBody = closed({}, { reason: Reason });

const Id = text(
  { expected: 'an id, or the first 4 characters or more of one', mend: 'copy it from a list' },
  (value) => /^[A-Za-z0-9][A-Za-z0-9._-]{3,127}$/.test(value),
);

/** Body of `POST /changes/:id/rerun`. */
export const RerunChangeBody = closed(
  { stage: oneOf(stages) },
  { phase: oneOf(phases), consumer: Id, reason: Reason },
);

const ProjectionName = text(
  { expected: 'the name of a projection', mend: 'use a name such as jobs or queue' },
  (value) => /^[a-z][a-z0-9_-]{0,62}$/.test(value),
);

const Status = oneOf([
  'queued',
  'assigned',
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'lost',
  'expired',
  'undeliverable',
]);

export const Nothing = closed({}, {});
export const NameParam = closed({ name: RunnerName }, {});
export const ProjectionParam = closed({ name: ProjectionName }, {});
export const IdParam = closed({ id: Id }, {});
export const JobsQuery = closed({}, { status: Status, runner: RunnerName, change: Id });
const attempt = wholeText(1, 1_000_000, 'leave it out for the last one');
const output = oneOf(outputNames);
/** `true` or `false` in a query. */
const yesText = checked(
  { expected: 'true or false', mend: 'leave it out for false', schema: { type: 'boolean' } },
  (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
);
/** What of a job's log is meant. */
/** What the original's program on a runner told, in its own words. */
export const ReportBody = closed(
  {
    run_success: t.boolean,
    run_log: text(
      { expected: 'text: the whole log so far', mend: 'send "" for none', secret: true },
      () => true,
    ),
    run_status: text(
      { expected: 'one line of 1 to 100 characters', mend: 'send e.g. "running", "finished" or "failed"' },
      (value) => value.trim() !== '' && value.length <= 100 && !hasControl(value),
    ),
  },
  { run_complete: t.boolean },
);

export const LogQuery = closed({}, { attempt, output });
const lineNumber = 'give the number of a line; leave it out for the first';
export const LinesQuery = closed(
  {},
  {
    ...{ attempt, output },
    from: checked(
      {
        expected: 'a whole number other than 0',
        mend: `${lineNumber}; -500 stands for the last 500`,
        schema: { type: 'integer', not: { const: 0 } },
      },
      (value) => (typeof value === 'string' && /^-?[1-9]\d{0,14}$/.test(value) ? Number(value) : undefined),
    ),
    count: wholeText(1, 10_000, 'leave it out for 1000'),
    text: yesText,
  },
);
/** What to look for in a log: text, or an expression. */
export const SearchText = text(
  {
    expected: 'one line of 1 to 200 characters',
    mend: 'give the text to look for, as it stands there, or with regex=true an expression',
  },
  (value) => value !== '' && value.length <= 200 && !hasControl(value),
);
export const SearchQuery = closed(
  { q: SearchText },
  {
    ...{ attempt, output, case: yesText, regex: yesText },
    from: wholeText(1, Number.MAX_SAFE_INTEGER, lineNumber),
    limit: wholeText(1, 1000, 'leave it out for 100'),
  },
);
export const FollowLogQuery = closed(
  {},
  {
    ...{ attempt, output },
    from: wholeText(0, Number.MAX_SAFE_INTEGER, 'give a byte offset; leave it out for the beginning'),
  },
);

// ---- the past, and pages

/** A moment of the past. */
const Moment = checked(
  {
    expected: 'a position, an RFC 3339 time, or start',
    mend: 'give the position of an answer, or a time such as 2026-01-31T12:00:00Z (write + as %2B)',
  },
  (value) => (typeof value === 'string' ? parseAt(value) : undefined),
);

const Time = checked(
  { expected: 'an RFC 3339 time', mend: 'give a time such as 2026-01-31T12:00:00Z (write + as %2B)' },
  (value) => (typeof value === 'string' ? parseTime(value) : undefined),
);

/** Where a replay begins: a moment of the past, or now. */
export const ReplayFromText = checked(
  {
    expected: 'a position, an RFC 3339 time, start or now',
    mend: 'give a position as `GET /webhooks` has it, or a time such as 2026-01-31T12:00:00Z',
  },
  (value) =>
    value === 'now' ? { kind: 'now' as const } : typeof value === 'string' ? parseAt(value) : undefined,
);

/** What a page is asked for with. */
const page = {
  cursor: text({ expected: 'a cursor', mend: 'send the `next` of the page before as it came' }, (value) =>
    /^[A-Za-z0-9_-]{1,512}$/.test(value),
  ),
  limit: wholeText(1, 1000, 'leave it out for the usual size'),
};

/** Names as the host gave them: any line of text, since it is only compared. */
export const AnyName = text(
  { expected: 'one line of 1 to 255 characters', mend: 'copy it from an answer' },
  (value) => value !== '' && value.length <= 255 && !hasControl(value),
);

const historyFilter = {
  job: Id,
  change: Id,
  runner: RunnerName,
  enterprise: AnyName,
  organisation: AnyName,
  project: AnyName,
  pipeline: AnyName,
  stage: AnyName,
  phase: AnyName,
  outcome: oneOf([...Object.keys(Outcome.keys), 'requeued', 'running']),
  actor: AnyName,
  since: Time,
  until: Time,
};

/** What is looked for in what is shown; compared, and never a pattern. */
const Words = text(
  { expected: 'one line of 1 to 100 characters', mend: 'shorten it' },
  (value) => value.trim() !== '' && value.length <= 100 && !hasControl(value),
);

/** Some of a list that is counted through; without `limit` all of it. */
const piece = {
  limit: wholeText(1, 1000, 'leave it out for all'),
  offset: wholeText(0, 1_000_000_000, 'leave it out to begin with the first'),
};

const MOST_IN_SPAN = 1000;
const SPAN = /^(\d{1,9})-(\d{1,9})$/;

/** Places from 0, both included. */
const SpanText = checked<Span>(
  {
    expected: `two places counted from 0, such as 0-99, with at most ${MOST_IN_SPAN} between them`,
    mend: 'leave it out when this part is not wanted',
    schema: { type: 'string', pattern: SPAN.source },
  },
  (value) => {
    const [, first, last] = (typeof value === 'string' ? SPAN.exec(value) : null) ?? [];
    const [from, to] = [Number(first), Number(last)];
    return from <= to && to - from < MOST_IN_SPAN ? { from, to } : undefined;
  },
);

/** Query of a read that can be asked of the past. */
export const AtQuery = closed({}, { at: Moment });
export const QueueQuery = closed(
  {},
  {
    ...piece,
    ...{ active: SpanText, waiting: SpanText },
    project: AnyName,
    stage: AnyName,
    status: oneOf(['queued', 'assigned', 'running', 'active', 'unmatched']),
    reason: oneOf([
      ...['no_runner', 'none_matches', 'all_busy', 'none_available'],
      ...['tried_again_later', 'not_recorded'],
    ]),
    runner: RunnerName,
    q: Words,
    at: Moment,
  },
);
/** Ids in full: what is told of is compared with them. */
const isTopic = (topic: string): boolean => {
  const [kind, id, ...more] = topic.split(':');
  if (id === undefined) return coarseTopics.some((coarse) => coarse === kind);
  if (more.length > 0) return false;
  return kind === 'runner' ? RunnerName.is(id) : (kind === 'job' || kind === 'change') && Id.is(id);
};

const Topics = checked<readonly string[]>(
  {
    expected: '1 to 50 topics with commas between: queue, runners, changes, runner:NAME, change:ID or job:ID',
    mend: 'leave it out for all',
  },
  (value) => {
    const topics = typeof value === 'string' ? [...new Set(value.split(','))] : [];
    return topics.length >= 1 && topics.length <= 50 && topics.every(isTopic) ? topics : undefined;
  },
);

export const MeasuresQuery = closed({}, { since: Time, until: Time, at: Moment });
export const UpdatesQuery = closed({}, { topics: Topics });
export const RunnersQuery = closed(
  {},
  {
    ...piece,
    state: oneOf([
      ...(['untested', 'ready', 'unfit', 'unreachable', 'draining'] as const),
      ...(['paused', 'quarantined', 'removing', 'retired'] as const),
    ]),
    label: Label,
    q: Words,
    sort: oneOf(['name']),
    at: Moment,
  },
);
export const JobsPageQuery = closed(
  {},
  { status: Status, runner: RunnerName, change: Id, ...page, at: Moment },
);
export const ChangesPageQuery = closed(
  {},
  {
    status: oneOf(['open', 'merging', 'merged', 'superseded', 'delivered', 'deleted']),
    project: AnyName,
    ...page,
    at: Moment,
  },
);
export const HistoryQuery = closed({}, { ...historyFilter, ...page, at: Moment });
export const HistorySummaryQuery = closed({}, { by: oneOf(summaryKeys), ...historyFilter, at: Moment });
export const HistoryExportQuery = closed({}, { format: oneOf(exportFormats), ...historyFilter, at: Moment });

/** The few headers that are data; names as they are shown to people. */
export const HeaderValues = closed(
  {},
  {
    'Idempotency-Key': text(
      { expected: '1 to 255 visible ASCII characters', mend: 'send a new UUID for each new command' },
      (value) => /^[\x21-\x7e]{1,255}$/.test(value),
    ),
  },
);

/** `Last-Event-ID` of a log stream: where the reader has come to, in bytes. */
export const ByteOffsetHeader = closed(
  {},
  { 'Last-Event-ID': wholeText(0, Number.MAX_SAFE_INTEGER, 'send the id of the last event, a byte offset') },
);

/** `Last-Event-ID` of a stream of jobs: a position. */
export const PositionHeader = closed(
  {},
  {
    'Last-Event-ID': checked(
      { expected: 'a position', mend: 'send the id of the last event as it came' },
      (value) =>
        typeof value === 'string' && /^(0|[1-9]\d{0,19})(\/(0|[1-9]\d{0,19}))?$/.test(value)
          ? value
          : undefined,
    ),
  },
);

/** `If-Match`: an `ETag` as it came, or the revision alone in quotes. Only the revision is held against the stream. */
export const IfMatchHeader = closed(
  {},
  {
    'If-Match': checked<number | '*'>(
      {
        expected: 'one entity tag, or *',
        mend: 'send the ETag of the answer that you decided on, with its quotes',
      },
      (value) => {
        if (value === '*') return value;
        const revision =
          typeof value === 'string' ? /^"(\d{1,15})(-[0-9a-f]+)?"$/.exec(value.trim())?.[1] : undefined;
        return revision === undefined ? undefined : Number(revision);
      },
    ),
  },
);

/** Who holds tokens and roles. It is recorded for ever, so it should be nobody's name. */
const Subject = text(
  {
    expected: 'a word of 1 to 63 small letters, digits, dots, dashes and underscores, other than baton',
    mend: 'give a pseudonym such as ops-1 or ci-web-shop; names of people do not belong into events',
  },
  (value) => /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value) && value !== 'baton',
);

const RoleName = oneOf(['viewer', 'operator', 'admin']);
const grant = { subject: Subject, role: RoleName };
const grantScope = { enterprise: ScopeName, organisation: ScopeName, project: ScopeName };

const Instant = text(
  { expected: 'an instant in UTC such as 2026-12-31T00:00:00.000Z', mend: 'give it with milliseconds and Z' },
  (value) => /^\d{4}-\d\d-\d\dT/.test(value) && isInstant(value),
);

const isInstant = (value: string): boolean => {
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
};

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30m`, `12h`, `90d`: in milliseconds. */
const Period = checked<number>(
  { expected: 'a period such as 30m, 12h or 90d, at most 3650d', mend: 'give minutes, hours or days' },
  (value) => {
    const match = typeof value === 'string' ? /^([1-9]\d{0,6})([mhd])$/.exec(value) : null;
    const ms = Number(match?.[1]) * units[(match?.[2] ?? 'd') as keyof typeof units];
    return ms <= 3650 * units.d ? ms : undefined;
  },
);

/** Bodies of `POST /roles/grant` and `POST /roles/withdraw`. */
export const GrantBody = closed(grant, { ...grantScope, reason: Reason });
/** Body of `POST /tokens`. */
export const IssueTokenBody = closed(grant, {
  ...grantScope,
  expiresAt: Instant,
  expiresIn: Period,
  reason: Reason,
});
/** Body of `POST /tokens/:id/revoke`. */
export const RevokeTokenBody = closed({}, { reason: Reason });
