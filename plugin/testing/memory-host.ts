/** A host that lives in memory: it takes reports as a good host does, and misbehaves as it is told to. */
import { CONTRACT_VERSION } from '../contract-version.js';
import type { Capability, Host, Report, ReportAnswer } from '../contract.js';

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
}

export interface MemoryHostOptions {
  readonly capabilities?: readonly Capability[];
  readonly contract?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of the engine; not told when absent. */
  readonly version?: string;
}

const ALL: readonly Capability[] = ['cancel', 'supersede', 'secrets', 'http.mount'];
const PATIENCE_MS = 60_000;

/** Reports in order, and who waits for one of them. */
const register = (name: string) => {
  const reports: Report[] = [];
  const waiting = new Set<(report: Report) => void>();
  return {
    reports,
    add: (report: Report): void => {
      reports.push(report);
      for (const look of waiting) look(report);
    },
    that: (matches: (report: Report) => boolean, withinMs = PATIENCE_MS): Promise<Report> =>
      new Promise((resolve, reject) => {
        const found = reports.find(matches);
        if (found) {
          resolve(found);
          return;
        }
        const timer = setTimeout(() => {
          waiting.delete(look);
          const had = reports.map(({ hostKey, seq, type }) => `${hostKey} ${seq} ${type}`).join(', ');
          reject(
            new Error(`no report that was waited for was ${name} in ${withinMs} ms; these were: ${had}`),
          );
        }, withinMs);
        const look = (report: Report): void => {
          if (!matches(report)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(report);
        };
        waiting.add(look);
      }),
  };
};

/** A host with all capabilities, unless told otherwise. */
export const memoryHost = (options: MemoryHostOptions = {}): MemoryHost => {
  const { capabilities = ALL, contract = CONTRACT_VERSION, secrets = {}, version } = options;
  const told = register('told');
  const taken = register('taken');
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
    secret: (ref) => {
      const value = Object.hasOwn(secrets, ref) ? secrets[ref] : undefined;
      return value === undefined
        ? Promise.reject(new Error(`there is no secret ${ref}`))
        : Promise.resolve(value);
    },
    told: told.reports,
    taken: taken.reports,
    takenOf: (hostKey) => taken.reports.filter((report) => report.hostKey === hostKey),
    behave: (next) => (behaviour = next),
    toldThat: told.that,
    tookThat: taken.that,
  };
};
