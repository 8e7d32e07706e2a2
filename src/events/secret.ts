/** Streams `secrets` and `phase_secrets-<sha>`: which secrets of people there are, and who changed them when. Never a value, nor a digest of one. */
import * as t from 'io-ts';
import { shape } from './shapes.js';

/** `ref`: enterprise, organisation and project as far as it is theirs, then the name, e.g. `acme/shop/web/DEPLOY_TOKEN`. */
export const SecretStored = t.type({ ref: t.string }, 'SecretStored');
export const SecretRemoved = t.type({ ref: t.string }, 'SecretRemoved');

export const secretEvents = { SecretStored, SecretRemoved };

/**
 * The names of the secrets that one phase is given, looked for in its project, organisation and enterprise. With `stage`: in that
 * stage alone, and there instead of what holds without; perhaps none.
 */
export const PhaseSecrets = shape(
  'PhaseSecrets',
  { phase: t.string, secrets: t.readonlyArray(t.string) },
  { stage: t.string },
);
export type PhaseSecrets = t.TypeOf<typeof PhaseSecrets>;

/** Of the standalone host: what the configuration of the commit in the stream's name says. */
export const PhaseSecretsConfigured = t.type(
  { phases: t.readonlyArray(PhaseSecrets) },
  'PhaseSecretsConfigured',
);

export const phaseSecretsEvents = { PhaseSecretsConfigured };
