/** What the conformance rules need from whoever runs them: a plugin that is loaded, a host, and a runner that really runs jobs. */
import type { Ack, Capability, Host, HostCommand, Plugin, Problem, Promotion, Report } from '../contract.js';
import type { MemoryHost } from './memory-host.js';

/**
 * `waits`: prints a line that says `began`, runs until it is released, and then prints `released` and succeeds; a process that it has left
 * in the background waits with it. `prints`: some 200 000 bytes in lines, the value of the secret `TOKEN` among them, letters of several
 * bytes and one byte that is no UTF-8; the last line has no end.
 */
export type JobKind = 'succeeds' | 'fails' | 'waits' | 'prints';

export interface Subject {
  readonly host: MemoryHost;
  /** The one that is loaded and started now. */
  readonly plugin: () => Plugin;
  /** A phase with one job of that kind; the same arguments give the same promotion. */
  readonly promotion: (hostKey: string, kind: JobKind, changeId?: string) => Promotion;
  /** How often the job of that phase really began on a runner, told by what it left there. */
  readonly runs: (hostKey: string) => Promise<number>;
  /** Whether any process of a job that waits is still there on its runner. */
  readonly lives: (hostKey: string) => Promise<boolean>;
  /** The log of a job as the API gives it now. */
  readonly log: (jobId: string) => Promise<Uint8Array>;
  /** Lets a job that waits end. */
  readonly release: (hostKey: string) => Promise<void>;
  /** Types of all events that are recorded now, in order. */
  readonly recorded: () => Promise<readonly string[]>;
  /** Stops with `detach`, and loads the plugin again on the same data and with the same host. */
  readonly restart: () => Promise<void>;
  /** Loads another plugin for that host, with these options beside those that it needs; starts nothing. */
  readonly load: (
    host: Host,
    options: Readonly<Record<string, unknown>>,
  ) => Promise<{ readonly plugin: Plugin } | { readonly problems: readonly Problem[] }>;
  readonly close: () => Promise<void>;
}

/** The value of the secret `TOKEN` that the host of a subject has. */
export const TOKEN = 'swordfish-0815';

export interface SubjectOptions {
  readonly maxQueued?: number;
  readonly reportTimeoutMs?: number;
  readonly reportRetryMs?: number;
  readonly logPatienceMs?: number;
  /** Of the runner; 4 when absent. With 0 there is no runner. */
  readonly slots?: number;
  /** Of the host; all when absent. */
  readonly capabilities?: readonly Capability[];
}

export interface ConformanceRule {
  readonly title: string;
  readonly options?: SubjectOptions;
  readonly check: (subject: Subject) => Promise<void>;
}

let count = 0;
/** A command id that was not used before in this process. */
export const newId = (): string => `command-${process.pid}-${(count += 1)}`;

export const promoted = (promotion: Promotion, commandId = newId()): HostCommand => ({
  type: 'phase.promoted',
  commandId,
  actor: 'somebody',
  promotion,
});

export const cancelled = (hostKey: string, commandId = newId()): HostCommand => ({
  type: 'phase.cancel',
  commandId,
  actor: 'somebody',
  hostKey,
});

export const give = (subject: Subject, command: HostCommand): Promise<Ack> =>
  subject.plugin().handle(command);

export const isFinish =
  (hostKey: string) =>
  (report: Report): report is Extract<Report, { type: 'phase.finished' }> =>
    report.hostKey === hostKey && report.type === 'phase.finished';

export const isStart =
  (hostKey: string) =>
  (report: Report): boolean =>
    report.hostKey === hostKey && report.type === 'phase.started';

/** The last report of that phase, once the host has taken it. */
export const finished = async (
  { host }: Subject,
  hostKey: string,
): Promise<Extract<Report, { type: 'phase.finished' }>> => {
  const report = await host.tookThat(isFinish(hostKey));
  if (report.type !== 'phase.finished') throw new Error('not a finish');
  return report;
};

/** `1 phase.queued, 2 phase.started, …` of what the host took. */
export const story = ({ host }: Subject, hostKey: string): string =>
  host
    .takenOf(hostKey)
    .map(
      (report) =>
        `${report.seq} ${report.type}${report.type === 'phase.finished' ? ` ${report.outcome}` : ''}`,
    )
    .join(', ');

/** All that the host was told of the output of a phase with one job, once it has it to the end. */
export const output = async (
  { host }: Subject,
  hostKey: string,
): Promise<{ bytes: Buffer; text: string }> => {
  const { jobId, jobAttempt, output } = await host.logs.taken.that(
    (batch) => batch.hostKey === hostKey && batch.final,
  );
  const log = host.logs.of({ jobId, jobAttempt, output });
  if (log === undefined) throw new Error('a log that was taken is not there');
  return log;
};

/** Waits until a process of the job of that phase can be seen: nobody announces it. */
export const alive = async ({ lives }: Subject, hostKey: string): Promise<void> => {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline;) {
    if (await lives(hostKey)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no process of ${hostKey} was seen`);
};
