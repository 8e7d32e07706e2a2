/** Which Baton is this? What it wrote on machines bears the answer. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none, ok } from '../answers.js';
import { route, type Route } from '../route.js';
import { ref } from '../view-schemas.js';

export const installationRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/installation',
    doc: {
      summary: 'The id of this installation, by which machines know whose they are',
      answer: ref('Installation'),
    },
    role: 'viewer',
    where: 'anywhere',
    run: (use) => pipe(use.installation(), TE.map(ok)),
  }),
];
