/** The logs of a host that lives in memory: it puts batches together as a good host does. */
import type { LogBatch, ReportAnswer } from '../contract.js';
import { recorder, type Recorder } from './recorder.js';

/** What the host does with a batch. `take` does what a good host does; what is thrown or answered instead is what Baton gets. */
export type LogBehaviour = (
  batch: LogBatch,
  take: () => ReportAnswer,
) => ReportAnswer | Promise<ReportAnswer>;

type LogName = Pick<LogBatch, 'jobId' | 'jobAttempt' | 'output'>;

export interface MemoryLogs {
  readonly log: (batch: LogBatch) => Promise<ReportAnswer>;
  readonly behave: (behaviour: LogBehaviour) => void;
  readonly told: Recorder<LogBatch>;
  readonly taken: Recorder<LogBatch>;
  readonly of: (
    log: LogName,
  ) => { readonly bytes: Buffer; readonly text: string; readonly final: boolean } | undefined;
  /** Most that were being answered at a time. */
  readonly mostUnderWay: () => number;
}

interface Kept {
  readonly pieces: Buffer[];
  text: string;
  end: number;
  final: boolean;
}

const shown = ({ hostKey, jobAttempt, output, offset, bytes, final }: LogBatch): string =>
  `${hostKey} ${jobAttempt} ${output} ${offset}+${bytes.length}${final ? ' final' : ''}`;

export const memoryLogs = (): MemoryLogs => {
  const told = recorder('batch', shown);
  const taken = recorder('batch', shown);
  const logs = new Map<string, Kept>();
  let behaviour: LogBehaviour = (_, take) => take();
  let underWay = 0;
  let most = 0;
  const keyOf = ({ jobId, jobAttempt, output }: LogName): string => `${jobId}.${jobAttempt}.${output}`;

  const take = (batch: LogBatch): ReportAnswer => {
    const log = logs.get(keyOf(batch)) ?? { pieces: [], text: '', end: 0, final: false };
    const { offset, bytes, final } = batch;
    const end = offset + bytes.length;
    if (offset > log.end)
      throw new Error(`the log ended at byte ${log.end}, and the next batch begins at ${offset}`);
    if (end <= log.end && (log.final || !final)) return 'stale';
    // a repeat that is longer than what it repeats: the new part of it
    const news = Buffer.from(bytes).subarray(log.end - offset);
    log.text += offset === log.end ? batch.text : news.toString();
    log.pieces.push(news);
    log.end = Math.max(end, log.end);
    log.final ||= final;
    logs.set(keyOf(batch), log);
    taken.add(batch);
    return 'ok';
  };

  return {
    log: async (batch) => {
      underWay += 1;
      most = Math.max(most, underWay);
      told.add(batch);
      try {
        return await behaviour(batch, () => take(batch));
      } finally {
        underWay -= 1;
      }
    },
    behave: (next) => (behaviour = next),
    ...{ told, taken },
    of: (name) => {
      const log = logs.get(keyOf(name));
      return log && { bytes: Buffer.concat(log.pieces), text: log.text, final: log.final };
    },
    mostUnderWay: () => most,
  };
};
