/** What jobs need on a machine beside a shell: a package by name, where it is to be had, and by which digest it is known. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { Attributes } from '../events/shapes.js';
import { suggest } from './problem.js';

export const packageFormats = ['deb', 'rpm', 'apk', 'dmg'] as const;
export type PackageFormat = (typeof packageFormats)[number];

/** One template for every machine, or one for each format of packages. */
export type UrlTemplate = string | Readonly<Partial<Record<PackageFormat, string>>>;

/** One row of the table `toolchains`. */
export interface Toolchain {
  readonly name: string;
  /** What dpkg, rpm or apk call it. */
  readonly package: string;
  /** To install where nobody says another. */
  readonly version?: string;
  readonly url?: UrlTemplate;
  /** Last part of an expanded URL → SHA-256, 64 lower-case hex digits. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Installed on a new runner unless somebody says otherwise. */
  readonly install: boolean;
  /** Absolute path, on the runner, of the file that trusted certificates are appended to. */
  readonly caBundle?: string;
}

/** What a URL template may ask for. */
export const placeholders = [
  'name',
  'version',
  'platform',
  'platform_family',
  'platform_version',
  'platform_major',
  'architecture',
  'format',
] as const;

/** Starts with a letter or digit; nothing in it means anything to a shell, a pattern or a path. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+~:-]{0,127}$/;
/** A version, an architecture, the name of a platform: what may go into a URL or to a package manager. */
export const isWord = (text: string): boolean => WORD.test(text);

/** A name in the table: also the one of a package, where no other is given. */
export const isPackageName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(text);

const formats: Readonly<Record<string, PackageFormat>> = {
  ...{ debian: 'deb', rhel: 'rpm', fedora: 'rpm', suse: 'rpm', amazon: 'rpm' },
  ...{ alpine: 'apk', mac_os_x: 'dmg' },
};

/** The packages that a machine of this `platform_family` takes; undefined where that is not known. */
export const formatOf = (family: string | undefined): PackageFormat | undefined =>
  family !== undefined && Object.hasOwn(formats, family) ? formats[family] : undefined;

/** As `uname -m` says it → as packages of a format say it, where that is another word. */
const architectures: Readonly<Partial<Record<PackageFormat, Readonly<Record<string, string>>>>> = {
  deb: {
    ...{ x86_64: 'amd64', aarch64: 'arm64', armv7l: 'armhf', ppc64le: 'ppc64el' },
    ...{ i486: 'i386', i586: 'i386', i686: 'i386' },
  },
  rpm: { armv7l: 'armv7hl' },
  apk: { armv7l: 'armv7', i486: 'x86', i586: 'x86', i686: 'x86' },
};

/** What packages of that format call the architecture of a machine. */
export const architectureIn = (
  format: PackageFormat | undefined,
  architecture: string | undefined,
): string | undefined => {
  const names = format === undefined ? undefined : architectures[format];
  return names !== undefined && architecture !== undefined && Object.hasOwn(names, architecture)
    ? names[architecture]
    : architecture;
};

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What is wrong with one template. `column`: from 1, where a certain part of it is wrong. */
export interface TemplateProblem {
  readonly column?: number;
  readonly expected: string;
  readonly found: string;
  readonly mend?: string;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Undefined when it is fit to be expanded. Placeholders stand behind the host: no runner says where something is fetched. */
export const templateProblem = (template: string): TemplateProblem | undefined => {
  for (const { 1: name = '', index } of template.matchAll(PLACEHOLDER))
    if (!placeholders.some((known) => known === name))
      return {
        column: index + 2,
        expected: 'the name of a placeholder',
        found: JSON.stringify(name),
        mend: suggest(name, placeholders),
      };
  const rest = template.replaceAll(PLACEHOLDER, 'x');
  const stray = /[{}]/.exec(template.replaceAll(PLACEHOLDER, (found) => 'x'.repeat(found.length)));
  if (stray !== null)
    return { column: stray.index + 1, expected: 'braces in pairs', found: JSON.stringify(stray[0]) };
  const expected = 'an address that starts with https://';
  if (!URL.canParse(rest)) return { expected, found: 'no address' };
  const { protocol, hostname, username, password, hash, pathname } = new URL(rest);
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.has(hostname)))
    return { expected, found: protocol, mend: 'http:// is for the loopback alone' };
  if (username !== '' || password !== '')
    return { expected: 'an address without credentials', found: 'some', mend: 'every viewer can read it' };
  if (hash !== '') return { expected: 'an address without a fragment', found: 'one' };
  const host = /^[a-z]+:\/\/[^/?#]*/i.exec(template)?.[0] ?? '';
  if (host.includes('{'))
    return {
      column: host.indexOf('{') + 1,
      expected: 'placeholders behind the host',
      found: 'one in it',
    };
  return pathname.endsWith('/')
    ? { expected: 'an address that ends in the name of a file', found: 'one that ends in /' }
    : undefined;
};

/** Which file it is: the last part of a URL's path. */
export const fileOf = (url: string): string => {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    // a lone percent sign stands for itself
    return last;
  }
};

/** The address of a version for a machine, or a sentence that says what is missing. */
export const expandUrl = (
  toolchain: Pick<Toolchain, 'name' | 'url'>,
  version: string | undefined,
  attributes: Attributes,
): E.Either<string, string> => {
  const { name, url } = toolchain;
  const format = formatOf(attributes.platform_family);
  const template = typeof url === 'object' ? format && url[format] : url;
  if (template === undefined)
    return E.left(
      typeof url === 'object'
        ? `The toolchain ${name} has no url for ${format === undefined ? 'machines whose kind of package is not known' : `packages of the format ${format}`}.`
        : `The toolchain ${name} has no url.`,
    );
  const { platform, platform_family, platform_version } = attributes;
  const values: Readonly<Record<(typeof placeholders)[number], string | undefined>> = {
    ...{ name, version, platform, platform_family, platform_version, format },
    platform_major: platform_version?.split('.')[0],
    architecture: architectureIn(format, attributes.architecture),
  };
  const problems: string[] = [];
  const expanded = template.replaceAll(PLACEHOLDER, (_, key: string) => {
    const known = placeholders.find((one) => one === key);
    const value = known && values[known];
    if (value === undefined) problems.push(`{${key}} is not known`);
    else if (!isWord(value))
      problems.push(`{${key}} is ${JSON.stringify(value.slice(0, 40))}, no plain word`);
    return encodeURIComponent(value ?? '');
  });
  return problems.length === 0
    ? E.right(expanded)
    : E.left(`The url of the toolchain ${name} cannot be filled in: ${[...new Set(problems)].join(', ')}.`);
};

/** The digest that a file of this URL must have; undefined when none is configured. */
export const checksumOf = ({ sha256 }: Pick<Toolchain, 'sha256'>, url: string): string | undefined => {
  const file = fileOf(url);
  return Object.hasOwn(sha256, file) ? sha256[file] : undefined;
};
