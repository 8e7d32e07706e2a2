/** Tells Screwdriver what Baton reports: that a build runs, its output and its steps, and its end. */
import type { LogBatch, Report, ReportAnswer } from '../../contract.js';
import { Away, type Access, type ScrewdriverApi } from './api.js';
import type { Effect } from './follow.js';
import { following } from './following.js';
import { buildIdOf } from './promotion.js';
import { LAUNCHER } from './reading.js';
import type { BuildRecord, Records } from './records.js';
import { storePatience } from './store-patience.js';
import { turns } from './turns.js';

export interface TellingDeps {
  readonly records: Records;
  readonly api: (record: BuildRecord) => ScrewdriverApi;
  /** The token of the build; undefined when it cannot be opened. */
  readonly tokenOf: (record: BuildRecord) => string | undefined;
  /** It is to end. */
  readonly stop: (buildId: number) => Promise<void>;
  /** It is over there. */
  readonly close: (buildId: number) => Promise<void>;
  readonly storePatienceMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly say: (sentence: string) => void;
}

type How = { readonly signal: AbortSignal };
type Of<T extends Report['type']> = Extract<Report, { type: T }>;

export interface Telling {
  readonly report: (report: Report, how: How) => Promise<ReportAnswer>;
  readonly log: (batch: LogBatch, how: How) => Promise<ReportAnswer>;
  /**
   * Resolves once Screwdriver is not being told that the build runs. It reads a build, changes it and saves it: a RUNNING that is under way
   * while somebody aborts the build would be saved over ABORTED.
   */
  readonly runningTold: (buildId: number) => Promise<void>;
}

export const telling = (deps: TellingDeps): Telling => {
  const { records, now, say } = deps;
  const patience = storePatience(deps.storePatienceMs, now);
  const inTurn = turns();
  /** Build → RUNNING is being told. */
  const underWay = new Map<number, Promise<unknown>>();

  const of = (hostKey: string, attempt: number): BuildRecord | undefined => {
    const buildId = buildIdOf(hostKey);
    // an attempt of its own is a job that people tried again: Screwdriver has closed the build of it
    return buildId === undefined || attempt !== 1 ? undefined : records.get(buildId);
  };

  const accessOf = (record: BuildRecord, { signal }: How): Access | undefined => {
    const token = deps.tokenOf(record);
    if (token === undefined) {
      say(`the token of build ${record.buildId} cannot be opened: it is told no more`);
      return undefined;
    }
    return { buildId: record.buildId, token, signal };
  };

  const started = async (
    record: BuildRecord,
    report: Of<'phase.started'>,
    how: How,
  ): Promise<ReportAnswer> => {
    const access = accessOf(record, how);
    if (access === undefined) return 'gone';
    // aborted meanwhile: it does not run there any more
    if (records.get(record.buildId)?.stopAsked === true) return 'ok';
    const put = deps.api(record).running(access, report.runner);
    underWay.set(record.buildId, put);
    const answer = await put.finally(() => underWay.delete(record.buildId));
    // it was ended there before it began, and nobody stops it any more; its end is still waited for, since others may wait for it
    if (answer !== 'ok') {
      await records.change(record.buildId, { refused: true });
      await deps.stop(record.buildId);
      return 'ok';
    }
    await deps.api(record).stepBegins(access, LAUNCHER, Date.parse(report.at) / 1000);
    return 'ok';
  };

  const page = async (
    record: BuildRecord,
    access: Access,
    effect: Extract<Effect, { kind: 'page' }>,
  ): Promise<void> => {
    const { buildId } = record;
    const mayTakeMs = patience.next(buildId);
    if (mayTakeMs === undefined) return;
    const limit = AbortSignal.timeout(mayTakeMs);
    const signal = access.signal === undefined ? limit : AbortSignal.any([access.signal, limit]);
    try {
      await deps.api(record).page({ ...access, signal }, effect.page);
      patience.answered(buildId);
    } catch (error) {
      if (!(error instanceof Away) || patience.failed(buildId) === 'again') throw error;
      say(
        `the log store does not take lines of build ${buildId}, which are left out there: ${error.message}`,
      );
    }
  };

  const perform = async (record: BuildRecord, access: Access, effect: Effect): Promise<void> => {
    const api = deps.api(record);
    switch (effect.kind) {
      case 'page':
        return page(record, access, effect);
      case 'begin':
        return api.stepBegins(access, effect.step, effect.at);
      case 'end':
        return api.stepEnds(access, effect.step, effect.at, effect.code, effect.lines);
    }
  };

  const finished = async (
    record: BuildRecord,
    report: Of<'phase.finished'>,
    how: How,
  ): Promise<ReportAnswer> => {
    const access = accessOf(record, how);
    if (access === undefined || record.refused === true) {
      await deps.close(record.buildId);
      return 'gone';
    }
    const { effects, status: end, meta } = await following(records, record).end(report);
    for (const effect of effects) await perform(record, access, effect);
    const repeated = record.telling === end.status;
    if (!repeated) await records.change(record.buildId, { telling: end.status });
    const answer = await deps.api(record).end(access, end, meta);
    if (answer === 'ok') {
      await deps.close(record.buildId);
      return 'ok';
    }
    // told before, and the answer was lost
    const found = repeated ? await deps.api(record).build(access) : undefined;
    const known = found !== undefined && !('closed' in found) && found.status === end.status;
    if (!known) say(`Screwdriver does not take the end of build ${record.buildId}: ${answer.closed}`);
    await deps.close(record.buildId);
    return known ? 'stale' : 'gone';
  };

  const logged = async (record: BuildRecord, batch: LogBatch, how: How): Promise<ReportAnswer> => {
    const access = record.state === 'closed' ? undefined : accessOf(record, how);
    if (access === undefined) return 'gone';
    const next = await following(records, record).next(batch, now());
    if (next === undefined) return 'stale';
    for (const effect of next.effects) await perform(record, access, effect);
    await next.keep();
    return 'ok';
  };

  const isKnownAs = (record: BuildRecord): ReportAnswer | undefined =>
    record.state === 'closed' ? (record.telling === undefined ? 'gone' : 'stale') : undefined;

  /** In turn where several jobs of the build are told at a time; what nobody waits for any more comes again. */
  const ordered = (
    record: BuildRecord,
    { signal }: How,
    work: (asItIs: BuildRecord) => Promise<ReportAnswer>,
  ): Promise<ReportAnswer> =>
    following(records, record).inTurn
      ? inTurn(record.buildId, async () => {
          signal.throwIfAborted();
          // what came before may have ended it
          return work(records.get(record.buildId) ?? record);
        })
      : work(record);

  return {
    runningTold: async (buildId) => {
      // that it could not be told is told again by itself
      await underWay.get(buildId)?.catch(() => undefined);
    },
    report: (report, how) => {
      const record = of(report.hostKey, report.attempt);
      if (record === undefined) return Promise.resolve('gone');
      const known = isKnownAs(record);
      if (known !== undefined) return Promise.resolve(known);
      if (report.type === 'phase.finished') patience.forget(record.buildId);
      switch (report.type) {
        case 'phase.queued':
          return Promise.resolve('ok');
        case 'phase.started':
          return started(record, report, how);
        case 'phase.finished':
          return ordered(record, how, async (asItIs) => isKnownAs(asItIs) ?? finished(asItIs, report, how));
      }
    },
    log: async (batch, how) => {
      const record = of(batch.hostKey, batch.attempt);
      if (record === undefined || record.state === 'closed') return 'gone';
      if (record.refused === true) return 'ok';
      return ordered(record, how, (asItIs) => logged(asItIs, batch, how));
    },
  };
};
