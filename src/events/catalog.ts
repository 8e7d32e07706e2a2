/** Every event type that is ever written: type name → codec. The longest-lived code we have. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Metadata, RawEvent, Recorded } from '../kernel/recorded.js';
import { accessEvents } from './access.js';
import { changeEvents } from './change.js';
import { hostEvents } from './host.js';
import { jobEvents } from './job.js';
import { ownershipEvents } from './ownership.js';
import { phaseRunEvents } from './phase-run.js';
import { pipelineEvents, promotionEvents } from './promotion.js';
import { explain } from './report.js';
import { runnerEvents } from './runner.js';
import { phaseSecretsEvents, secretEvents } from './secret.js';
import { upcast } from './upcast.js';

export const catalog = {
  ...phaseRunEvents,
  ...jobEvents,
  ...runnerEvents,
  ...ownershipEvents,
  ...accessEvents,
  ...changeEvents,
  ...secretEvents,
  ...phaseSecretsEvents,
  ...hostEvents,
  ...promotionEvents,
  ...pipelineEvents,
};

type EventsOf<M extends Record<string, t.Mixed>> = {
  [K in keyof M & string]: { readonly type: K; readonly data: t.TypeOf<M[K]> };
}[keyof M & string];

export type BatonEvent = EventsOf<typeof catalog>;
export type PhaseRunEvent = EventsOf<typeof phaseRunEvents>;
export type JobEvent = EventsOf<typeof jobEvents>;
export type RunnerEvent = EventsOf<typeof runnerEvents>;
export type OwnershipEvent = EventsOf<typeof ownershipEvents>;
export type AccessEvent = EventsOf<typeof accessEvents>;
export type ChangeEvent = EventsOf<typeof changeEvents> | EventsOf<typeof promotionEvents>;
export type SecretEvent = EventsOf<typeof secretEvents>;
export type PhaseSecretsEvent = EventsOf<typeof phaseSecretsEvents>;
export type HostEvent = EventsOf<typeof hostEvents>;
export type PipelineEvent = EventsOf<typeof pipelineEvents>;

/** An event that this version cannot read: written by a newer one, or damaged. */
export interface UnreadableEvent {
  readonly code: 'unreadable_event';
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly problems: readonly string[];
}

const isKnown = (type: string): type is keyof typeof catalog => Object.hasOwn(catalog, type);

/** The current shape of a stored event, or why it cannot be read. */
export const decode = (recorded: Recorded<RawEvent>): E.Either<UnreadableEvent, Recorded<BatonEvent>> => {
  const refuse = (problems: readonly string[]): E.Either<UnreadableEvent, never> =>
    E.left({
      code: 'unreadable_event',
      stream: recorded.stream,
      revision: recorded.revision,
      type: recorded.event.type,
      problems,
    });
  const { type, data } = upcast(recorded.event, schemaOf(recorded.metadata));
  if (!isKnown(type)) return refuse([`unknown event type ${type}`]);
  const decoded = (catalog[type] as t.Mixed).decode(data);
  return E.isRight(decoded)
    ? E.right({ ...recorded, event: { type, data: decoded.right as unknown } as BatonEvent })
    : refuse(explain(decoded.left));
};

const schemaOf = (metadata: Metadata): number => metadata.schema;

/** True for events whose `type` is one of the given catalogue group's. */
export const isJobEvent = (event: BatonEvent): event is JobEvent => Object.hasOwn(jobEvents, event.type);
export const isRunnerEvent = (event: BatonEvent): event is RunnerEvent =>
  Object.hasOwn(runnerEvents, event.type);
