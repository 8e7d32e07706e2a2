/** Which systems can be runners, what packages do they take, and where do they keep trusted certificates? */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { Attributes } from '../events/shapes.js';
import type { PackageFormat } from './machine.js';

export interface System {
  readonly packageFormat: PackageFormat;
  /** As `runner/trust.sh` knows it. */
  readonly trust: 'debian' | 'rhel' | 'suse';
}

/** By `platform_family`; Alpine's ca-certificates is made after Debian's. */
const families: Readonly<Record<string, System>> = {
  debian: { packageFormat: 'deb', trust: 'debian' },
  rhel: { packageFormat: 'rpm', trust: 'rhel' },
  fedora: { packageFormat: 'rpm', trust: 'rhel' },
  amazon: { packageFormat: 'rpm', trust: 'rhel' },
  suse: { packageFormat: 'rpm', trust: 'suse' },
  alpine: { packageFormat: 'apk', trust: 'debian' },
};

const known =
  'CentOS, RHEL, Rocky, AlmaLinux, Oracle, Fedora, Amazon, SLES, openSUSE, Debian, Ubuntu, Alpine';

const refused = (reason: string, message: string, hint: string) =>
  E.left(appError('runner', reason, message, { hint }));

export const packageFormatOf = ({ platform_family: family }: Attributes): PackageFormat =>
  (family === undefined || !Object.hasOwn(families, family) ? undefined : families[family])?.packageFormat ??
  'none';

/** Or one sentence that says what was found. */
export const systemOf = (attributes: Attributes): E.Either<AppError, System> => {
  const { os, platform, platform_version: version, platform_family: family } = attributes;
  if (os === 'darwin')
    return refused(
      'unsupported_system',
      'The machine runs macOS, which cannot be a runner: Baton needs /proc and setsid to end jobs surely.',
      'Use a Linux machine.',
    );
  const system = family === undefined || !Object.hasOwn(families, family) ? undefined : families[family];
  if (os === 'linux' && system !== undefined) return E.right(system);
  const found = [os, platform, version].filter((word) => word !== undefined && word !== '').join(' ');
  return refused(
    'unsupported_system',
    `The machine runs ${found === '' ? 'an unknown system' : found}, which cannot be set up from here.`,
    `Known are ${known}. On another Linux, make the account by hand and use \`baton runner add\`.`,
  );
};
