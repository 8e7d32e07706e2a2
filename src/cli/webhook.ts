/** `baton webhook …`: who is told what happens, and telling it again. */
import type { Command } from 'commander';
import type { WebhookView } from '../app/webhooks.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { age, table } from './print.js';
import { sessionOf } from './session.js';
import { plain } from './terminal.js';

const problemText = (io: Io, { problem, notKept }: WebhookView): string =>
  [
    ...(problem === undefined ? [] : [`${problem.message} (${age(problem.at, io.now())})`]),
    ...(notKept === undefined ? [] : [`Its place cannot be kept: ${notKept}.`]),
  ].join(' ');

const toldText = ({ topics, scopes }: WebhookView): string =>
  [topics, ...(scopes === undefined ? [] : [scopes])].map((words) => words.join(',')).join(' of ');

const listText = (io: Io, webhooks: readonly WebhookView[]): string =>
  webhooks.length === 0
    ? 'No webhook is configured; the setting `webhooks` of `baton serve` has them.'
    : table(
        ['WEBHOOK', 'TO', 'TOLD OF', 'STATE', 'OWED', 'TAKEN', 'LAST PROBLEM'],
        webhooks.map((webhook) => [
          ...[webhook.name, webhook.origin, toldText(webhook), webhook.state, String(webhook.owed)],
          ...[webhook.takenAt === undefined ? '-' : age(webhook.takenAt, io.now()), problemText(io, webhook)],
        ]),
      );

/** Adds `webhook` with its commands. */
export const registerWebhook = (program: Command, io: Io): void => {
  const webhook = program.command('webhook').description('addresses that the server tells what happens');
  webhook
    .command('list')
    .description('who is told what, and how it stands with each')
    .addHelpText(...example('baton webhook list'))
    .action(async (_options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.listWebhooks(), ({ items }) => listText(io, items));
    });
  webhook
    .command('replay')
    .description('tell what came after a moment, again where it was told; what is owed is forgotten')
    .argument('<name>', 'as `baton webhook list` shows it')
    .requiredOption('--from <moment>', 'a position, a time such as 2026-01-31T12:00:00Z, start, or now')
    .addHelpText(...example('baton webhook replay chat --from 2026-01-31T12:00:00Z'))
    .action(async (name: string, { from }: { readonly from: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(
        await session.client.replayWebhook(name, from),
        (view) => `Webhook ${plain(view.name)} is told what came after ${plain(from)}.`,
      );
    });
};
