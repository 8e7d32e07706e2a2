/** What the conformance rules need from whoever runs them: a plugin that is loaded, a host, and a runner that really runs jobs. */
import type { Ack, HostCommand, Plugin, Promotion, Report } from '../contract.js';
import type { MemoryHost } from './memory-host.js';

/** `waits`: runs until it is released, and then succeeds. */
export type JobKind = 'succeeds' | 'fails' | 'waits';

export interface Subject {
  readonly host: MemoryHost;
  /** The one that is loaded and started now. */
  readonly plugin: () => Plugin;
  /** A phase with one job of that kind; the same arguments give the same promotion. */
  readonly promotion: (hostKey: string, kind: JobKind, changeId?: string) => Promotion;
  /** How often the job of that phase really began on a runner, told by what it left there. */
  readonly runs: (hostKey: string) => Promise<number>;
  /** Lets a job that waits end. */
  readonly release: (hostKey: string) => Promise<void>;
  /** Types of all events that are recorded now, in order. */
  readonly recorded: () => Promise<readonly string[]>;
  /** Stops with `detach`, and loads the plugin again on the same data and with the same host. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface SubjectOptions {
  readonly maxQueued?: number;
  readonly reportTimeoutMs?: number;
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
