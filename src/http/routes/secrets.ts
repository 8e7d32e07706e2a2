/** Secrets of people: their values come in here, and go out nowhere. */
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { isSecretRef, SECRET_NAME } from '../../domain/secret-ref.js';
import { done, list, none } from '../answers.js';
import { closed, text } from '../closed.js';
import { Reason } from '../codecs.js';
import { route, type Route } from '../route.js';
import { ofSecret } from '../where.js';

const Ref = text(
  {
    expected: `ENTERPRISE/NAME, ENTERPRISE/ORGANISATION/NAME or ENTERPRISE/ORGANISATION/PROJECT/NAME, with ${SECRET_NAME}`,
    mend: 'give a reference such as default/default/web-shop/DEPLOY_TOKEN',
  },
  isSecretRef,
);

const MOST_BYTES = 32_768;

/** An environment holds no NUL, and only text that UTF-8 can carry comes out as it went in. */
const Value = text(
  {
    expected: `text of 1 to ${MOST_BYTES} bytes without NUL`,
    mend: 'encode binary values, for example in base64',
    secret: true,
  },
  (value) =>
    value !== '' &&
    !value.includes('\0') &&
    Buffer.byteLength(value) <= MOST_BYTES &&
    Buffer.from(value).toString() === value,
);

export const secretRoutes: readonly Route[] = [
  route({
    ...none,
    method: 'get',
    path: '/secrets',
    role: 'admin',
    where: 'anywhere',
    run: (use, { context }) => pipe(use.listSecrets(context.caller), TE.map(list)),
  }),
  route({
    ...none,
    method: 'post',
    path: '/secrets',
    role: 'admin',
    where: ofSecret,
    body: closed({ ref: Ref, value: Value }, { reason: Reason }),
    run: (use, { context, body }) => pipe(use.setSecret(context, body.ref, body.value), TE.map(done(200))),
  }),
  route({
    ...none,
    method: 'post',
    path: '/secrets/remove',
    role: 'admin',
    where: ofSecret,
    body: closed({ ref: Ref }, { reason: Reason }),
    run: (use, { context, body }) => pipe(use.removeSecret(context, body.ref), TE.map(done(200))),
  }),
];
