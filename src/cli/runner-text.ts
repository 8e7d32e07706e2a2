/** How runners look: state, detail, the evidence with its age, and what became of the last jobs. */
import { jobsHolding } from '../../projections/held-slots.js';
import type { RunnerAsOf } from '../app/evidence.js';
import type { Io } from './io.js';
import { plain } from './terminal.js';
import { age, duration, fields, short, table } from './print.js';

const busy = (runner: RunnerAsOf): string => `${Object.keys(runner.current).length}/${runner.slots}`;

/** What the last look found and how old that is; without one since the server started, what is recorded, said so. */
export const evidenceText = ({ evidence, probe }: RunnerAsOf, now: number): string => {
  if (evidence) {
    const found = evidence.ok
      ? `ok${evidence.latencyMs === undefined ? '' : `, ${Math.max(1, Math.round(evidence.latencyMs))} ms`}`
      : evidence.code;
    return `${found}, ${age(evidence.at, now)}`;
  }
  if (probe === undefined) return 'never probed';
  if (evidence === undefined) return `recorded ${probe.verdict} ${age(probe.at, now)}`;
  return `not since the server started; recorded ${probe.verdict} ${age(probe.at, now)}`;
};

/** What is done next without anybody asking. */
const nextText = ({ watch }: RunnerAsOf, now: number): string | undefined => {
  switch (watch?.kind) {
    case undefined:
      return undefined;
    case 'probe': {
      const ms = Date.parse(watch.next) - now;
      return ms <= 0 ? 'a probe now' : `a probe in ${duration(ms)}`;
    }
    case 'person':
      return 'nothing by itself: a person has to act';
    case 'off':
      return 'nothing';
  }
};

/** The last outcomes in short: `3 succeeded, 1 lost`, of at most 20. */
const outcomesText = ({ lastOutcomes }: RunnerAsOf): string => {
  const counts = new Map<string, number>();
  for (const { outcome } of lastOutcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
};

/** Where its public key goes. */
export const keyFilesOf = ({ user, isolated, slots }: RunnerAsOf): string =>
  isolated === undefined
    ? `~${plain(user)}/.ssh/authorized_keys`
    : `~${plain(user)}-0/.ssh/authorized_keys${slots === 1 ? '' : ` and those of all accounts up to ${plain(user)}-${String(slots - 1)}`}`;

/** The table of `baton runner list`. */
export const listText = (io: Io, runners: readonly RunnerAsOf[]): string =>
  runners.length === 0
    ? 'No runner yet; install one with `baton install-runner HOST USER`, or add one with `baton runner add NAME --host HOST`.'
    : table(
        ['NAME', 'STATE', 'BUSY', 'ADDRESS', 'PROBE', 'LAST JOBS', 'LABELS', 'DETAIL'],
        runners.map((runner) => [
          runner.name,
          runner.state,
          busy(runner),
          `${runner.user}@${runner.host}:${runner.port}`,
          evidenceText(runner, io.now()),
          outcomesText(runner),
          runner.labels.join(','),
          runner.detail ?? '',
        ]),
      );

/** Ids of the jobs there; of those of others only their slots are known. */
const jobsText = ({ current }: RunnerAsOf): string => {
  const held = jobsHolding(current);
  const known = held.filter(({ id }) => id !== '');
  const others = held.length - known.length;
  const told = known.map(({ id, slots }) =>
    slots.length === 1 ? short(id) : `${short(id)} (takes ${slots.length} slots)`,
  );
  return [...told, ...(others === 0 ? [] : [`${others} ${others === 1 ? 'slot' : 'slots'} of others`])].join(
    ', ',
  );
};

const signed = (seconds: number): string =>
  seconds === 0 ? 'none' : `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`;

const jumpText = ({ jump, jumpHostKeys = [] }: RunnerAsOf): string | undefined =>
  jump === undefined ? undefined : `${jump} (host keys: ${jumpHostKeys.join(', ') || 'none accepted'})`;

/** `chefdk 2.4.17-1, git 1:2.47.3-0`; of those that are configured. */
const toolchainsText = (toolchains: Readonly<Record<string, string>>): string =>
  Object.entries(toolchains)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ') || 'none of the configured';

/** The page of `baton runner show`. */
export const showText = (io: Io, runner: RunnerAsOf): string => {
  const { evidence, quarantine } = runner;
  const head = fields([
    ['name', runner.name],
    ['state', runner.state],
    ['detail', runner.detail],
    ['evidence', evidenceText(runner, io.now())],
    ['evidence detail', evidence?.detail],
    ['next', nextText(runner, io.now())],
    [
      'clean probes',
      quarantine?.why === 'repeated_failures' ? `${quarantine.cleanProbes} in a row` : undefined,
    ],
    ['load', evidence?.load === undefined ? undefined : String(evidence.load)],
    ['clock skew', evidence?.skewSeconds === undefined ? undefined : signed(evidence.skewSeconds)],
    ['address', `${runner.user}@${runner.host}:${runner.port}`],
    ['jump host', jumpText(runner)],
    ['found jump host key', runner.foundJumpHostKey],
    ['slots', `${busy(runner)} busy`],
    [
      'accounts',
      runner.isolated === undefined
        ? undefined
        : `one for each slot: ${runner.user}-0${runner.slots === 1 ? '' : ` to ${runner.user}-${runner.slots - 1}`}`,
    ],
    ['quarantined slots', runner.quarantinedSlots.join(', ')],
    ['labels', runner.labels.join(', ')],
    ['enterprises', runner.enterprises?.join(', ')],
    ...Object.entries(runner.attributes).map(
      ([name, value]) => [name, typeof value === 'string' ? value : toolchainsText(value)] as const,
    ),
    ['host keys', runner.hostKeys.join(', ')],
    ['found host key', runner.foundHostKey],
    ['logs in with', runner.auth === 'agent' ? "the server's ssh-agent" : undefined],
    ['public key', runner.publicKey],
    [
      'verdict',
      runner.probe === undefined
        ? 'never probed'
        : `${runner.probe.verdict}, recorded ${age(runner.probe.at, io.now())}`,
    ],
    ['jobs now', jobsText(runner)],
    [
      'last outcomes',
      runner.lastOutcomes.map(({ jobId, outcome }) => `${short(jobId)} ${outcome}`).join(', '),
    ],
  ]);
  const findings = evidence && evidence.findings.length > 0 ? evidence.findings : runner.probe?.findings;
  if (findings === undefined || findings.length === 0) return head;
  const rows = findings.map(({ check, ok, found, consequence }) => [
    check,
    ok ? 'yes' : 'no',
    found ?? '',
    consequence ?? '',
  ]);
  return `${head}\n\n${table(['CHECK', 'WELL', 'FOUND', 'CONSEQUENCE'], rows)}`;
};
