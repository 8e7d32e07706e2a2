/** All receivers of one server. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from '../app/errors.js';
import type { WebhookDesk } from '../app/webhooks.js';
import { originOf, type Webhook } from '../domain/webhook-config.js';
import { webhookScopeText } from '../domain/webhook-scope.js';
import { readSecret } from './secret.js';
import { openTelling, type TellingOptions } from './telling.js';

export interface OpenDesk extends WebhookDesk {
  /** Tells from now on. Throws `StoreAway`. */
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type Signed = { readonly webhook: Webhook; readonly secret: Uint8Array };

/** Each with its secret; every one that cannot be used is told. */
const withSecrets = async (
  webhooks: readonly Webhook[],
): Promise<E.Either<readonly Problem[], readonly Signed[]>> => {
  const problems: Problem[] = [];
  const signed: Signed[] = [];
  for (const webhook of webhooks) {
    const secret = await readSecret(`webhooks.${webhook.name}.secret_file`, webhook.secretFile);
    if (E.isLeft(secret)) problems.push(secret.left);
    else signed.push({ webhook, secret: secret.right });
  }
  return problems.length > 0 ? E.left(problems) : E.right(signed);
};

/** What would keep them from being told anything. */
export const webhookProblems = async (webhooks: readonly Webhook[]): Promise<readonly Problem[]> => {
  const signed = await withSecrets(webhooks);
  return E.isLeft(signed) ? signed.left : [];
};

/** Reads all secrets, and fails where one cannot be used. */
export const webhookDesk = async (
  webhooks: readonly Webhook[],
  options: Omit<TellingOptions, 'webhook' | 'secret'>,
): Promise<E.Either<AppError, OpenDesk>> => {
  const signed = await withSecrets(webhooks);
  if (E.isLeft(signed))
    return E.left(
      appError('invalid', 'webhook_secret', 'A webhook cannot sign what it tells.', {
        problems: signed.left,
      }),
    );
  const all = signed.right.map((one) => ({ ...one, telling: openTelling({ ...options, ...one }) }));
  return E.right({
    list: () =>
      all.map(({ webhook, telling }) => ({
        ...{ name: webhook.name, origin: originOf(webhook), topics: webhook.topics },
        ...(webhook.scopes === undefined ? {} : { scopes: webhook.scopes.map(webhookScopeText) }),
        ...telling.state(),
      })),
    replay: async (name, after) => {
      const found = all.find(({ webhook }) => webhook.name === name);
      return found === undefined ? E.right(undefined) : found.telling.replay(after);
    },
    open: async () => {
      for (const { telling } of all) await telling.open();
    },
    close: async () => {
      await Promise.all(all.map(({ telling }) => telling.close()));
    },
  });
};
