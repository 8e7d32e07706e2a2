/** Which private keys can be logged in with, and which are locked. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isLocked, isPublicKey, unlocked } from '../../../src/cli/install/identity-file.js';
import { generateKeyPair, publicKeyOf } from '../../../src/ssh/keys.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const lock = { cipher: 'aes-256-cbc', passphrase: 'Kanarien' } as const;

const pem = (key: typeof rsa.privateKey, type: 'pkcs1' | 'pkcs8' | 'sec1', locked = false): string =>
  key.export({ type, format: 'pem', ...(locked ? lock : {}) }).toString();

describe('a private key in a file', () => {
  it.each([
    ['RSA, older PEM', 'pkcs1', rsa.privateKey],
    ['RSA, PKCS #8', 'pkcs8', rsa.privateKey],
    ['ECDSA, older PEM', 'sec1', ec.privateKey],
    ['ECDSA, PKCS #8', 'pkcs8', ec.privateKey],
  ] as const)('given %s, then it can be used, locked with its passphrase alone', (_what, type, key) => {
    const [open, locked] = [pem(key, type), pem(key, type, true)];
    expect([isLocked(open), isLocked(locked)]).toEqual([false, true]);
    const usable = unlocked(open);
    expect(publicKeyOf(usable?.privateKey ?? '')).toBeInstanceOf(Buffer);
    expect(unlocked(locked, 'Kanarien')).toBeDefined();
    expect(unlocked(locked, 'another')).toBeUndefined();
    expect(unlocked(locked)).toBeUndefined();
  });

  it('given one that ssh has no other form for, half a key or a public one, then it cannot be used', () => {
    const { privateKey, publicKey } = generateKeyPair();
    expect(unlocked(privateKey)).toEqual({ privateKey });
    for (const text of [pem(ed.privateKey, 'pkcs8'), privateKey.slice(0, 120), publicKey, ''])
      expect(unlocked(text)).toBeUndefined();
    expect([publicKey, privateKey].map(isPublicKey)).toEqual([true, false]);
  });
});
