/** Package files, looked into before they go to a machine: does the machine take them, and what do the rules say? */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as E from 'fp-ts/lib/Either.js';
import type { ToolchainsView } from '../../app/toolchains.js';
import type { Attributes } from '../../events/shapes.js';
import type { PackageFile } from '../../install/machine.js';
import { fits } from '../../install/package/fits.js';
import { inspectPackage } from '../../install/package/inspect.js';
import { ofMachine } from './failures.js';
import { mayHave, toolchainOf, type ToDownload } from './packages.js';
import type { Failure } from './steps.js';

/** Whose package it is to be. */
export interface ForMachine {
  /** Name of the runner, for sentences. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly view: ToolchainsView;
}

const refused = (code: string, sentence: string, hint?: string): E.Either<Failure, never> =>
  E.left({ code, sentence, ...(hint === undefined ? {} : { hint }) });

const sha256Of = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** rpm(8) asks for version and release; what it calls epoch stands in front, with a colon. */
const asInstalled = (format: 'deb' | 'rpm', version: string): string =>
  format === 'rpm' ? version.replace(/^\d+:/u, '') : version;

interface Known {
  readonly name: string;
  readonly version: string;
}

/**
 * What a package is by the name of its file, which is all there is where it is packed so that it cannot be read here: as dpkg-name(1)
 * calls a .deb, a colon written as in a URL. The machine compares it with what the package says before it installs anything.
 */
export const namedBy = (file: string): Known | undefined => {
  const [, name, version] =
    /^([a-z0-9][a-z0-9+.-]*)_([0-9][A-Za-z0-9.+~%-]*)_[a-z0-9-]+\.deb$/u.exec(basename(file)) ?? [];
  return name === undefined || version === undefined
    ? undefined
    : { name, version: version.replaceAll(/%3a/giu, ':') };
};

const nameless = (unread: string): E.Either<Failure, never> =>
  refused(
    'package_unread',
    `${unread} Its name does not tell it either.`,
    'Name the file as usual, NAME_VERSION_ARCHITECTURE.deb: dpkg-name FILE does it.',
  );

/** Of a package of one's own: can it be told at all what it is? Asked before anybody logs in. */
export const isTellable = async (file: string): Promise<E.Either<Failure, void>> => {
  const inside = await inspectPackage(file);
  if (E.isLeft(inside)) return E.left(ofMachine(inside.left));
  const { format, contents, unread = '' } = inside.right;
  return format === 'deb' && contents === undefined && namedBy(file) === undefined
    ? nameless(unread)
    : E.right(undefined);
};

/** `configured`: what it is to be, where neither its bytes nor its name tell. */
const inspected = async (
  file: string,
  called: string,
  { attributes }: ForMachine,
  configured?: Known,
): Promise<E.Either<Failure, Known & { readonly format: 'deb' | 'rpm' }>> => {
  const inside = await inspectPackage(file);
  if (E.isLeft(inside)) return E.left(ofMachine(inside.left));
  const fit = fits(inside.right, attributes);
  if (!fit.fits) return refused('package_unfit', fit.sentence);
  const { format, contents, unread = '' } = inside.right;
  if (format !== 'deb' && format !== 'rpm')
    return refused('package_unfit', `A package of the format ${format} is not installed by Baton.`);
  const known = contents ?? namedBy(called) ?? configured;
  return known === undefined
    ? nameless(unread)
    : E.right({ format, name: known.name, version: asInstalled(format, known.version) });
};

/** A package of one's own. */
export const ownPackage = async (
  file: string,
  whose: ForMachine,
): Promise<E.Either<Failure, PackageFile>> => {
  const found = await inspected(file, file, whose);
  if (E.isLeft(found)) return found;
  const { name, version } = found.right;
  const toolchain = toolchainOf(whose.view, name);
  const may =
    toolchain === undefined ? E.right(undefined) : mayHave(whose.view, whose, { [toolchain.name]: version });
  if (E.isLeft(may)) return may;
  return E.right({
    ...{ ...found.right, file, sha256: await sha256Of(file) },
    ...(toolchain?.caBundle === undefined ? {} : { caBundle: toolchain.caBundle }),
  });
};

/** A package that was downloaded, and has the configured digest. */
export const fetchedPackage = async (
  path: string,
  { toolchain, version, file, sha256 }: ToDownload,
  whose: ForMachine,
): Promise<E.Either<Failure, PackageFile>> => {
  const found = await inspected(path, file, whose, { name: toolchain.package, version });
  if (E.isLeft(found)) return found;
  if (found.right.name !== toolchain.package)
    return refused(
      'package_unfit',
      `${file} holds the package ${found.right.name}; configured for the toolchain ${toolchain.name} is ${toolchain.package}.`,
    );
  const may = mayHave(whose.view, whose, { [toolchain.name]: found.right.version });
  if (E.isLeft(may)) return may;
  return E.right({
    ...{ ...found.right, file: path, sha256 },
    ...(toolchain.caBundle === undefined ? {} : { caBundle: toolchain.caBundle }),
  });
};
