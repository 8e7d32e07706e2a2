/** The setting of webhooks: who is told of what happens, beside those who ask. */
import { originOf, parseWebhooks, type Webhook } from '../domain/webhook-config.js';
import { webhookScopeText } from '../domain/webhook-scope.js';
import { jsonOr, ofParts, setting } from './setting.js';

const toldText = ({ topics, scopes }: Webhook): string =>
  [topics, ...(scopes === undefined ? [] : [scopes.map(webhookScopeText)])]
    .map((words) => words.join(', '))
    .join(' of ');

const tableText = (webhooks: readonly Webhook[]): string =>
  webhooks.map((webhook) => `${webhook.name} ${originOf(webhook)} (${toldText(webhook)})`).join('; ');

export const webhookSettings = {
  webhooks: setting({
    flag: '--webhooks',
    takes: '<json>',
    env: 'BATON_WEBHOOKS',
    ...ofParts('a table of webhooks', (raw) => parseWebhooks(jsonOr(raw)), tableText),
    defaultOf: () => [],
    defaultText: 'none',
    meaning:
      'Addresses that are told what happens, a table for each; as a flag or in the environment as JSON.',
    resolve: (webhooks, resolve) =>
      webhooks.map((webhook) => ({ ...webhook, secretFile: resolve(webhook.secretFile) })),
  }),
};
