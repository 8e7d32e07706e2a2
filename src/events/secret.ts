/** Stream `secrets`: which secrets of people there are, and who changed them when. Never a value, nor a digest of one. */
import * as t from 'io-ts';

/** `ref`: enterprise, organisation and project as far as it is theirs, then the name, e.g. `acme/shop/web/DEPLOY_TOKEN`. */
export const SecretStored = t.type({ ref: t.string }, 'SecretStored');
export const SecretRemoved = t.type({ ref: t.string }, 'SecretRemoved');

export const secretEvents = { SecretStored, SecretRemoved };
