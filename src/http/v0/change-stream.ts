/**
 * What happens to one change, in the original's events: `build_event` with the whole change, first of all as it is; `promotion_status_update`;
 * `phase_run_updated` for what runs, with the end of its log; and `change_deleted`, the last one.
 */
import * as E from 'fp-ts/lib/Either.js';
import { merge, Subject } from 'rxjs';
import { pause } from '../../app/follow-store.js';
import type { NumberedJob, Within } from '../../app/original.js';
import type { UseCases } from '../../app/use-cases.js';
import type { Pace } from '../pace.js';
import { comment, failure, frame } from '../sse.js';
import { wakeOn } from '../../app/wake.js';
import { changeJson, promotionJson } from './change-json.js';
import { phaseRunHref } from './links.js';
import { logSizes } from './log-sizes.js';
import { phaseRunJson } from './phase-run-json.js';
import { runLog } from './run-log.js';
import { restAfter } from './state-stream.js';

/** A job that writes without pause is told of once in this time, with at most the end of its log. */
const LOG_MS = 1000;

interface ChangeStream {
  readonly use: UseCases;
  readonly within: Within;
  readonly changeId: string;
  readonly base: string;
  readonly mayAct: boolean;
  readonly after: string | undefined;
  readonly pace: Pace;
  readonly requestId: string;
}

const isRunning = ({ job }: NumberedJob): boolean => job.status === 'running';

const stateOf = ({ job }: NumberedJob): string => JSON.stringify([job.status, job.attempts.length]);

/** What a listener has been told of a phase run. */
interface Told {
  readonly state: string;
  readonly size: number;
}

export async function* changeFrames(
  { use, within, changeId, base, mayAct, after, pace, requestId }: ChangeStream,
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const grown = new Subject<void>();
  const wake = wakeOn(merge(use.watchOriginal(), grown), () => undefined);
  const logs = logSizes(use, () => grown.next());
  let [told, promotion]: (string | undefined)[] = [];
  const runs = new Map<string, Told>();
  let logsMs = -Infinity;

  /** A new state is told of at once; a log that has grown in its time. */
  const isNews = (one: NumberedJob, isDue: boolean): boolean => {
    const before = runs.get(one.job.id);
    if (before === undefined) return isRunning(one);
    return before.state !== stateOf(one) || (isDue && before.size !== logs.sizeOf(one.job.id));
  };
  try {
    yield comment('change');
    while (!signal.aborted) {
      const startedMs = performance.now();
      const found = await use.originalChange(within, changeId)();
      if (E.isLeft(found)) {
        const deleted = await use.originalDeletion(within, changeId)();
        if (E.isRight(deleted) && deleted.right !== undefined)
          yield frame('change_deleted', { deleted_by: deleted.right });
        else yield failure(found.left, requestId);
        return;
      }
      const { position, value } = found.right;
      const data = changeJson(base, value, mayAct);
      const now = JSON.stringify(data);
      if (now !== told && !(told === undefined && position === after))
        yield frame('build_event', data, position);
      const promotionNow = JSON.stringify(promotionJson(value));
      if (promotion !== undefined && promotionNow !== promotion)
        yield frame('promotion_status_update', { promotion: promotionJson(value) }, position);
      [told, promotion] = [now, promotionNow];

      const running = Object.values(value.jobs).filter(isRunning);
      logs.follow(running.map(({ job }) => job));
      const isDue = startedMs - logsMs >= LOG_MS;
      if (isDue) logsMs = startedMs;
      for (const one of Object.values(value.jobs)) {
        const seen = { state: stateOf(one), size: logs.sizeOf(one.job.id) };
        if (isNews(one, isDue)) {
          const href = phaseRunHref(base, one.job, one.phaseRun);
          const log = await runLog(use, one.job, `${href}/log`)();
          if (E.isLeft(log)) return yield failure(log.left, requestId);
          yield frame('phase_run_updated', { ...phaseRunJson(one, log.right), href }, position);
        } else if (runs.has(one.job.id)) continue;
        runs.set(one.job.id, seen);
      }

      const ended = wake.ended();
      if (ended !== undefined && 'error' in ended) return yield failure(ended.error, requestId);
      await pause(restAfter(performance.now() - startedMs), signal);
      const owesLogs = running.some(({ job }) => runs.get(job.id)?.size !== logs.sizeOf(job.id));
      const restedMs = performance.now();
      await wake.pause(owesLogs ? LOG_MS : pace.heartbeatMs, signal);
      if (performance.now() - restedMs >= pace.heartbeatMs) yield comment('still here');
    }
  } finally {
    logs.close();
    wake.close();
  }
}
