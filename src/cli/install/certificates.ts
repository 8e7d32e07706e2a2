/** Files with certificates, as the machine gets them: each certificate looked at, and named by its file. */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { PemFile } from '../../install/machine.js';
import type { Io } from '../io.js';
import type { Failure } from './steps.js';

/** The largest bundles of a system's authorities are a quarter of that. */
const LIMIT_BYTES = 1_048_576;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/gu;

const isCertificate = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
};

/** Small letters, digits, `.`, `_` and `-`; what else there is becomes a dash. */
const wordOf = (file: string): string =>
  basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, '-')
    .replace(/^[^a-z0-9]+/u, '')
    .slice(0, 60) || 'certificate';

const refused = (file: string, why: string): E.Either<Failure, never> =>
  E.left({ code: 'certificate_unusable', sentence: `${file} ${why}.` });

/** The certificates of one file, in its order; anything between them is left out. */
const certificatesIn = async (io: Io, file: string): Promise<E.Either<Failure, readonly string[]>> => {
  const path = resolve(io.cwd, file);
  let text: string;
  try {
    if ((await stat(path)).size > LIMIT_BYTES) return refused(file, 'is longer than 1 MiB');
    text = await readFile(path, 'utf8');
  } catch {
    return refused(file, 'cannot be read');
  }
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) return refused(file, 'holds no certificate in PEM form');
  return found.every(isCertificate)
    ? E.right(found.map((pem) => `${pem}\n`))
    : refused(file, 'holds something in PEM form that is no certificate');
};

/** One certificate each; of several in a file, and of files of the same name, the names are numbered. */
export const readCertificates = async (
  io: Io,
  files: readonly string[],
): Promise<E.Either<Failure, readonly PemFile[]>> => {
  const all: PemFile[] = [];
  for (const file of files) {
    const found = await certificatesIn(io, file);
    if (E.isLeft(found)) return found;
    for (const pem of found.right) {
      if (all.some((one) => one.pem === pem)) continue;
      const word = wordOf(file);
      const before = all.filter(({ name }) => name === word || name.startsWith(`${word}-`)).length;
      all.push({ name: before === 0 ? word : `${word}-${before + 1}`, pem });
    }
  }
  return E.right(all);
};

/** A chain stays one file. */
export const readChain = async (io: Io, file: string): Promise<E.Either<Failure, PemFile>> => {
  const found = await certificatesIn(io, file);
  return E.isLeft(found) ? found : E.right({ name: wordOf(file), pem: found.right.join('') });
};
