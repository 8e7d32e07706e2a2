/** Whom does whoever loads Baton want to be told what happens? Read as the server reads it, but for files, which are named in full. */
import { isAbsolute } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { shown } from '../src/domain/problem.js';
import { parseWebhooks, type Webhook } from '../src/domain/webhook-config.js';
import type { Problem } from './contract.js';

export const webhookOptions = ['webhooks'] as const;

/** The folder in which a host works is nobody's choice. */
const withoutFolder = ({ name, secretFile }: Webhook): readonly Problem[] =>
  isAbsolute(secretFile)
    ? []
    : [{ path: `webhooks.${name}.secret_file`, expected: 'an absolute path', found: shown(secretFile) }];

/** None when it is absent; or every problem. */
export const parseWebhookOptions = (raw: {
  readonly webhooks?: unknown;
}): E.Either<readonly Problem[], readonly Webhook[]> => {
  if (raw.webhooks === undefined) return E.right([]);
  const webhooks = parseWebhooks(raw.webhooks);
  if (E.isLeft(webhooks))
    return E.left(
      webhooks.left.map(({ path, ...rest }) => ({
        path: path === '' ? 'webhooks' : `webhooks.${path}`,
        ...rest,
      })),
    );
  const problems = webhooks.right.flatMap(withoutFolder);
  return problems.length > 0 ? E.left(problems) : webhooks;
};
