/** Files with certificates, as the machine gets them: each certificate looked at, and named by its file. */
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { certificatesIn } from '../../install/check-spec.js';
import type { PemFile } from '../../install/machine.js';
import type { Io } from '../io.js';
import { refused, type Failure } from './steps.js';
import type { Wish } from './wish.js';

/** The largest bundles of a system's authorities are a quarter of that. */
const LIMIT_BYTES = 1_048_576;

/** Small letters, digits, `.`, `_` and `-`; what else there is becomes a dash. */
const wordOf = (file: string): string =>
  basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, '-')
    .replace(/^[^a-z0-9]+/u, '')
    .slice(0, 60) || 'certificate';

const unusable = (file: string, why: string, hint?: string): E.Either<Failure, never> =>
  refused('certificate_unusable', `${file} ${why}.`, hint);

/** X.690 §8.9: how whatever is no text, but a certificate all the same, begins. */
const SEQUENCE = 0x30;

/** The certificates of one file, in its order; anything between them is left out. */
const certificatesOf = async (io: Io, file: string): Promise<E.Either<Failure, readonly string[]>> => {
  const path = resolve(io.cwd, file);
  let bytes: Buffer;
  try {
    if ((await stat(path)).size > LIMIT_BYTES) return unusable(file, 'is longer than 1 MiB');
    bytes = await readFile(path);
  } catch {
    return unusable(file, 'cannot be read');
  }
  if (bytes[0] === SEQUENCE && bytes.includes(0))
    return unusable(
      file,
      'is not in PEM form, but perhaps in DER',
      'Make it PEM: openssl x509 -inform der -in FILE -out FILE.pem',
    );
  const found = certificatesIn(bytes.toString('utf8'), new Date(io.now()));
  return E.isLeft(found)
    ? unusable(file, `holds ${found.left}`)
    : E.right(found.right.map((pem) => `${pem}\n`));
};

/** One certificate each; of several in a file, and of files of the same name, the names are numbered. */
const readCertificates = async (
  io: Io,
  files: readonly string[],
): Promise<E.Either<Failure, readonly PemFile[]>> => {
  const all: PemFile[] = [];
  for (const file of files) {
    const found = await certificatesOf(io, file);
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
const readChain = async (io: Io, file: string): Promise<E.Either<Failure, PemFile>> => {
  const found = await certificatesOf(io, file);
  return E.isLeft(found) ? found : E.right({ name: wordOf(file), pem: found.right.join('') });
};

/** What a person gives in files for the machine. */
export interface Given {
  readonly certificates: readonly PemFile[];
  readonly fipsChain?: PemFile;
}

/** Read before anybody logs in. */
export const readGiven = async (
  io: Io,
  { trustedCerts, fipsChain }: Pick<Wish, 'trustedCerts' | 'fipsChain'>,
): Promise<E.Either<Failure, Given>> => {
  const certificates = await readCertificates(io, trustedCerts);
  if (E.isLeft(certificates)) return certificates;
  if (fipsChain === undefined) return E.right({ certificates: certificates.right });
  const chain = await readChain(io, fipsChain);
  return E.isLeft(chain) ? chain : E.right({ certificates: certificates.right, fipsChain: chain.right });
};
