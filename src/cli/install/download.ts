/** Fetches a package by its URL, keeps it in the cache folder of this user, and gives it only when it is the one that is configured. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rootCertificates } from 'node:tls';
import * as E from 'fp-ts/lib/Either.js';
import type { Failure } from './steps.js';

export interface Wanted {
  readonly url: string;
  /** Of the whole file, 64 lower-case hex digits. */
  readonly sha256: string;
  /** What the file is called, without any folder. */
  readonly file: string;
}

export interface DownloadOptions {
  /** Of this user; made when it is missing. */
  readonly folder: string;
  /** Certificates in PEM form that are trusted beside the usual ones. */
  readonly ca?: string;
  readonly signal: AbortSignal;
  /** Bytes so far, and of how many where the server says so. */
  readonly progress?: (bytes: number, of: number | undefined) => void;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  readonly bytes: number;
  /** Without a byte. */
  readonly silentMs: number;
  readonly redirects: number;
}

/** Packages of tools for a whole platform are a few hundred MiB; a runner's disk and a person's patience bound the rest. */
export const downloadLimits: Limits = { bytes: 2 * 1024 ** 3, silentMs: 60_000, redirects: 5 };

export interface Fetched {
  readonly path: string;
  /** Nothing was downloaded: the file lay there from before. */
  readonly cached: boolean;
}

/** `XDG_CACHE_HOME/baton`, as the XDG Base Directory Specification says where that is; undefined without a home. */
export const cacheFolder = (env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = env;
  // a relative path is to be ignored, says the specification
  if (cache.startsWith('/')) return join(cache, 'baton');
  return home.startsWith('/') ? join(home, '.cache', 'baton') : undefined;
};

/** Of a file that may not be there. */
const digestOf = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
};

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/u;

const isFit = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));

const failed = (code: string, sentence: string, hint: string): Failure => ({ code, sentence, hint });

const OWN_FILE = 'Or download it yourself, and give the file with -I.';

const unfit = (url: URL): Failure =>
  failed(
    'download_refused',
    `${url.origin} is no address that starts with https://, so nothing is downloaded from there.`,
    OWN_FILE,
  );

const open = (url: URL, { silentMs }: Limits, { ca, signal }: DownloadOptions): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
    const sent = request(url, { signal, ...trusted }, resolve);
    // of the socket, so it holds for the body as well
    sent.setTimeout(silentMs, () => {
      sent.destroy(new Error(`nothing came for ${silentMs / 1000} s`));
    });
    sent.once('error', reject);
    sent.end();
  });

/** The answer behind all redirects. */
const follow = async (
  start: URL,
  limits: Limits,
  options: DownloadOptions,
): Promise<E.Either<Failure, IncomingMessage>> => {
  let url = start;
  for (let hops = 0; hops <= limits.redirects; hops += 1) {
    if (!isFit(url)) return E.left(unfit(url));
    const answer = await open(url, limits, options);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 200) return E.right(answer);
    answer.destroy();
    const { location } = headers;
    const moved = statusCode >= 300 && statusCode < 400 && location !== undefined;
    if (!moved || !URL.canParse(location, url.href)) {
      return E.left(
        failed(
          'download_failed',
          `${url.origin} answers with the status ${statusCode}, not with the file.`,
          OWN_FILE,
        ),
      );
    }
    const next = new URL(location, url);
    // what began encrypted does not go on in the open, not even here
    if (url.protocol === 'https:' && next.protocol !== 'https:') return E.left(unfit(next));
    url = next;
  }
  return E.left(
    failed('download_failed', `${start.origin} redirects more than ${limits.redirects} times.`, OWN_FILE),
  );
};

class TooLong extends Error {}

const counted = (
  limits: Limits,
  of: number | undefined,
  progress: DownloadOptions['progress'],
): Transform => {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      progress?.(bytes, of);
      done(bytes > limits.bytes ? new TooLong() : null, chunk);
    },
  });
};

const lengthOf = ({ headers }: IncomingMessage): number | undefined => {
  const told = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(told) ? told : undefined;
};

/** Left behind by nobody: what is not whole and right is removed. */
const fetchInto = async (
  part: string,
  wanted: Wanted,
  limits: Limits,
  options: DownloadOptions,
): Promise<E.Either<Failure, void>> => {
  const answer = await follow(new URL(wanted.url), limits, options);
  if (E.isLeft(answer)) return answer;
  const target = createWriteStream(part, { mode: 0o600 });
  await pipeline(answer.right, counted(limits, lengthOf(answer.right), options.progress), target);
  const digest = await digestOf(part);
  return digest === wanted.sha256
    ? E.right(undefined)
    : E.left(
        failed(
          'checksum_differs',
          `${wanted.file} has the SHA-256 ${digest ?? ''}; configured is ${wanted.sha256}.`,
          'Find out why: either the file was exchanged, or the checksum in the configuration of the server is of another one.',
        ),
      );
};

const told = (wanted: Wanted, limits: Limits, error: unknown): Failure => {
  if (error instanceof TooLong)
    return failed(
      'download_too_long',
      `${wanted.file} is longer than ${limits.bytes / 1024 ** 2} MiB, so it was not taken.`,
      OWN_FILE,
    );
  const why = error instanceof Error ? error.message : String(error);
  return failed('download_failed', `${wanted.file} could not be downloaded: ${why}.`, OWN_FILE);
};

/** The file is whole, and has that digest; what lies in the cache is measured anew each time. */
export const download = async (
  wanted: Wanted,
  options: DownloadOptions,
): Promise<E.Either<Failure, Fetched>> => {
  const limits = { ...downloadLimits, ...options.limits };
  // by digest, so that two files of one name do not take each other's place
  const path = join(options.folder, `${wanted.sha256.slice(0, 16)}-${wanted.file}`);
  const part = `${path}.${process.pid}.part`;
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    if ((await digestOf(path)) === wanted.sha256) return E.right({ path, cached: true });
    const got = await fetchInto(part, wanted, limits, options);
    if (E.isLeft(got)) return got;
    await rename(part, path);
    return E.right({ path, cached: false });
  } catch (error) {
    return E.left(told(wanted, limits, error));
  } finally {
    await rm(part, { force: true });
  }
};
