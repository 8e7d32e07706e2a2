/** What the page of a job says in words of its own. */
import type { AttemptView, JobView } from '../../../projections/jobs.js';
import { linesText } from '../log/lines-text.js';

const numbers = new Intl.NumberFormat();

/** `9,120 bytes`, `1.2 MiB`. */
export const bytesText = (bytes: number): string => {
  if (bytes < 10_240) return `${numbers.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
};

/** `, slot 2`, or all of the slots that an attempt holds. */
export const slotsText = ({ slot, alsoSlots = [] }: Pick<AttemptView, 'slot' | 'alsoSlots'>): string =>
  slot === undefined
    ? ''
    : `, ${alsoSlots.length === 0 ? 'slot' : 'slots'} ${[slot, ...alsoSlots].join(', ')}`;

/** From one event to the next: `+120 ms`, `+8.2 s`, `+3 min 08 s`. */
export const gapText = (ms: number): string => {
  if (ms < 1000) return `+${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `+${minutes} min ${Math.floor((ms / 1000) % 60)} s`;
  if (minutes < 1440) return `+${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `+${Math.floor(minutes / 1440)} d ${Math.floor(minutes / 60) % 24} h`;
};

/** By number, where all systems agree (POSIX kill(1)), and SIGSEGV of most. */
const SIGNALS: Readonly<Record<number, string>> = {
  ...{
    1: 'HUP',
    2: 'INT',
    3: 'QUIT',
    6: 'ABRT',
    8: 'FPE',
    9: 'KILL',
    11: 'SEGV',
    13: 'PIPE',
    14: 'ALRM',
    15: 'TERM',
  },
};

/** A shell says 128 + n for death by signal n, and any program may end with the same number. Undefined: no such code. */
export const likelySignalOf = (exitCode: number): string | undefined => {
  const number = exitCode - 128;
  if (number < 1 || number > 64) return undefined;
  const name = SIGNALS[number];
  return name === undefined ? `signal ${number}` : name;
};

export const exitText = (exitCode: number): string => {
  const signal = likelySignalOf(exitCode);
  return signal === undefined
    ? `Exit code ${exitCode}.`
    : `Exit code ${exitCode}: likely ended by ${signal} (128 + ${exitCode - 128}).`;
};

/** An attempt that was taken back before it began is no try. */
const wasTry = ({ startedAt, endedAt }: AttemptView): boolean =>
  startedAt !== undefined || endedAt === undefined;

/** `2 of 3`: of those that there may be, where it is tried again by itself. */
export const attemptText = ({ attempts, limits, status }: JobView): string => {
  const last = attempts.at(-1);
  if (last === undefined) return 'none yet';
  const inVain = attempts.filter((attempt) => !wasTry(attempt)).length;
  const most = isEnded({ status }) ? attempts.length : inVain + (limits.attempts ?? 1);
  return `${last.attempt} of ${Math.max(most, attempts.length)}`;
};

export const isEnded = ({ status }: Pick<JobView, 'status'>): boolean =>
  status !== 'queued' && status !== 'assigned' && status !== 'running';

/** `verify / unit · platform=debian`. */
export const titleOf = ({ stage, phase, label }: Pick<JobView, 'stage' | 'phase' | 'label'>): string =>
  `${stage} / ${phase}${label === '' ? '' : ` · ${label}`}`;

/** What is known of a log itself. */
export interface LogKnown {
  readonly size: number;
  readonly lines: number;
  readonly sealed: boolean;
  /** Nothing more will come. */
  readonly isOver: boolean;
  /** The head of the page, which says how the job ended, is not to be seen beside it. */
  readonly isAlone?: boolean;
  /** Its runner does not answer. */
  readonly isAway?: boolean;
}

const VERB: Readonly<Partial<Record<JobView['status'], string>>> = {
  cancelled: 'was ',
  lost: 'is ',
  undeliverable: 'is ',
};

/** With its full stop, once: details may be sentences themselves. */
const stopped = (text: string): string => (text.endsWith('.') ? text : `${text}.`);

/** How it ended, as a whole sentence; undefined: it has not. */
export const endOf = ({ status, summary }: Pick<JobView, 'status' | 'summary'>): string | undefined =>
  summary === undefined ? undefined : stopped(`The job ${VERB[status] ?? ''}${summary}`);

const howItEnded = (job: JobView, attempt: AttemptView, isAlone: boolean): readonly string[] => {
  const isLast = job.attempts.at(-1)?.attempt === attempt.attempt;
  if (isLast && isEnded(job)) {
    const end = isAlone ? endOf(job) : undefined;
    const unknown =
      job.status === 'lost'
        ? ['What it did in the end is not known.']
        : attempt.exitCode === undefined
          ? ['No exit code is known.']
          : [];
    return [...(end === undefined ? [] : [end]), ...unknown];
  }
  if (attempt.endedAt === undefined) return [];
  return [
    stopped(
      `Attempt ${attempt.attempt} ended, and the job is tried again: ${attempt.why ?? 'no reason was recorded'}`,
    ),
  ];
};

const storedText = (attempt: AttemptView, output: string, known: LogKnown): string => {
  const lines = linesText(known.lines);
  const held = `${bytesText(known.size)}, ${lines}`;
  const sealed = attempt.outputs?.find(({ name }) => name === output);
  if (sealed?.truncated === true)
    return `Truncated at ${bytesText(sealed.sourceBytes)}: what the job wrote beyond that was not kept. Sealed.`;
  if (known.sealed) return `The log is complete and sealed: ${held}.`;
  const away =
    known.isAway === true
      ? ' Its runner does not answer: what the job writes meanwhile is collected when it does again.'
      : '';
  return known.isOver
    ? `The log was not sealed: ${held} are here, and what the runner may still hold was not collected.`
    : `Still open: ${held} so far.${away}`;
};

/** What stands under the last line, sentence after sentence. `output`: its name as it is sealed. */
export const endOfLog = (
  job: JobView,
  attempt: AttemptView,
  output: string,
  known: LogKnown,
): readonly string[] => {
  const said = howItEnded(job, attempt, known.isAlone === true);
  const { exitCode } = attempt;
  const isTold =
    exitCode === undefined || said.some((sentence) => sentence.includes(`exit code ${exitCode}`));
  return [
    ...said,
    ...(isTold ? [] : [exitText(exitCode)]),
    ...(job.collectionPaused === undefined
      ? []
      : [`Nothing of the log is stored for now: ${job.collectionPaused.detail}`]),
    storedText(attempt, output, known),
  ];
};

/** How one attempt ended, as far as it was recorded: a reason that names the exit code says it alone. */
export const endOfAttempt = ({ exitCode, why = '' }: Pick<AttemptView, 'exitCode' | 'why'>): string => {
  const reason = why.replaceAll('_', ' ');
  if (exitCode === undefined || why.includes(`exit code ${exitCode}`)) return reason;
  return [exitText(exitCode), reason].join(' ').trimEnd();
};

type Refused = NonNullable<JobView['refusedReports']>[number];

/** A report that came too late to count. */
export const refusedText = ({ attempt, report, outcome, exitCode }: Refused): string => {
  const told = [
    ...(outcome === undefined ? [] : [outcome.replaceAll('_', ' ')]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
  ].join(', ');
  const by = report === 'job' ? 'of the job itself' : `“${report}” of its runner`;
  return `A report ${by} about attempt ${attempt}${told === '' ? '' : ` (${told})`} came too late and changed nothing.`;
};
