/**
 * The way of a build from Screwdriver to Baton: recorded, its token swapped and its steps fetched, held back while others block it, then
 * promoted. Each step is durable before the next, and may be done again; `resume` goes on where the last process ended.
 */
import { randomBytes } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { Plugin } from '../../contract.js';
import type { OperatorKey } from '../../../src/secrets/operator-key.js';
import { advancing, type Step } from './advancing.js';
import type { Access, Closed, ScrewdriverApi } from './api.js';
import { blockersOf, collapsesInto } from './gate.js';
import { leaving } from './leaving.js';
import type { ShimOptions } from './options.js';
import { isClosed, metaNow, planOf } from './plan.js';
import { hostKeyOf, promotionOf, timeoutOf, type Addresses } from './promotion.js';
import type { BuildRecord, Plan, Records } from './records.js';
import { openValues, sealValues } from './sealed.js';
import type { StartConfig } from './shapes.js';

export interface BuildsDeps {
  readonly options: ShimOptions;
  readonly key: OperatorKey;
  readonly records: Records;
  readonly api: (record: BuildRecord) => ScrewdriverApi;
  readonly addresses: (record: BuildRecord) => Addresses;
  /** Of Baton once it has started. */
  readonly handle: Plugin['handle'];
  /** Screwdriver saves the end of a build within so many milliseconds after it has asked to stop it. */
  readonly endSavedMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly say: (sentence: string) => void;
}

export interface Builds {
  /** Durable when it resolves. */
  readonly start: (config: StartConfig) => Promise<void>;
  /**
   * Durable when it resolves, and then Baton is told, which is not waited for: Screwdriver keeps whoever aborts waiting until then. Nothing for
   * a build that is over or unknown.
   */
  readonly stop: (buildId: number) => Promise<void>;
  /** It is over: its secrets are forgotten, and whoever waited for it may go on. */
  readonly close: (buildId: number) => Promise<void>;
  /** Goes on with everything that is not over. */
  readonly resume: () => void;
  /** Nothing is begun any more. */
  readonly end: () => void;
}

/** A token outlives waiting and running by so much. */
const SPARE_MINUTES = 60;

const recordOf = (config: StartConfig, sealed: string): BuildRecord => ({
  ...{ buildId: config.buildId, jobId: config.jobId, pipelineId: config.pipelineId },
  jobName: config.jobName ?? '',
  pipelineName: config.pipeline?.name ?? '',
  causeMessage: config.causeMessage ?? '',
  apiUri: config.apiUri,
  blockedBy: config.blockedBy ?? [],
  annotations: config.annotations ?? {},
  freezes: (config.freezeWindows?.length ?? 0) > 0,
  word: randomBytes(16).toString('hex'),
  sealed,
  state: 'accepted',
  ...(config.eventId === undefined ? {} : { eventId: config.eventId }),
  ...(typeof config.prParentJobId === 'number' ? { prParentJobId: config.prParentJobId } : {}),
});

export const openBuilds = (deps: BuildsDeps): Builds => {
  const { options, key, records, say, now } = deps;
  /** Builds that are being recorded as promoted: nothing that they block may begin meanwhile. */
  const beginning = new Set<number>();

  const live = (): readonly BuildRecord[] =>
    records
      .live()
      .map((record) => (beginning.has(record.buildId) ? { ...record, state: 'promoted' } : record));

  const accessOf = (record: BuildRecord): Access | undefined => {
    const values = openValues(key, record.buildId, record.sealed);
    return values === undefined ? undefined : { buildId: record.buildId, token: values.token };
  };

  const close = async (buildId: number): Promise<void> => {
    await records.close(buildId, now());
    advanceAll();
  };

  const { refuse, collapse, leaveStopped, leave } = leaving({
    ...{ records, api: deps.api, accessOf, close, say, endSavedMs: deps.endSavedMs },
    othersGoOn: (buildId) => {
      advanceAll(buildId);
    },
    isOver: () => isOver(),
    pause: (ms) => pause(ms),
  });

  const isBlocked = (record: BuildRecord): boolean => blockersOf(record, live()).length > 0;

  /** Says once that it waits; the older ones that wait need not run then. */
  const block = async (record: BuildRecord, access: Access): Promise<'wait' | 'done'> => {
    if (record.blockedTold !== true) {
      const told = { ...record, blockedTold: true };
      const blockers = blockersOf(record, live());
      const obsolete = live()
        .filter((older) => collapsesInto(older, [told], options.collapseBuilds) !== undefined)
        .map(({ buildId }) => buildId);
      const lasting = blockers.filter((buildId) => !obsolete.includes(buildId));
      const named = lasting.length > 0 ? lasting : blockers;
      const answer = await deps.api(record).blocked(access, `Blocked by these builds: ${named.join(', ')}`);
      if (answer !== 'ok') return leave(record.buildId, answer.closed);
      await records.change(record.buildId, { blockedTold: true });
      for (const buildId of obsolete) void advance(buildId);
    }
    // it may be free by now
    return isBlocked(record) ? 'done' : 'wait';
  };

  const plan = async (record: BuildRecord): Promise<Closed | undefined> => {
    const first = accessOf(record);
    if (first === undefined) return { closed: 'its token cannot be opened' };
    const minutes = options.maxQueueMinutes + timeoutOf(record, options) + SPARE_MINUTES;
    const planned = await planOf(deps.api(record), record, first, minutes);
    if (isClosed(planned)) return planned;
    const { plan, values } = planned;
    await records.change(record.buildId, {
      ...{ plan, state: 'ready' },
      sealed: sealValues(key, record.buildId, values),
    });
    return undefined;
  };

  const promote = async (record: BuildRecord, planned: Plan): Promise<'wait' | 'done'> => {
    const access = accessOf(record);
    if (access === undefined) {
      say(`the token of build ${record.buildId} cannot be opened: it is not run`);
      await close(record.buildId);
      return 'done';
    }
    if (record.refusal !== undefined) {
      await refuse(record, access, record.refusal);
      return 'done';
    }
    const promotion = (plan: Plan) => promotionOf(record, plan, options, deps.addresses(record));
    const first = promotion(planned);
    if (E.isLeft(first)) {
      await refuse(record, access, first.left);
      return 'done';
    }
    const isNew = record.state !== 'promoted';
    if (isNew && isBlocked(record)) return block(record, access);
    const meta =
      isNew && record.blockedTold === true
        ? await metaNow(deps.api(record), record, access)
        : { meta: planned.meta };
    if (isClosed(meta)) return leave(record.buildId, meta.closed);
    // another may have begun while Screwdriver was asked
    if (isNew && isBlocked(record)) return 'wait';
    const plan = { ...planned, ...meta };
    const command = promotion(plan);
    if (E.isLeft(command)) {
      await refuse(record, access, command.left);
      return 'done';
    }
    // before: a stop that comes while Baton writes finds something to cancel
    beginning.add(record.buildId);
    const begun = await records
      .change(record.buildId, (asItIs) =>
        // stopped meanwhile, or even over
        asItIs.stopAsked === record.stopAsked ? { ...asItIs, plan, state: 'promoted' } : undefined,
      )
      .finally(() => beginning.delete(record.buildId));
    if (begun === undefined) return 'wait';
    const ack = await deps.handle(command.right);
    switch (ack.status) {
      case 'accepted':
      case 'duplicate':
      case 'noop':
        return 'done';
      case 'busy':
        await pause(ack.retryAfterMs);
        return 'wait';
      case 'declined':
      case 'rejected': {
        const problems = 'problems' in ack ? (ack.problems ?? []) : [];
        const all = problems.map(
          ({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`,
        );
        // the next start goes on with it
        if (ack.code === 'stopping' || ack.code === 'not_started') return 'done';
        // Baton has it from an earlier version of this program, or from other options
        if (ack.code === 'same_key_other_body') return 'done';
        await refuse(record, access, ['undeliverable: ' + ack.message, ...all].join(' '));
        return 'done';
      }
    }
  };

  const cancel = async (buildId: number): Promise<void> => {
    const command = {
      ...({ type: 'phase.cancel', actor: 'screwdriver', reason: 'Screwdriver stopped the build' } as const),
      ...{ commandId: `${hostKeyOf(buildId)}:stop`, hostKey: hostKeyOf(buildId) },
    };
    let ack = await deps.handle(command);
    for (; ack.status === 'busy' && !isOver(); ack = await deps.handle(command))
      await pause(ack.retryAfterMs);
    if (ack.status === 'rejected' && ack.code === 'internal')
      say(`Baton does not cancel build ${buildId}: ${ack.message}`);
  };

  const step: Step = async (buildId) => {
    const record = records.get(buildId);
    if (record === undefined || record.state === 'closed') return 'done';
    if (record.state === 'promoted') {
      if (record.stopAsked === true) await cancel(buildId);
      // Baton may not have got it before the last process ended: it knows the command, and tells the end of what was cancelled first
      return record.plan === undefined ? 'done' : promote(record, record.plan);
    }
    // before: what Screwdriver is told of it makes it stop the build
    if (record.collapsedInto !== undefined) return collapse(record, record.collapsedInto);
    if (record.stopAsked === true) return leaveStopped(record);
    if (record.state === 'ready' && record.plan !== undefined) {
      const into = collapsesInto(record, live(), options.collapseBuilds);
      return into === undefined ? promote(record, record.plan) : collapse(record, into);
    }
    const closed = await plan(record);
    return closed === undefined ? 'wait' : leave(buildId, closed.closed);
  };

  const { advance, pause, isOver, end } = advancing(step, say);

  const advanceAll = (but?: number): void => {
    for (const { buildId, state } of records.live())
      if (state !== 'promoted' && buildId !== but) void advance(buildId);
  };

  return {
    start: async (config) => {
      // asked twice for one build: it goes on as it is
      await records.add(
        recordOf(config, sealValues(key, config.buildId, { token: config.token, secrets: [] })),
      );
      void advance(config.buildId);
    },
    stop: async (buildId) => {
      const asked = await records.change(buildId, (record) =>
        // its end is being told by ourselves: Screwdriver stops what has ended, too. That it collapses may not stand
        record.telling === undefined || record.collapsedInto !== undefined
          ? { ...record, stopAsked: true }
          : undefined,
      );
      if (asked !== undefined) void advance(buildId);
    },
    close,
    resume: () => {
      for (const { buildId } of records.live()) void advance(buildId);
    },
    end,
  };
};
