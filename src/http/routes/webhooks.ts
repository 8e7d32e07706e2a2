/** Receivers that are told what happens. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { isWebhookName } from '../../domain/webhook-config.js';
import { list, none, ok } from '../answers.js';
import { closed, text } from '../closed.js';
import { ReplayFromText } from '../codecs.js';
import { route, type Route } from '../route.js';
import { listOf, ref } from '../view-schemas.js';

const Name = text({ expected: 'the name of a webhook', mend: 'take it from `GET /webhooks`' }, isWebhookName);

export const webhookRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/webhooks',
    doc: { summary: 'Who is told what happens, and how it stands with each', answer: listOf('Webhook') },
    role: 'admin',
    run: (use) => pipe(use.listWebhooks(), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/webhooks/:name/replay',
    doc: {
      summary: 'Tell a webhook what came after a moment, again where it was told',
      answer: ref('Webhook'),
      example: { from: '2026-01-31T12:00:00Z' },
    },
    role: 'admin',
    ifMatch: false,
    params: closed({ name: Name }, {}),
    body: closed({ from: ReplayFromText }, {}),
    run: (use, { params, body }) => pipe(use.replayWebhook(params.name, body.from), TE.map(ok)),
  }),
];
