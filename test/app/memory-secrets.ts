/** A secret store that lives in memory, and what is in it. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { SecretStore } from '../../src/app/ports.js';

export const memorySecrets = () => {
  const values = new Map<string, string>();
  const secrets: SecretStore = {
    put: (ref, value) => TE.rightIO(() => void values.set(ref, value)),
    get: (ref) => TE.rightIO(() => values.get(ref)),
    remove: (ref) => TE.rightIO(() => void values.delete(ref)),
    digest: (text) => `keyed ${text.length}`,
    sign: (text) => `token for ${text}`,
  };
  return { values, secrets };
};
