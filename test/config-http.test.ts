import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { readConfig, type Flags } from '../src/config.js';

const problems = (flags: Flags, env: Record<string, string> = {}): readonly string[] => {
  const config = readConfig(flags, env, '/');
  return E.isLeft(config) ? (config.left.problems ?? []).map(({ path }) => path) : [];
};
const http = (flags: Flags, env: Record<string, string> = {}) => {
  const config = readConfig(flags, env, '/');
  if (E.isLeft(config)) throw new Error(JSON.stringify(config.left.problems));
  return config.right.http;
};
const tls = { tlsCert: 'a.crt', tlsKey: 'a.key' };

describe('where the server may be reached', () => {
  it.each(['0.0.0.0:7350', '[::]:7350', '192.0.2.7:7350', 'baton.example.org:7350'])(
    'given %s in plaintext, then it is refused, unless it is asked for or there is TLS',
    (listen) => {
      expect(problems({ listen })).toEqual(['--listen']);
      expect(problems({ listen, insecureHttp: true })).toEqual([]);
      expect(problems({ listen }, { BATON_INSECURE_HTTP: '1' })).toEqual([]);
      expect(problems({ listen, ...tls })).toEqual([]);
    },
  );
  it('given a certificate without its key, or the other way round, then the missing one is named', () => {
    expect(problems({ tlsCert: 'a.crt' })).toEqual(['--tls-key']);
    expect(problems({}, { BATON_TLS_KEY: 'a.key' })).toEqual(['--tls-cert']);
  });
  it('given an address of its own, then it is a name that is answered to; the wildcard is none', () => {
    expect(http({ listen: '192.0.2.7:1', ...tls, allowedHost: ['b.example.org'] }).allowedHosts).toEqual([
      'b.example.org',
      '192.0.2.7',
    ]);
    expect(http({ listen: '[2001:db8::7]:1', ...tls }).allowedHosts).toEqual(['[2001:db8::7]']);
    expect(http({ listen: '0.0.0.0:1', ...tls }).allowedHosts).toEqual([]);
  });
});

describe('limits', () => {
  it('given nothing, then the usual ones; a flag goes before the environment', () => {
    expect(http({})).toMatchObject({ requestsPerSecond: 200, requestBurst: 1000, requestTimeoutMs: 30_000 });
    const env = { BATON_REQUEST_BURST: '7', BATON_STREAMS_PER_TOKEN: '3' };
    expect(http({ requestBurst: '9' }, env)).toMatchObject({ requestBurst: 9, streamsPerToken: 3 });
  });
  it('given several that cannot be used, then all are told at once', () => {
    expect(
      problems({ requestsPerSecond: '0', headerBytes: 'many', allowedHost: ['a b'] }).toSorted(),
    ).toEqual(['--allowed-host', '--header-bytes', '--requests-per-second']);
  });
});
