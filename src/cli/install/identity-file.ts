/** A private key as it lies in a file: is it one, is it locked with a passphrase, and what of it can be logged in with? */
import { createPrivateKey } from 'node:crypto';
import { isUsableKey } from '../../ssh/keys.js';

/** Magic words of OpenSSH's own format (PROTOCOL.key), with the zero behind it. */
const MAGIC = 'openssh-key-v1\0';

/** The cipher of a key in OpenSSH's format stands first in it. */
const cipherOf = (pem: string): string | undefined => {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/u.exec(pem)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  const start = MAGIC.length + 4;
  if (bytes.length < start || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  return bytes.toString('latin1', start, start + bytes.readUInt32BE(MAGIC.length));
};

/** `text`: a private key in OpenSSH, PKCS #8 or PEM form. Told before a passphrase is asked for, and without a guess. */
export const isLocked = (text: string): boolean => {
  const cipher = cipherOf(text);
  return cipher === undefined
    ? /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/mu.test(text)
    : cipher !== 'none';
};

/** One line as in `authorized_keys`, or the form of RFC 4716. */
export const isPublicKey = (text: string): boolean =>
  /^(?:(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+ AAAA|---- BEGIN SSH2 PUBLIC KEY)/u.test(text);

export interface Key {
  readonly privateKey: string;
  readonly passphrase?: string;
}

/** PKCS #8, which ssh2 does not read, in the older form of its algorithm, which it does. */
const olderForm = (text: string, passphrase: string | undefined): string | undefined => {
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
    return key.export({ type, format: 'pem' }).toString();
  } catch {
    return undefined;
  }
};

/** What of it can be logged in with; undefined: nothing, be it for a wrong passphrase or for what it is. */
export const unlocked = (text: string, passphrase?: string): Key | undefined => {
  if (/^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/u.test(text)) {
    const privateKey = olderForm(text, passphrase);
    return privateKey === undefined ? undefined : { privateKey };
  }
  return isUsableKey(text, passphrase)
    ? { privateKey: text, ...(passphrase === undefined ? {} : { passphrase }) }
    : undefined;
};
