/** A package is fetched from a real HTTP server, or refused. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, download, type DownloadOptions } from '../../../src/cli/install/download.js';

const content = Buffer.alloc(300_000, 'package ');
const sha256 = createHash('sha256').update(content).digest('hex');

let folder = '';
let server: Server;
let answer: RequestListener;
let asked: string[] = [];
let base = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-cache-'));
  asked = [];
  answer = (_request, response) => void response.end(content);
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const fetched = (over: Partial<DownloadOptions> = {}, digest = sha256) =>
  download(
    { url: `${base}/a/tool_1.0_amd64.deb`, sha256: digest, file: 'tool_1.0_amd64.deb' },
    { folder: join(folder, 'cache'), signal: new AbortController().signal, ...over },
  );
const kept = () => readdir(join(folder, 'cache'));

describe('a download', () => {
  it('given the right file, then it lies in the cache, and a second time nothing is asked for', async () => {
    const seen: (readonly [number, number | undefined])[] = [];
    const got = await fetched({ progress: (bytes, of) => void seen.push([bytes, of]) });
    const path = E.isRight(got) ? got.right.path : '';
    expect(got).toEqual(E.right({ path, cached: false }));
    expect((await readFile(path)).equals(content)).toBe(true);
    expect(seen.at(-1)).toEqual([content.length, content.length]);
    expect(await fetched()).toEqual(E.right({ path, cached: true }));
    expect(asked).toEqual(['/a/tool_1.0_amd64.deb']);
  });

  it('given a file that was changed in the cache, then it is fetched anew', async () => {
    const got = await fetched();
    await writeFile(E.isRight(got) ? got.right.path : '', 'other');
    expect(await fetched()).toMatchObject({ right: { cached: false } });
    expect(asked.length).toBe(2);
  });

  it('given another digest, then it is refused with both, and nothing is kept', async () => {
    const other = 'a'.repeat(64);
    const got = await fetched({}, other);
    expect(got).toMatchObject({ left: { code: 'checksum_differs' } });
    expect(JSON.stringify(got)).toContain(sha256);
    expect(JSON.stringify(got)).toContain(other);
    expect(await kept()).toEqual([]);
  });

  it('given redirects, then they are followed, but not for ever and not into the open', async () => {
    answer = ({ url }, response) => {
      if (url === '/b') response.end(content);
      else response.writeHead(302, { Location: '/b' }).end();
    };
    expect(await fetched()).toMatchObject({ right: { cached: false } });
    await rm(join(folder, 'cache'), { recursive: true });
    answer = (_request, response) => void response.writeHead(302, { Location: '/again' }).end();
    expect(await fetched()).toMatchObject({ left: { code: 'download_failed' } });
    answer = (_request, response) => void response.writeHead(302, { Location: 'http://192.0.2.1/x' }).end();
    expect(await fetched()).toMatchObject({ left: { code: 'download_refused' } });
    expect(await kept()).toEqual([]);
  });

  it('given too much, an error, silence or an abort, then that is said and nothing is kept', async () => {
    expect(await fetched({ limits: { bytes: 1000 } })).toMatchObject({ left: { code: 'download_too_long' } });
    answer = (_request, response) => void response.writeHead(404).end();
    const missing = await fetched();
    expect(missing).toMatchObject({ left: { code: 'download_failed' } });
    expect(JSON.stringify(missing)).toContain('404');
    answer = (_request, response) => void response.write('half');
    expect(await fetched({ limits: { silentMs: 50 } })).toMatchObject({ left: { code: 'download_failed' } });
    const abort = new AbortController();
    answer = (_request, response) => {
      response.write('half');
      abort.abort();
    };
    expect(await fetched({ signal: abort.signal })).toMatchObject({ left: { code: 'download_failed' } });
    expect(await kept()).toEqual([]);
  });
});

describe('the cache folder', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/c', HOME: '/h' }, '/c/baton'],
    [{ XDG_CACHE_HOME: 'c', HOME: '/h' }, '/h/.cache/baton'],
    [{ HOME: '/h' }, '/h/.cache/baton'],
    [{}, undefined],
  ])('given %j, then %s', (env, expected) => {
    expect(cacheFolder(env)).toBe(expected);
  });
});
