/**
 * Tells the host what happened: at least once, in order for each phase run, and without anything waiting for the host.
 *
 * It follows the log from a checkpoint of its own. Phase runs do not wait for each other: each has at most one report under
 * way; one that fails is told again later. When too many phase runs wait for the host it stops reading on, so a dead host
 * costs a bounded amount of memory and nothing else.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Observable, Subscription } from 'rxjs';
import type { CheckpointStore } from '../src/app/checkpoints.js';
import { keptSoon, type KeptSoon } from '../src/app/kept-soon.js';
import { pause, StoreFailed } from '../src/app/follow-store.js';
import type { EventStore } from '../src/app/ports.js';
import { StoreAway } from '../src/app/store-outage.js';
import { decode } from '../src/events/catalog.js';
import type { ReportKind } from '../src/events/phase-run.js';
import { comparePositions, type Position } from '../src/kernel/recorded.js';
import type { Health, Host } from './contract.js';
import { find, idIn } from '../projections/table.js';
import { askHost } from './ask-host.js';
import { openLogFeed, type LogFeed, type LogFeedOptions } from './log-feed.js';
import { waitAgain } from './owed-logs.js';
import { reportTurns } from './report-turns.js';
import { closeRun, evolveReports, lastTaken, nextReport, takeReport } from './reports.js';
import { forgetLogs, noReports, type ReportsView } from './tracked.js';

/** What the host refused; of output, the report before it. */
export interface Refused {
  readonly phaseRunId: string;
  readonly seq: number;
  readonly type: ReportKind;
}

export interface OutboxOptions {
  readonly host: string;
  readonly report: Host['report'];
  readonly store: Pick<EventStore, 'readAll' | 'head'>;
  /** Says that something may have been written. */
  readonly written: Observable<unknown>;
  readonly checkpoints: CheckpointStore;
  /** Records that the host has closed the phase run; false when that could not be written now. */
  readonly refuse: (refused: Refused) => Promise<boolean>;
  /** For a host that is told the output of its jobs. */
  readonly logs?: Pick<LogFeedOptions, 'log' | 'store' | 'patienceMs'>;
  readonly timeoutMs: number;
  readonly mostRetryMs: number;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

export interface Outbox {
  /** Reads on from the checkpoint to the present; tells nothing yet. */
  readonly open: () => Promise<void>;
  /** Tells from now on. */
  readonly go: () => void;
  readonly waiting: () => number;
  readonly retried: () => number;
  readonly logs: LogFeed['health'];
  /** Why what the host has taken could not be kept; undefined: it was. */
  readonly problem: KeptSoon['problem'];
  /** Resolves when everything up to there was taken by the host, but for output that comes after its end. */
  readonly settled: (upTo: Position) => Promise<void>;
  /** Waits for no answer of the host: it may be the host that waits for this. */
  readonly close: () => Promise<void>;
}

const VERSION = 1;
const PAGE = 500;
/** Phase runs that wait for the host before reading stops. */
const MOST_WAITING = 1000;
/** The checkpoint is as large as what waits, so it is not written for each report: a crash in between repeats those since. */
const SAVE_EVERY_MS = 100;
export const NO_LOGS: Health['logs'] = { waiting: 0, retried: 0, givenUp: 0 };

export const openOutbox = (options: OutboxOptions): Outbox => {
  const { host, store, checkpoints, onProblem } = options;
  const name = `reports-${host}`;
  const told = { host, logs: options.logs !== undefined };
  const closing = new AbortController();
  const closed = (): boolean => closing.signal.aborted;
  let view: ReportsView = noReports();
  let position: Position | undefined;
  let going = false;
  let settling: (() => void)[] = [];
  let subscription: Subscription | undefined;

  const changed = (id: string, jobId?: string): void => {
    turns.consider(id);
    feed?.look(id, jobId);
    kept.soon();
    tellReady();
    if (tooMany) void read();
    settle();
  };
  const feed =
    options.logs &&
    openLogFeed({
      ...{ host, checkpoints, changed, onProblem, ...options.logs, view: () => view },
      ...{ timeoutMs: options.timeoutMs, mostRetryMs: options.mostRetryMs },
      refuse: async ({ phaseRunId }) => {
        const seq = lastTaken(view, phaseRunId);
        const recorded = await options.refuse({ phaseRunId, seq, type: 'phase.log' });
        if (recorded) closeRun(view, phaseRunId);
        return recorded;
      },
    });

  // ---- the checkpoint

  const kept = keptSoon({
    checkpoints,
    state: () => {
      if (position === undefined) return undefined;
      feed?.keepingReports();
      // a copy: the view goes on changing while it is written
      return { name, version: VERSION, position, view: structuredClone(view) };
    },
    everyMs: SAVE_EVERY_MS,
    onKept: () => feed?.reportsKept(),
    onProblem,
  });

  const restore = async (): Promise<void> => {
    const loaded = await checkpoints.load(name, VERSION)();
    if (E.isLeft(loaded))
      onProblem(`${loaded.left.message}; the host is told everything once more`, loaded.left.cause);
    if (E.isLeft(loaded) || loaded.right === undefined) return;
    const head = await store.head()();
    if (E.isLeft(head)) throw new StoreAway(head.left);
    if (comparePositions(loaded.right.position, head.right?.position ?? '') > 0) {
      onProblem(`the checkpoint ${name} is of another store and is not used`);
      return;
    }
    // the version says that it has this shape, the digest that it is whole
    view = loaded.right.view as ReportsView;
    position = loaded.right.position;
    // the host may have had them when it was loaded before
    if (feed === undefined) for (const id of Object.keys(view.runs)) forgetLogs(view, id);
    for (const id of Object.keys(view.runs)) turns.consider(id);
  };

  // ---- reading

  let reading: Promise<void> | undefined;
  /** It stopped before the end of the log. */
  let tooMany = false;
  let readAgain = false;

  const readAgainNow = (): boolean => readAgain && !closed();

  const readOn = async (): Promise<void> => {
    do {
      readAgain = false;
      while (!closed() && !(tooMany = owed() >= MOST_WAITING)) {
        const page = await store.readAll(position ?? 'start', { maxCount: PAGE })();
        if (E.isLeft(page)) throw new StoreFailed(page.left);
        const news = page.right.filter(
          (e) => position === undefined || comparePositions(e.position, position) > 0,
        );
        if (news.length === 0) break;
        for (const recorded of news) {
          const decoded = decode(recorded);
          // who cannot be understood is reported by the read models
          if (E.isRight(decoded)) evolveReports(told, view, decoded.right);
          position = recorded.position;
          const jobId = idIn('job', recorded.stream);
          const id = idIn('phase_run', recorded.stream) ?? find(view.jobs, jobId ?? '');
          if (id === undefined) continue;
          turns.consider(id);
          feed?.look(id, jobId);
        }
        kept.soon();
        tellReady();
      }
    } while (readAgainNow());
    settle();
  };

  const read = (): Promise<void> => {
    readAgain = true;
    return (reading ??= readOn()
      .catch(async (cause: unknown) => {
        if (closed()) return;
        onProblem('the log could not be read for reports and is read again later', cause);
        await pause(1000, closing.signal);
        readAgain = true;
      })
      .finally(() => {
        reading = undefined;
        if (readAgain && !closed()) void read();
      }));
  };

  // ---- telling

  const tell = async (id: string, again: boolean): Promise<boolean | undefined> => {
    const report = nextReport(view, id);
    if (report === undefined) return true;
    const answer = await askHost((how) => options.report(report, how), {
      ...{ timeoutMs: options.timeoutMs, closing: closing.signal },
    });
    if (closed()) return undefined;
    if (E.isLeft(answer) && !again)
      onProblem(
        `the host did not take report ${report.seq} of ${report.hostKey}; it is told again`,
        answer.left,
      );
    const isGone = E.isRight(answer) && answer.right === 'gone';
    const isRecorded = !isGone || (await options.refuse(report).catch(() => false));
    if (closed()) return undefined;
    if (E.isLeft(answer) || !isRecorded) {
      if (report.type === 'phase.finished') waitAgain(view, id);
      return false;
    }
    if (isGone) closeRun(view, id);
    // a refusal that was read meanwhile has closed it already
    else if (nextReport(view, id)?.seq === report.seq) takeReport(view, id);
    return true;
  };

  const turns = reportTurns({
    owes: (id) => nextReport(view, id) !== undefined,
    tell,
    over: (id, taken) => {
      feed?.look(id);
      if (taken) {
        kept.soon();
        if (tooMany) void read();
      }
      settle();
    },
    mostRetryMs: options.mostRetryMs,
  });
  const tellReady = (): void => {
    if (going && !closed()) turns.go();
  };

  /** Phase runs that wait for the host, be it with a report or with output before their end. */
  const owed = (): number => turns.waiting() + (feed?.held() ?? 0);

  const settle = (): void => {
    const now = settling;
    settling = [];
    for (const check of now) check();
  };

  return {
    open: async () => {
      await feed?.open();
      await restore();
      await read();
    },
    go: () => {
      going = true;
      subscription = options.written.subscribe(() => void read());
      tellReady();
      feed?.go();
      // what it has let go of goes from the disk, too
      kept.soon();
    },
    waiting: turns.waiting,
    retried: turns.retried,
    logs: () => feed?.health() ?? NO_LOGS,
    problem: () => kept.problem() ?? feed?.problem(),
    settled: (upTo) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (closed() || (owed() === 0 && comparePositions(position ?? '', upTo) >= 0)) resolve();
          else settling.push(check);
        };
        check();
      }),
    close: async () => {
      closing.abort();
      subscription?.unsubscribe();
      turns.close();
      await feed?.close();
      await reading;
      // also what became of reports that were not taken
      kept.soon();
      await kept.close();
      settle();
    },
  };
};
