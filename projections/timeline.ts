/** What happened to a job, event by event, in words: who, when, where in the store. */
import type { BatonEvent } from '../src/events/catalog.js';
import type { Filter, SealedOutput } from '../src/events/shapes.js';
import type { Position, RawEvent, Recorded } from '../src/kernel/recorded.js';
import { spanText } from './retry-wait.js';
import { evidenceText, isJobEnd, refusedText, summaryOf } from './summary.js';

export interface TimelineEntry {
  readonly position: Position;
  readonly at: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** Subject of a token, or `baton` for what the system did itself. */
  readonly by: string;
  /** What the person gave as reason. */
  readonly reason?: string;
  readonly sentence: string;
}

const needs = (filter: Filter): string =>
  filter.length === 0
    ? 'any runner will do'
    : `needs ${filter.map(({ key, op, values }) => `${key} ${op} ${values.join('|')}`).join(' and ')}`;

const takes = (slots = 1): string => (slots === 1 ? '' : `, takes ${slots} slots`);

const sealed = ({ name, storedBytes, truncated }: SealedOutput): string =>
  `${name} ${storedBytes} bytes${truncated ? ', cut at the limit' : ''}`;

/** `JobQueued` → `job queued`: for types that have no sentence of their own. */
const spelled = (type: string): string => type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

const sentenceOf = (event: BatonEvent): string => {
  if (isJobEnd(event)) return summaryOf(event);
  switch (event.type) {
    case 'PhasePromoted': {
      const { phase, stage, host, attempt, retryOf } = event.data;
      const again = retryOf === undefined ? '' : `, to repeat job ${retryOf.jobId}`;
      return `phase ${phase} of ${stage} was promoted by the host ${host}, attempt ${attempt}${again}`;
    }
    case 'PhaseCancelRequested':
      return 'a cancel of the whole phase was asked for';
    case 'PhaseFinished':
      return `the phase ended: ${event.data.outcome.replace('_', ' ')}`;
    case 'JobQueued':
      return `queued with priority ${event.data.priority}, ${needs(event.data.filter)}${takes(event.data.slots)}`;
    case 'JobAssigned': {
      const { attempt, runner, slot, alsoSlots = [], rule } = event.data;
      const also = alsoSlots.length === 0 ? '' : ` and also ${alsoSlots.join(', ')}`;
      return `attempt ${attempt} was assigned to ${runner}, slot ${slot}${also} (rule: ${rule})`;
    }
    case 'JobStarted':
      return `attempt ${event.data.attempt} started as process ${event.data.pid}`;
    case 'JobRequeued': {
      const { attempt, cause, exitCode, why, detail, delayMs } = event.data;
      const code = exitCode === undefined ? '' : `, exit code ${exitCode}`;
      const pause = delayMs === undefined ? '' : `, to be tried again after ${spanText(delayMs)}`;
      return `attempt ${attempt} ended and the job was queued again (${cause}${code})${pause}: ${detail ?? why ?? 'no detail was recorded'}`;
    }
    case 'JobCancelRequested':
      return 'a cancel was asked for';
    case 'JobReported': {
      const { attempt, success, status } = event.data;
      return `attempt ${attempt} reported that it ${success ? 'succeeded' : 'failed'} (${status})`;
    }
    case 'JobOutputSealed':
      return `the log of attempt ${event.data.attempt} is complete: ${event.data.outputs.map(sealed).join('; ')}`;
    case 'JobCollectionPaused':
      return `the log of attempt ${event.data.attempt} is not collected for now: ${event.data.detail}`;
    case 'JobCollectionResumed':
      return `the log of attempt ${event.data.attempt} is collected again`;
    case 'JobRemainsEnded':
      return `what attempt ${event.data.attempt} had left on its runner is no more: ${evidenceText(event.data.evidence)}`;
    case 'JobReportRefused':
      return refusedText(event.data);
    default:
      return spelled(event.type);
  }
};

const entry = ({ stream, revision, position, event, metadata }: Recorded<RawEvent>, sentence: string) => ({
  position,
  at: metadata.recordedAt,
  stream,
  revision,
  type: event.type,
  by: metadata.actor,
  ...(metadata.reason === undefined ? {} : { reason: metadata.reason }),
  sentence,
});

/** One event in words. */
export const timelineEntry = (recorded: Recorded<BatonEvent>): TimelineEntry =>
  entry(recorded, sentenceOf(recorded.event));

/** An event that this version cannot read: it is shown all the same. */
export const unreadableEntry = (recorded: Recorded<RawEvent>): TimelineEntry =>
  entry(recorded, `an event of type ${recorded.event.type}, which this version cannot read`);
