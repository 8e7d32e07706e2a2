/** What those who show something follow, to know when to read it again. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none } from '../answers.js';
import { sightOf } from '../authorize.js';
import * as codecs from '../codecs.js';
import { route, type Route } from '../route.js';
import { sse } from '../sse.js';
import { updateFrames } from '../update-stream.js';

export const updateRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/updates',
    doc: {
      summary: 'That something has changed: event `changed`, data = what, and the position to read it at',
      media: 'text/event-stream',
    },
    role: 'viewer',
    where: 'anywhere',
    query: codecs.UpdatesQuery,
    headers: codecs.PositionHeader,
    run: (use, { query: { topics }, headers, pace, context: { caller } }) => {
      const [after, sight] = [headers['Last-Event-ID'], sightOf(caller)];
      const updates = use.watchUpdates({
        ...(topics === undefined ? {} : { topics }),
        ...(after === undefined ? {} : { after }),
        ...(sight === undefined ? {} : { sight }),
      });
      return TE.right(sse((signal, requestId) => updateFrames(updates, { pace, requestId }, signal)));
    },
  }),
];
