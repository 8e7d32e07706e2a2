/** Is what shall be made of a machine possible at all? All problems at once, before anybody logs in. */
import { X509Certificate } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError, type Problem } from '../app/errors.js';
import { publicKeyLineOf } from '../ssh/keys.js';
import type { PackageFile, PemFile, RunnerSpec } from './machine.js';
import { MOST_SLOTS } from '../domain/most-slots.js';

/** Short enough to stay a name of an account with `-` and a number behind it (32 characters, useradd(8)). */
const userPattern = /^[a-z_][a-z0-9_-]{0,27}$/;
const plainPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export const isRunnerUser = (text: string): boolean => userPattern.test(text);

/** Absolute, no `.`, `..` or empty parts, and only characters that mean nothing to sudoers and to a shell. */
const isPath = (text: string): boolean =>
  /^(?:\/[A-Za-z0-9._+-]+)+$/.test(text) && text.split('/').every((part) => part !== '.' && part !== '..');

const blocks = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a text that holds nothing but certificates and comments; a string says what else it holds. */
export const certificatesIn = (pem: string, now: Date): E.Either<string, readonly string[]> => {
  // a key that came along by mistake would be readable by all
  if (/PRIVATE KEY/.test(pem)) return E.left('a private key');
  const found = pem.match(blocks) ?? [];
  if (found.length < pem.split('-----BEGIN CERTIFICATE-----').length - 1)
    return E.left('a certificate that is damaged or cut short');
  if (found.length === 0) return E.left('no certificate in PEM form');
  for (const block of found) {
    try {
      const { validTo } = new X509Certificate(block);
      if (new Date(validTo) < now) return E.left(`a certificate that expired on ${validTo}`);
    } catch {
      return E.left('a certificate that cannot be read');
    }
  }
  return E.right(found);
};

const problem = (path: string, expected: string, found: string, mend?: string): Problem => ({
  ...{ path, expected, found },
  ...(mend === undefined ? {} : { mend }),
});

const checkPem = (path: string, file: PemFile, most: number, now: Date): readonly Problem[] => {
  const found = certificatesIn(file.pem, now);
  return [
    ...(plainPattern.test(file.name)
      ? []
      : [problem(`${path}.name`, 'small letters, digits, `.`, `_` and `-`', file.name)]),
    ...(E.isLeft(found) ? [problem(path, 'certificates in PEM form, not expired', found.left)] : []),
    ...(E.isRight(found) && found.right.length > most
      ? [problem(path, 'one certificate', `${found.right.length}`, 'Give each as a file of its own.')]
      : []),
  ];
};

/** Without what stands around the certificates. */
export const pemLines = (pem: string): readonly string[] =>
  (pem.match(blocks) ?? []).flatMap((block) => block.split(/\s*\n\s*/));

/** As a runner's name (`http/codecs.ts`), and an id that may name a folder. */
const ownerPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const checkSudo = ({ sudo, isolate }: RunnerSpec): readonly Problem[] => {
  if (sudo === 'none') return [];
  if (sudo === 'all')
    return isolate
      ? [
          problem(
            'sudo',
            'none, or single commands, together with isolate',
            'all',
            'Root can reach every slot, which undoes the isolation.',
          ),
        ]
      : [];
  if (sudo.length === 0) return [problem('sudo', 'at least one command', 'none')];
  return sudo.filter((one) => !isPath(one)).map((one) => problem('sudo', 'absolute paths of programs', one));
};

export const checkSpec = (spec: RunnerSpec, now: Date): E.Either<AppError, RunnerSpec> => {
  const names = spec.certificates.map(({ name }) => name);
  const problems: readonly Problem[] = [
    ...(isRunnerUser(spec.runnerUser)
      ? []
      : [
          problem(
            'runnerUser',
            'up to 28 small letters, digits, `_` and `-`, no digit first',
            spec.runnerUser,
          ),
        ]),
    ...(spec.runnerUser === 'root' ? [problem('runnerUser', 'an account for jobs', 'root')] : []),
    ...(Number.isInteger(spec.slots) && spec.slots >= 1 && spec.slots <= MOST_SLOTS
      ? []
      : [problem('slots', `a count from 1 to ${MOST_SLOTS}`, `${spec.slots}`)]),
    ...(publicKeyLineOf(spec.publicKey) === undefined
      ? [problem('publicKey', 'a public key as in authorized_keys', 'something else')]
      : []),
    ...[spec.owner.installation, spec.owner.name]
      .filter((word) => !ownerPattern.test(word))
      .map((word) => problem('owner', 'a word of letters, digits, `.`, `_` and `-`', word)),
    ...checkSudo(spec),
    ...(isPath(spec.base) ? [] : [problem('base', 'an absolute path of plain words', spec.base)]),
    ...spec.certificates.flatMap((file) => checkPem(`certificates.${file.name}`, file, 1, now)),
    ...names
      .filter((name, at) => names.indexOf(name) !== at)
      .map((name) => problem('certificates', 'names that differ', name)),
    ...(spec.fipsChain === undefined ? [] : checkPem('fipsChain', spec.fipsChain, Infinity, now)),
  ];
  return problems.length === 0
    ? E.right(spec)
    : E.left(appError('invalid', 'invalid_runner', 'The runner cannot be set up as asked.', { problems }));
};

/** Of names and versions in deb and rpm. */
const packageWord = /^[A-Za-z0-9.+:~^_][A-Za-z0-9.+:~^_-]*$/;

export const checkPackage = (file: PackageFile): E.Either<AppError, PackageFile> => {
  const problems: readonly Problem[] = [
    ...(packageWord.test(file.name) ? [] : [problem('name', 'the name of a package', file.name)]),
    ...(packageWord.test(file.version) ? [] : [problem('version', 'the version of a package', file.version)]),
    ...(/^[0-9a-f]{64}$/.test(file.sha256) ? [] : [problem('sha256', '64 hexadecimal digits', file.sha256)]),
    ...(file.caBundle === undefined || isPath(file.caBundle)
      ? []
      : [problem('caBundle', 'an absolute path of plain words', file.caBundle)]),
  ];
  return problems.length === 0
    ? E.right(file)
    : E.left(
        appError('invalid', 'invalid_package', 'The package cannot be installed as asked.', { problems }),
      );
};
