/** What a receiver is told of an event, and how it knows who told it: Standard Webhooks 1.0.0 (standardwebhooks.com). Pure. */
import { createHmac } from 'node:crypto';
import type { BatonEvent } from '../events/catalog.js';
import type { WebhookTopic } from '../domain/webhook-config.js';
import { isWithin, type WebhookScope } from '../domain/webhook-scope.js';
import type { Recorded } from '../kernel/recorded.js';

const STREAMS: Readonly<Record<WebhookTopic, readonly string[]>> = {
  jobs: ['job-'],
  phases: ['phase_run-'],
  changes: ['change-', 'stage_run-', 'pipeline-'],
  runners: ['runner-'],
};

/** Whether somebody who wants these topics is told of what is in that stream. */
export const isOf = (topics: readonly WebhookTopic[], stream: string): boolean =>
  topics.some((topic) => STREAMS[topic].some((prefix) => stream.startsWith(prefix)));

/** What an event holds, without what it says of other projects: a stage run lists changes of the pipelines that depend on its own. */
const dataWithin = (event: BatonEvent, scopes: readonly WebhookScope[] | undefined): BatonEvent['data'] => {
  if (scopes === undefined || event.type !== 'StageRunStarted') return event.data;
  const { consumers, ...own } = event.data;
  const told = consumers?.filter((consumer) => isWithin(scopes, consumer)) ?? [];
  return told.length === 0 ? own : { ...own, consumers: told };
};

/**
 * JSON: `type` and `timestamp` as the specification has them; in `data` the event as docs/events.md has it, at its place.
 * `scopes`: those of the receiver; undefined: it is told everything.
 */
export const bodyOf = (
  { stream, revision, position, id, event, metadata }: Recorded<BatonEvent>,
  scopes?: readonly WebhookScope[],
): string => {
  const { recordedAt, actor, reason, $correlationId, $causationId } = metadata;
  return JSON.stringify({
    type: event.type,
    timestamp: recordedAt,
    data: {
      ...{ id, stream, revision, position, actor },
      ...(reason === undefined ? {} : { reason }),
      ...($correlationId === undefined ? {} : { correlationId: $correlationId }),
      ...($causationId === undefined ? {} : { causationId: $causationId }),
      event: dataWithin(event, scopes),
    },
  });
};

/** `secret`: the bytes behind `whsec_`; `seconds`: since 1970, when it is sent. */
export const headersOf = (
  secret: Uint8Array,
  id: string,
  seconds: number,
  body: string,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> => {
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  };
};
