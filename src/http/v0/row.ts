/** One row of the original's API: a row as elsewhere, and what it has of its own. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Answer } from '../answer.js';
import { none } from '../answers.js';
import type { Authenticator } from '../auth.js';
import type { HttpMiddleware } from '../context.js';
import type { Route } from '../route.js';

export interface V0Row {
  readonly route: Route;
  /** Who may ask this one is told otherwise, as a job by its own token; absent: as everywhere here. */
  readonly authenticator?: Authenticator;
  /** How its body is read; absent: JSON of at most 1 MiB. */
  readonly body?: HttpMiddleware;
}

export const rows = (routes: readonly Route[]): readonly V0Row[] => routes.map((route) => ({ route }));

/** JSON under the very type that the original gave it. */
export const json = (value: unknown, status: 200 | 201 = 200): Answer => ({
  kind: 'json',
  status,
  value,
  headers: { 'Content-Type': 'application/json' },
});

export const empty: Answer = { kind: 'empty' };

/** What was done has nothing to say. */
export const done = TE.map((): Answer => empty);

/** Spread first. The original knew no revisions. */
export const nothing = { ...none, ifMatch: false };
