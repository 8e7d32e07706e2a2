/** How is a secret sealed? AES-256-GCM under a key derived from the operator's; header and name are authenticated too. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { OperatorKey } from './operator-key.js';
import type { SealProblem } from './problems.js';

const VERSION = 'baton-sealed-1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Name of the file of a reference: it tells nothing, and any reference becomes a plain word. */
export const nameOf = (ref: string): string => createHash('sha256').update(ref, 'utf8').digest('hex');

/** What a file is, as far as it can be told without a key. */
export type Kind =
  | { readonly kind: 'sealed'; readonly keyId: string }
  /** A private key of a runner as Baton 0.1.0 kept it, the only secrets there were. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'damaged' };

/** Nothing but a whole header counts as sealed, nothing but a private key as clear: a flipped byte makes neither. */
export const kindOf = (text: string): Kind => {
  const [, keyId] = /^baton-sealed-\d+ ([0-9a-f]{16}) [0-9a-f]{64} /.exec(text) ?? [];
  if (keyId !== undefined) return { kind: 'sealed', keyId };
  return { kind: /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) ? 'clear' : 'damaged' };
};

/** One line: version, id of the key, name of the file, then nonce, ciphertext and tag in base64. */
export const seal = (key: OperatorKey, name: string, value: string): string => {
  const header = `${VERSION} ${key.id} ${name}`;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce).setAAD(Buffer.from(header));
  const sealed = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${header} ${sealed.toString('base64')}\n`;
};

/** The value, or why this text does not give it. Nothing of the text is repeated. */
export const unseal = (key: OperatorKey, name: string, text: string): E.Either<SealProblem, string> => {
  const [version = '', keyId = '', found = '', body = ''] = text.trimEnd().split(' ');
  if (/^baton-sealed-\d+$/.test(version) && version !== VERSION) return E.left('too_new');
  const wellFormed =
    version === VERSION &&
    /^[0-9a-f]{16}$/.test(keyId) &&
    /^[0-9a-f]{64}$/.test(found) &&
    text.endsWith('\n');
  const bytes = Buffer.from(body, 'base64');
  if (!wellFormed || bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64') !== body)
    return E.left('damaged');
  if (keyId !== key.id) return E.left('other_key');
  if (found !== name) return E.left('other_name');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(bytes.length - TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.sealing, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(`${version} ${keyId} ${found}`))
      .setAuthTag(tag);
    const value = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
    return E.right(Buffer.concat([value, decipher.final()]).toString('utf8'));
  } catch {
    return E.left('damaged');
  }
};
