/** Who is let in, what is believed, and what is never said aloud? */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openEsdbStore } from '../../src/store/esdb/store.js';
import { memoryStore } from '../../src/store/memory.js';
import { event, ok, refusal } from '../contract/event-store-tools.js';
import { nodeOver, openAt } from './esdb-tools.js';

const PASSWORD = 'p@ss:w/rd?';
const user = { name: 'baton', password: PASSWORD };

let folder: string;
const pem = (name: string): string => join(folder, name);
const certificate = (name: string): void => {
  const files = ['-keyout', pem(`${name}.key`), '-out', pem(`${name}.pem`)];
  const what = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...what],
    {
      stdio: 'ignore',
    },
  );
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-esdb-'));
  certificate('ours');
  certificate('other');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const withTls = async (run: (port: number) => Promise<void>): Promise<void> => {
  const tls = { cert: readFileSync(pem('ours.pem')), key: readFileSync(pem('ours.key')) };
  const below = memoryStore();
  const node = await nodeOver(below, { tls, user });
  try {
    await run(node.port);
  } finally {
    await node.close();
    await below.close();
  }
};
const address = (port: number, ca: string): string =>
  `esdb://127.0.0.1:${String(port)}?tlsCAFile=${encodeURIComponent(pem(ca))}`;

describe('a node with TLS and a user', () => {
  it('given the authority and the password, then it serves', () =>
    withTls(async (port) => {
      const credentials = { user: 'baton', password: PASSWORD };
      const store = await openAt(address(port, 'ours.pem'), { credentials });
      expect(await ok(store.append('job-1', [event(1)], 'no_stream'))).toMatchObject({ revision: 0 });
      expect(await ok(store.readStream('job-1'))).toHaveLength(1);
      await store.close();
      const login = `baton:${encodeURIComponent(PASSWORD)}@`;
      const inAddress = await openAt(address(port, 'ours.pem').replace('://', `://${login}`));
      expect(await ok(inAddress.readStream('job-1'))).toHaveLength(1);
      await inAddress.close();
    }));

  it('given a wrong password or none, then reads and appends are refused, and no password is shown', () =>
    withTls(async (port) => {
      for (const credentials of [{ user: 'baton', password: 'wrong-secret' }, undefined]) {
        const store = await openAt(
          address(port, 'ours.pem'),
          credentials === undefined ? {} : { credentials },
        );
        const told = [
          await refusal(store.append('job-1', [event(1)], 'no_stream')),
          await refusal(store.readStream('job-1')),
          await refusal(store.head()),
        ];
        for (const one of told) expect(one).toMatchObject({ why: 'access_denied' });
        expect(JSON.stringify(told)).not.toContain('wrong-secret');
        await store.close();
      }
    }));

  it('given an authority that did not sign its certificate, then nothing is sent, and the reason is told', () =>
    withTls(async (port) => {
      const store = await openAt(address(port, 'other.pem'), { patienceMs: 3_000 });
      expect(await refusal(store.head())).toMatchObject({ code: 'store_unavailable', why: 'tls' });
      await store.close();
    }));
});

describe('the address of a store', () => {
  it.each([
    ['an unknown option', 'esdb://baton:s3cret@host:2113?colour=red'],
    ['checks turned off', 'esdb://baton:s3cret@host:2113?tlsVerifyCert=false'],
    ['reserved characters', 'esdb://baton:s3cret?x/y@host:2113'],
    ['no password', 'esdb://s3cret@host:2113'],
    ['a certificate file that is not there', 'esdb://baton:s3cret@host:2113?tlsCAFile=/nowhere/ca.pem'],
    ['a port that is none', 'esdb://baton:s3cret@host:many'],
  ])(
    'given %s, then it is refused with a sentence, and nothing of the password is said anywhere',
    async (_, text) => {
      const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const opened = await openEsdbStore({ address: text });
      expect(E.isLeft(opened)).toBe(true);
      expect(JSON.stringify(opened)).not.toContain('s3cret');
      expect(JSON.stringify(warned.mock.calls)).not.toContain('s3cret');
      warned.mockRestore();
    },
  );

  it('given a password and a server that is away, then errors show the address without it', async () => {
    const problems: string[] = [];
    const store = await openAt('esdb://baton:s3cret@127.0.0.1:1?tls=false', {
      onProblem: (message) => problems.push(message),
    });
    const told = await refusal(store.head());
    expect(told).toMatchObject({ why: 'unreachable' });
    expect(JSON.stringify(told)).toContain('esdb://127.0.0.1:1');
    expect(JSON.stringify([told, problems])).not.toContain('s3cret');
    expect(problems[0]).toContain('not sent');
    await store.close();
  });

  it('given esdb+discover, then the node names itself and is used', async () => {
    const below = memoryStore();
    const node = await nodeOver(below);
    const store = await openAt(`esdb+discover://127.0.0.1:${String(node.port)}?tls=false`);
    expect(await ok(store.append('job-1', [event(1)], 'no_stream'))).toMatchObject({ revision: 0 });
    await store.close();
    await node.close();
    await below.close();
  });
});
