/** Is this private key locked with a passphrase? Told before one is asked for, and without a guess. */

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

/** `text`: a private key in OpenSSH, PKCS #8 or PEM form. */
export const isLocked = (text: string): boolean => {
  const cipher = cipherOf(text);
  return cipher === undefined
    ? /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/mu.test(text)
    : cipher !== 'none';
};
