import { describe, expect, it } from 'vitest';
import { generateKeyPair, publicKeyLineOf, publicKeyOf } from '../../src/ssh/keys.js';

describe('generateKeyPair', () => {
  // one in some 250 of ssh2's own pairs cannot be read, so that fewer would prove nothing
  it(
    'given 2000 pairs, then each half of each can be read, and they belong together',
    { timeout: 60_000 },
    () => {
      for (let i = 0; i < 2000; i += 1) {
        const { privateKey, publicKey } = generateKeyPair();
        expect(publicKeyOf(privateKey)).toHaveLength(51);
        expect(publicKeyLineOf(privateKey)).toBe(publicKey.split(' ').slice(0, 2).join(' '));
      }
    },
  );
});
