/** What are keys called, and how is a new pair made? */
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';

export interface KeyPair {
  /** OpenSSH format; a secret. */
  readonly privateKey: string;
  /** One line, as in `authorized_keys`. */
  readonly publicKey: string;
}

/** A new ed25519 pair. About one in 250 that ssh2 1.17 makes is cut short, and not even ssh2 can read it; it is made anew. */
export const generateKeyPair = (): KeyPair => {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519');
    if (publicKeyOf(privateKey) !== undefined && publicKeyOf(publicKey) !== undefined)
      return { privateKey, publicKey };
  }
};

/** `SHA256:` and base64 without padding, as OpenSSH prints it; `key` is the public key in wire form (RFC 4253 §6.6). */
export const fingerprintOf = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** Wire form of a public key, or of the public half of a private one; undefined when the text is no key. */
export const publicKeyOf = (text: string): Buffer | undefined => {
  const parsed: unknown = ssh2.utils.parseKey(text);
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (typeof key !== 'object' || key === null || key instanceof Error) return undefined;
  return 'getPublicSSH' in key && typeof key.getPublicSSH === 'function'
    ? asBuffer(Reflect.apply(key.getPublicSSH, key, []))
    : undefined;
};

const asBuffer = (value: unknown): Buffer | undefined => (Buffer.isBuffer(value) ? value : undefined);

/** The public half as one line for `authorized_keys`; undefined when the text is no key that can be used without a passphrase. */
export const publicKeyLineOf = (text: string): string | undefined => {
  const wire = publicKeyOf(text);
  if (wire === undefined) return undefined;
  // RFC 4253 §6.6: the wire form begins with the name of the algorithm, as a counted string
  const algorithm = wire.subarray(4, 4 + wire.readUInt32BE(0)).toString('ascii');
  return `${algorithm} ${wire.toString('base64')}`;
};

/** Can it be logged in with? `text`: a private key in OpenSSH's or the older PEM form; undefined `passphrase`: it has none. */
export const isUsableKey = (text: string, passphrase?: string): boolean => {
  const parsed = ssh2.utils.parseKey(text, passphrase);
  return !(parsed instanceof Error) && parsed.isPrivateKey();
};
