/** All receivers of one server. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from '../app/errors.js';
import type { WebhookDesk } from '../app/webhooks.js';
import { originOf, type Webhook } from '../domain/webhook-config.js';
import { readSecret } from './secret.js';
import { openTelling, type TellingOptions } from './telling.js';

export interface OpenDesk extends WebhookDesk {
  /** Tells from now on. Throws `StoreAway`. */
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Reads all secrets; every one that cannot be used is told. */
export const webhookDesk = async (
  webhooks: readonly Webhook[],
  options: Omit<TellingOptions, 'webhook' | 'secret'>,
): Promise<E.Either<AppError, OpenDesk>> => {
  const problems: Problem[] = [];
  const all: { readonly webhook: Webhook; readonly telling: ReturnType<typeof openTelling> }[] = [];
  for (const webhook of webhooks) {
    const secret = await readSecret(`webhooks.${webhook.name}.secret_file`, webhook.secretFile);
    if (E.isLeft(secret)) problems.push(secret.left);
    else all.push({ webhook, telling: openTelling({ ...options, webhook, secret: secret.right }) });
  }
  if (problems.length > 0)
    return E.left(
      appError('invalid', 'webhook_secret', 'A webhook cannot sign what it tells.', { problems }),
    );
  return E.right({
    list: () =>
      all.map(({ webhook, telling }) => ({
        ...{ name: webhook.name, origin: originOf(webhook), topics: webhook.topics },
        ...telling.state(),
      })),
    replay: async (name, after) => {
      await all.find(({ webhook }) => webhook.name === name)?.telling.replay(after);
    },
    open: async () => {
      for (const { telling } of all) await telling.open();
    },
    close: async () => {
      await Promise.all(all.map(({ telling }) => telling.close()));
    },
  });
};
