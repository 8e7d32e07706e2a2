/** Receivers that are told what happens: how it stands with each, and telling one of them again. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { WebhookTopic } from '../domain/webhook-config.js';
import type { At } from '../kernel/at.js';
import type { Position } from '../kernel/recorded.js';
import type { Instant } from '../kernel/time.js';
import { appError, type AppError } from './errors.js';
import { storeFailure } from './handle.js';
import type { EventStore } from './ports.js';

/** How it stands with one receiver. */
export interface WebhookState {
  /** `telling`: all is well; `failing`: it did not take the last message, which is tried again; `gone`: it wants no more. */
  readonly state: 'telling' | 'failing' | 'gone';
  /** Up to where the log was read for it. */
  readonly position: Position;
  /** Messages that were read and not yet taken. */
  readonly owed: number;
  /** When the oldest of them happened. */
  readonly oldestAt?: Instant;
  /** Failures in a row. */
  readonly failures: number;
  /** The last failure: when, and one sentence. */
  readonly problem?: { readonly at: Instant; readonly message: string };
  readonly takenAt?: Instant;
  /** Why its place in the log cannot be written: a crash now would tell again what came since it could. */
  readonly notKept?: string;
  /** Tries since the server started, by how they ended: `gone` says that no more is wanted. */
  readonly deliveries: Readonly<Record<'taken' | 'failed' | 'gone', number>>;
}

export interface WebhookView extends WebhookState {
  readonly name: string;
  /** Scheme, host and port of its address: the rest may be a secret. */
  readonly origin: string;
  readonly topics: readonly WebhookTopic[];
  /** Enterprises, organisations, projects and pipelines that it is told of, as they are written; absent: all. */
  readonly scopes?: readonly string[];
}

/** What is told, from where. */
export type ReplayFrom = At | { readonly kind: 'now' };

export interface WebhookDesk {
  readonly list: () => readonly WebhookView[];
  /** Of a name that is in the list. */
  readonly replay: (name: string, after: Position) => Promise<E.Either<AppError, void>>;
}

export interface WebhookUseCases {
  readonly listWebhooks: () => TE.TaskEither<AppError, readonly WebhookView[]>;
  /** Tells what came after that moment, again where it was told; what is owed is forgotten. */
  readonly replayWebhook: (name: string, from: ReplayFrom) => TE.TaskEither<AppError, WebhookView>;
}

const unknown = (name: string, known: readonly WebhookView[]): AppError =>
  appError('not_found', 'webhook_unknown', `There is no webhook ${name}.`, {
    hint:
      known.length === 0
        ? 'None is configured; see docs/webhooks.md.'
        : `There are: ${known.map((one) => one.name).join(', ')}.`,
  });

/** `positionAt`: the last position of a moment. */
export const webhookUseCases = (
  desk: WebhookDesk,
  store: Pick<EventStore, 'head'>,
  positionAt: (at: At) => TE.TaskEither<AppError, Position>,
): WebhookUseCases => {
  const end = pipe(
    store.head(),
    TE.bimap(storeFailure, (head) => head?.position ?? ''),
  );
  const show = (name: string): E.Either<AppError, WebhookView> =>
    E.fromNullable(unknown(name, desk.list()))(desk.list().find((one) => one.name === name));
  return {
    listWebhooks: () => TE.fromIO(() => desk.list()),
    replayWebhook: (name, from) =>
      pipe(
        TE.fromEither(show(name)),
        TE.chain(() => (from.kind === 'now' ? end : positionAt(from))),
        TE.chain((after) => () => desk.replay(name, after)),
        TE.chainEitherK(() => show(name)),
      ),
  };
};
