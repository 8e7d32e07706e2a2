/** The tokens and secrets of a build, as they lie in its record: sealed by the operator key, under the name of the build. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { OperatorKey } from '../../../src/secrets/operator-key.js';
import { nameOf, seal, unseal } from '../../../src/secrets/seal.js';

const Sealed = t.type({
  /** The one of the build once it was got, until then that of its start. */
  token: t.string,
  /** In the order of the names in the record. */
  secrets: t.array(t.string),
});
export type SealedValues = t.TypeOf<typeof Sealed>;

const nameFor = (buildId: number): string => nameOf(`screwdriver/build/${buildId}`);

export const sealValues = (key: OperatorKey, buildId: number, values: SealedValues): string =>
  seal(key, nameFor(buildId), JSON.stringify(values));

/** Undefined: sealed by another key, for another build, or damaged. */
export const openValues = (key: OperatorKey, buildId: number, text: string): SealedValues | undefined => {
  const opened = unseal(key, nameFor(buildId), text);
  if (E.isLeft(opened)) return undefined;
  const decoded = Sealed.decode(JSON.parse(opened.right));
  return E.isRight(decoded) ? decoded.right : undefined;
};
