/** Toolchains: what is installed on runners, and which versions of what get along. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { none, ok } from '../answers.js';
import { route, type Route } from '../route.js';
import { ref } from '../view-schemas.js';

export const toolchainRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/toolchains',
    doc: {
      summary: 'What may be installed on runners, and which versions get along',
      answer: ref('Toolchains'),
    },
    role: 'viewer',
    where: 'anywhere',
    run: (use) => pipe(use.toolchains(), TE.map(ok)),
  }),
];
