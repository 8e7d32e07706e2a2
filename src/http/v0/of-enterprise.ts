/** Rows for whoever may look at any of an enterprise: what it has, and the same as it changes. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../../app/errors.js';
import type { Within } from '../../app/original.js';
import type { UseCases } from '../../app/use-cases.js';
import { route, type Route } from '../route.js';
import { sse } from '../sse.js';
import * as codecs from './codecs.js';
import { within } from './places.js';
import { json, nothing } from './row.js';
import { stateFrames, type StateStream } from './state-stream.js';

/** `path` begins behind the enterprise. */
export const reading = <A>(
  path: string,
  read: (use: UseCases) => (enterprise: Within) => TE.TaskEither<AppError, A>,
  shown: (found: A) => unknown,
): Route =>
  route({
    ...nothing,
    method: 'get',
    path: `/:ent/${path}`,
    role: 'viewer',
    where: 'anywhere',
    params: codecs.EntParams,
    run: (use, { params, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.chain(read(use)),
        TE.map((found) => json(shown(found))),
      ),
  });

export const streaming = (
  path: string,
  event: string,
  source: (use: UseCases, enterprise: Within) => Pick<StateStream, 'changes' | 'read'>,
): Route =>
  route({
    ...nothing,
    method: 'get',
    path: `/:ent/${path}/streaming`,
    role: 'viewer',
    where: 'anywhere',
    params: codecs.EntParams,
    headers: codecs.AnyEventId,
    run: (use, { params, headers, pace, context: { caller } }) =>
      pipe(
        TE.fromEither(within(caller, params.ent)),
        TE.map((enterprise) =>
          sse((signal, requestId) =>
            stateFrames(
              {
                event,
                ...source(use, enterprise),
                ...{ after: headers['Last-Event-ID'], pace, requestId },
              },
              signal,
            ),
          ),
        ),
      ),
  });
