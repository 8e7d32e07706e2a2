/** Who asks, as delivery-cli shows it: `chef-delivery-user` and `chef-delivery-token`. The token is one of Baton's. */
import type { IncomingMessage } from 'node:http';
import { appError } from '../../app/errors.js';
import type { Caller, UseCases } from '../../app/use-cases.js';
import { bearer, type Authenticator } from '../auth.js';

const USER = 'chef-delivery-user';
const TOKEN = 'chef-delivery-token';

const HOW =
  'Make one with `baton token create USER --role ROLE`, and put it into ~/.delivery/api-tokens as `SERVER,ENTERPRISE,USER|TOKEN`; SERVER with its port, as delivery-cli knows it.';

const missing = appError(
  'unauthenticated',
  'token_missing',
  `The request carries no ${USER} and ${TOKEN}, and no \`Authorization: Bearer\` token.`,
  { hint: HOW },
);
/** Never known, revoked, expired, or another's: which of these is not told. */
const unknown = appError(
  'unauthenticated',
  'token_unknown',
  'The token is not known here as one of that user.',
  {
    hint: HOW,
  },
);
/** Whoever logs addresses has it now. */
const inUrl = appError(
  'unauthenticated',
  'token_in_url',
  'A token in the address stands in logs and histories, so it is not looked at.',
  { hint: `Send the headers ${USER} and ${TOKEN}, and revoke that token.` },
);

/** These two headers, else what is accepted elsewhere. Not cookies, which a page of others could make a browser send. */
export const v0Authenticator = (
  useCases: Pick<UseCases, 'authenticate'>,
  callerOf?: (request: IncomingMessage) => Caller | undefined,
): Authenticator => {
  const otherwise = bearer(useCases, callerOf);
  return (ctx) => {
    if (TOKEN in ctx.query) return { via: 'token', callerNow: () => undefined, refusal: inUrl };
    const user = ctx.get(USER);
    const token = ctx.get(TOKEN);
    if (user === '' && token === '') {
      const shown = otherwise(ctx);
      return shown.via === 'host' ? shown : { ...shown, refusal: missing };
    }
    return {
      via: 'token',
      callerNow: () => {
        const caller = useCases.authenticate(token);
        return caller?.actor === user ? caller : undefined;
      },
      refusal: unknown,
    };
  };
};
