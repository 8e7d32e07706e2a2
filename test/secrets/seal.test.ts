import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedDigest, operatorKey, signature } from '../../src/secrets/operator-key.js';
import { kindOf, nameOf, seal, unseal } from '../../src/secrets/seal.js';

const key = operatorKey(Buffer.alloc(32, 1));
const other = operatorKey(Buffer.alloc(32, 2));
const name = nameOf('default/TOKEN');
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('a sealed secret', () => {
  it('given any value, then it opens with the same key and name, and nothing of it can be seen', () => {
    fc.assert(
      fc.property(text, (value) => {
        const sealed = seal(key, name, value);
        expect(unseal(key, name, sealed)).toEqual(E.right(value));
        expect(kindOf(sealed)).toEqual({ kind: 'sealed', keyId: key.id });
        if (value.length > 4) expect(sealed).not.toContain(value);
      }),
    );
  });
  it('given the same value twice, then the two differ', () => {
    expect(seal(key, name, 'x')).not.toBe(seal(key, name, 'x'));
  });
  it('given any flipped bit, then it gives no value, and never counts as kept in clear', () => {
    const bytes = Buffer.from(seal(key, name, 'correct horse battery'), 'latin1');
    for (let at = 0; at < bytes.length; at++)
      for (const bit of [1, 2, 32, 128]) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ bit;
        const found = flipped.toString('latin1');
        expect(E.isLeft(unseal(key, name, found)), `bit ${bit} of byte ${at}`).toBe(true);
        expect(kindOf(found).kind).not.toBe('clear');
      }
  });
  it('given any part of the file, then it is damaged', () => {
    const sealed = seal(key, name, 'correct horse battery');
    for (let length = 0; length < sealed.length; length++)
      expect(unseal(key, name, sealed.slice(0, length))).toEqual(E.left('damaged'));
  });
  it('given another key, another name or a newer form, then each is said', () => {
    const sealed = seal(key, name, 'x');
    expect(unseal(other, name, sealed)).toEqual(E.left('other_key'));
    expect(unseal(key, nameOf('default/OTHER'), sealed)).toEqual(E.left('other_name'));
    expect(unseal(key, name, sealed.replace('baton-sealed-1', 'baton-sealed-2'))).toEqual(E.left('too_new'));
  });
  it('given a header that names the key or the file anew, then it is noticed', () => {
    const sealed = seal(key, name, 'x');
    expect(unseal(other, name, sealed.replace(key.id, other.id))).toEqual(E.left('damaged'));
    const elsewhere = nameOf('default/OTHER');
    expect(unseal(key, elsewhere, sealed.replace(name, elsewhere))).toEqual(E.left('damaged'));
  });
});

describe('the keyed digest', () => {
  it('is the same for the same text under the same key, and only then', () => {
    expect(keyedDigest(key, 'a')).toBe(keyedDigest(key, 'a'));
    expect(keyedDigest(key, 'a')).not.toBe(keyedDigest(key, 'b'));
    expect(keyedDigest(key, 'a')).not.toBe(keyedDigest(other, 'a'));
    expect(keyedDigest(key, 'a')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a signature', () => {
  it('is the same for the same key and text, differs with either, and is no digest of it', () => {
    const token = signature(key, 'report j.1');
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(signature(key, 'report j.1')).toBe(token);
    expect(signature(key, 'report j.2')).not.toBe(token);
    expect(signature(other, 'report j.1')).not.toBe(token);
    // digests stand in events: they must not be tokens
    expect(Buffer.from(token, 'base64url').toString('hex')).not.toBe(keyedDigest(key, 'report j.1'));
  });
});
