/** Which secrets there are. Storing a new value is the same fact again; only what is there can be removed. */
import * as E from 'fp-ts/lib/Either.js';
import type { SecretEvent } from '../events/catalog.js';
import { never, type Decider } from '../kernel/decider.js';

export type SecretCommand =
  | { readonly kind: 'StoreSecret'; readonly ref: string }
  | { readonly kind: 'RemoveSecret'; readonly ref: string };

export interface SecretRefusal {
  readonly code: 'secret_unknown';
}

/** References of those that are there. */
export type SecretsState = ReadonlySet<string>;

const evolve = (state: SecretsState, event: SecretEvent): SecretsState => {
  const next = new Set(state);
  switch (event.type) {
    case 'SecretStored':
      return next.add(event.data.ref);
    case 'SecretRemoved':
      next.delete(event.data.ref);
      return next;
    default:
      return never(event);
  }
};

const decide = (
  { kind, ref }: SecretCommand,
  state: SecretsState,
): E.Either<SecretRefusal, readonly SecretEvent[]> => {
  if (kind === 'StoreSecret') return E.right([{ type: 'SecretStored', data: { ref } }]);
  return state.has(ref)
    ? E.right([{ type: 'SecretRemoved', data: { ref } }])
    : E.left({ code: 'secret_unknown' });
};

/** Decides for the stream `secrets`. */
export const secretsDecider: Decider<SecretCommand, SecretsState, SecretEvent, SecretRefusal> = {
  initial: new Set<string>(),
  decide,
  evolve,
};
