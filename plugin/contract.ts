/** What a host (a pipeline engine) and Baton say to each other. Types only; hosts live in `plugin/hosts/`. */
import type { PhasePromoted } from '../src/events/phase-run.js';
import type { Outcome } from '../src/events/shapes.js';
import type { Instant } from '../src/kernel/time.js';

/** Version of this contract, not of the package; hosts name the range that they understand, e.g. `^1.0`. */
export type ContractVersion = '1.0.0';

export type Capability = 'logs.stream' | 'cancel' | 'secrets' | 'http.mount';

/** The default export of a plugin's module: data and one factory. */
export interface PluginModule<Options> {
  readonly meta: { readonly name: string; readonly version: string; readonly contract: string };
  /** Missing ones keep the plugin from loading. */
  readonly requires: readonly Capability[];
  /** All problems at once, else the options. */
  readonly parseOptions: (
    raw: unknown,
  ) => { readonly problems: readonly OptionProblem[] } | { readonly options: Options };
  /** Wires only: no SSH, no timers. */
  readonly register: (host: Host, options: Options) => Promise<Plugin>;
}

export interface OptionProblem {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly mend?: string;
}

export interface Plugin {
  /** Are keys readable and the store writable? Changes nothing. */
  readonly verify: () => Promise<readonly OptionProblem[]>;
  /** Folds the log, reconciles what runs, then accepts. */
  readonly start: () => Promise<void>;
  /** Resolves when the event is durable, never before. */
  readonly handle: (command: HostCommand) => Promise<Ack>;
  /** Safe to call twice. `detach` leaves jobs running on their runners. */
  readonly stop: (how: { readonly mode: 'drain' | 'detach'; readonly deadlineMs: number }) => Promise<void>;
  readonly health: () => { readonly ok: boolean; readonly detail: string };
  /** A Koa middleware that the host mounts; typed by the host, so that this page needs no Koa. */
  readonly middleware?: () => unknown;
}

interface FromHost {
  /** UUID: a repeat with the same body is a duplicate, with another body it is rejected. */
  readonly commandId: string;
  readonly at: Instant;
  /** Pseudonymous subject id of the person behind it. */
  readonly actor: string;
}

export type HostCommand =
  /** `hostKey` and `attempt` name the phase run. */
  | (FromHost & { readonly type: 'phase.promoted'; readonly promotion: PhasePromoted })
  /** Before, during and after; a cancel of an unknown phase run is recorded and wins over a later promotion. */
  | (FromHost & { readonly type: 'phase.cancel'; readonly hostKey: string; readonly attempt?: number });

export type Ack =
  | { readonly status: 'accepted' | 'duplicate'; readonly phaseRunId: string }
  | { readonly status: 'noop'; readonly why: 'already_finished' }
  /** Back-pressure: nothing was written. */
  | { readonly status: 'busy'; readonly retryAfterMs: number }
  | { readonly status: 'rejected'; readonly code: string; readonly message: string };

export interface Host {
  readonly capabilities: ReadonlySet<Capability>;
  readonly contract: ContractVersion;
  /** In order of `seq`, at least once. `stale`: known already; `gone`: the host has closed it. A rejection means: later again. */
  readonly report: (
    report: Report,
    how: { readonly signal: AbortSignal },
  ) => Promise<'ok' | 'stale' | 'gone'>;
  /** The value goes to the job and nowhere else. */
  readonly secret: (ref: string) => Promise<string>;
}

export type Report = {
  readonly hostKey: string;
  readonly attempt: number;
  readonly seq: number;
  readonly at: Instant;
} & (
  | { readonly type: 'phase.queued' }
  | { readonly type: 'phase.started'; readonly runner: string }
  | {
      readonly type: 'phase.finished';
      readonly outcome: Outcome;
      readonly cause?: string;
      readonly exitCode?: number;
    }
);
