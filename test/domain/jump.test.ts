import { describe, expect, it } from 'vitest';
import { jumpOf } from '../../src/domain/jump.js';

describe('a jump host', () => {
  it.each([
    ['gate@jump.example.org', { user: 'gate', host: 'jump.example.org', port: 22 }],
    ['gate@10.0.0.1:2222', { user: 'gate', host: '10.0.0.1', port: 2222 }],
    ['gate@[fe80::1]:2222', { user: 'gate', host: 'fe80::1', port: 2222 }],
  ])('given %s, then it is read', (text, jump) => {
    expect(jumpOf(text)).toEqual(jump);
  });
  it.each([
    'jump',
    '@jump',
    'a@',
    'a@-oProxyCommand=x',
    '-a@b',
    'a b@c',
    'a@b:0',
    'a@b:99999',
    'a@b:c',
    'a@b@c',
    'a@b\n',
  ])('given %j, then it is none', (text) => {
    expect(jumpOf(text)).toBeUndefined();
  });
});
