/** What was found on the machine, from the facts of `runner/look.sh`. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import { attributesOf } from '../ssh/probe.js';
import { factsOf, type Answer } from './answer.js';
import type { Look, Privileges } from './machine.js';
import { parseManifest, type Manifest } from './manifest.js';
import { packageFormatOf } from './systems.js';

const privilegesOf = ({ privileges, asked }: Answer): Privileges =>
  privileges === 'root' ? 'root' : asked ? 'sudo_with_password' : 'sudo';

/** Of CentOS and RHEL before 7: `CentOS release 6.10 (Final)`. */
const oldRelease = (text: string): readonly (readonly [string, string])[] => {
  const [, name, version] = /^(CentOS|Red Hat)\D*(\d+(?:\.\d+)*)/.exec(text) ?? [];
  return name === undefined || version === undefined
    ? []
    : [
        ['ID', name === 'CentOS' ? 'centos' : 'rhel'],
        ['VERSION_ID', version],
      ];
};

/** Of `fact manifest` lines; none: there is no manifest. */
export const manifestIn = (answer: Answer): E.Either<AppError, Manifest | undefined> => {
  const lines = factsOf(answer, 'manifest');
  if (lines.length === 0) return E.right(undefined);
  const parsed = parseManifest(`${lines.join('\n')}\n`);
  return E.isRight(parsed)
    ? parsed
    : E.left(
        appError(
          'runner',
          'manifest_unknown',
          `The manifest on the machine cannot be read: ${parsed.left}.`,
          {
            hint: 'Use the Baton that made it.',
          },
        ),
      );
};

export const lookOf = (answer: Answer): E.Either<AppError, Look> => {
  const manifest = manifestIn(answer);
  if (E.isLeft(manifest)) return manifest;
  const found = new Map(answer.facts);
  for (const [name, value] of oldRelease(found.get('redhat_release') ?? '')) found.set(name, value);
  const sudo = found.get('sudo');
  const attributes = attributesOf(found);
  return E.right({
    attributes,
    packageFormat: packageFormatOf(attributes),
    init: found.get('init') ?? 'unknown',
    privileges: privilegesOf(answer),
    freeKib: factsOf(answer, 'free').flatMap((text) => {
      const [path, kib] = text.split(' ');
      return path === undefined || kib === undefined || !/^\d{1,15}$/.test(kib)
        ? []
        : [{ path, kib: Number(kib) }];
    }),
    missingTools: (found.get('missing') ?? '').split(' ').filter((tool) => tool !== ''),
    accounts: factsOf(answer, 'account'),
    ...(manifest.right === undefined ? {} : { manifest: manifest.right }),
    ...(sudo === undefined || manifest.right === undefined ? {} : { sudo }),
    legacy: factsOf(answer, 'legacy'),
  });
};
