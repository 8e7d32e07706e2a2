/** A host that lives in memory: it takes reports as a good host does, and misbehaves as it is told to. */
import { CONTRACT_VERSION } from '../contract-version.js';
import type { Capability, Host, Report, ReportAnswer } from '../contract.js';
import { memoryLogs, type MemoryLogs } from './memory-logs.js';
import { recorder } from './recorder.js';

/** What the host does with a report. `take` does what a good host does; what is thrown or answered instead is what Baton gets. */
export type Behaviour = (report: Report, take: () => ReportAnswer) => ReportAnswer | Promise<ReportAnswer>;

export interface MemoryHost extends Host {
  /** Every report that was told, repeats too, in the order in which they came. */
  readonly told: readonly Report[];
  /** Those that the host took. */
  readonly taken: readonly Report[];
  /** Those that it took of this phase run. */
  readonly takenOf: (hostKey: string) => readonly Report[];
  /** From now on. */
  readonly behave: (behaviour: Behaviour) => void;
  /** The first report told that matches, also if it has been told already. Rejects when none came in that time. */
  readonly toldThat: (matches: (report: Report) => boolean, withinMs?: number) => Promise<Report>;
  /** As `toldThat`, of those that the host took. */
  readonly tookThat: (matches: (report: Report) => boolean, withinMs?: number) => Promise<Report>;
  /** The output of its jobs. */
  readonly logs: MemoryLogs;
}

export interface MemoryHostOptions {
  readonly capabilities?: readonly Capability[];
  readonly contract?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of the engine; not told when absent. */
  readonly version?: string;
}

const ALL: readonly Capability[] = ['cancel', 'supersede', 'secrets', 'http.mount', 'logs.stream'];
/** A host with all capabilities, unless told otherwise. */
export const memoryHost = (options: MemoryHostOptions = {}): MemoryHost => {
  const { capabilities = ALL, contract = CONTRACT_VERSION, secrets = {}, version } = options;
  const shown = ({ hostKey, seq, type }: Report): string => `${hostKey} ${seq} ${type}`;
  const told = recorder('report', shown);
  const taken = recorder('report', shown);
  const logs = memoryLogs();
  const last = new Map<string, number>();
  let behaviour: Behaviour = (_, take) => take();

  const take = (report: Report): ReportAnswer => {
    const { phaseRunId, seq } = report;
    if (seq <= (last.get(phaseRunId) ?? 0)) return 'stale';
    last.set(phaseRunId, seq);
    taken.add(report);
    return 'ok';
  };

  return {
    capabilities: new Set(capabilities),
    contract,
    ...(version === undefined ? {} : { version }),
    report: async (report) => {
      told.add(report);
      return behaviour(report, () => take(report));
    },
    log: (batch) => logs.log(batch),
    logs,
    secret: (ref) => {
      const value = Object.hasOwn(secrets, ref) ? secrets[ref] : undefined;
      return value === undefined
        ? Promise.reject(new Error(`there is no secret ${ref}`))
        : Promise.resolve(value);
    },
    told: told.all,
    taken: taken.all,
    takenOf: (hostKey) => taken.all.filter((report) => report.hostKey === hostKey),
    behave: (next) => (behaviour = next),
    toldThat: told.that,
    tookThat: taken.that,
  };
};
