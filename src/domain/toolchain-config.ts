/** Reads what people write of toolchains and of what gets along: every problem at once, each with its place. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { builtInRules, parseRule, toolchainsOf, type Rule } from './compatibility.js';
import { shown, suggest, type Problem } from './problem.js';
import {
  isPackageName,
  isWord,
  packageFormats,
  templateProblem,
  type PackageFormat,
  type Toolchain,
  type UrlTemplate,
} from './toolchain.js';

/** More is a mistake: each is asked for at every look at a runner. */
const MOST_TOOLCHAINS = 64;
const MOST_RULES = 256;

type Read<A> = E.Either<readonly Problem[], A>;
type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const problem = (path: string, expected: string, found: unknown, mend?: string): readonly Problem[] => [
  { path, expected, found: shown(found), ...(mend === undefined ? {} : { mend }) },
];

/** The value of a member that may be left out. */
const member = <A>(
  table: Table,
  path: string,
  key: string,
  expected: string,
  read: (value: unknown) => A | undefined,
): Read<A | undefined> => {
  const value = table[key];
  if (value === undefined) return E.right(undefined);
  const found = read(value);
  if (found !== undefined) return E.right(found);
  const mend = typeof value === 'number' ? `put it in quotes: "${String(value)}"` : undefined;
  return E.left(problem(`${path}.${key}`, expected, value, mend));
};

const textThat =
  (test: (value: string) => boolean) =>
  (value: unknown): string | undefined =>
    typeof value === 'string' && test(value) ? value : undefined;

const readTemplate = (path: string, value: unknown): Read<string> => {
  if (typeof value !== 'string') return E.left(problem(path, 'an address that starts with https://', value));
  const wrong = templateProblem(value);
  if (wrong === undefined) return E.right(value);
  const { column, expected, found, mend } = wrong;
  const at = column === undefined ? path : `${path}, column ${column}`;
  return E.left([{ path: at, expected, found, ...(mend === undefined ? {} : { mend }) }]);
};

const isFormat = (key: string): key is PackageFormat => packageFormats.some((one) => one === key);

const readUrl = (path: string, value: unknown): Read<UrlTemplate | undefined> => {
  if (value === undefined) return E.right(undefined);
  if (!isTable(value)) return readTemplate(path, value);
  const problems: Problem[] = [];
  const templates: Partial<Record<PackageFormat, string>> = {};
  for (const [key, template] of Object.entries(value)) {
    if (!isFormat(key)) {
      problems.push(...problem(path, 'the name of a format of packages', key, suggest(key, packageFormats)));
      continue;
    }
    const read = readTemplate(`${path}.${key}`, template);
    if (E.isLeft(read)) problems.push(...read.left);
    else templates[key] = read.right;
  }
  return problems.length === 0 ? E.right(templates) : E.left(problems);
};

const isFileName = (key: string): boolean => /^[^/\\\0-\x1f]{1,255}$/.test(key);

const readChecksums = (path: string, value: unknown): Read<Readonly<Record<string, string>>> => {
  if (value === undefined) return E.right({});
  if (!isTable(value)) return E.left(problem(path, 'a table of file names and their SHA-256', value));
  const entries = Object.entries(value);
  const problems = entries.flatMap(([file, digest]) => [
    ...(isFileName(file) ? [] : problem(path, 'the name of a file, without its folders', file)),
    ...(typeof digest === 'string' && /^[0-9a-f]{64}$/i.test(digest)
      ? []
      : problem(
          `${path}.${shown(file)}`,
          'a SHA-256: 64 hexadecimal digits',
          digest,
          'sha256sum FILE tells it',
        )),
  ]);
  return problems.length === 0
    ? E.right(Object.fromEntries(entries.map(([file, digest]) => [file, String(digest).toLowerCase()])))
    : E.left(problems);
};

const KEYS = ['package', 'version', 'url', 'sha256', 'install', 'ca_bundle'];

const NAMED = 'up to 100 letters, digits and . _ + - that start with a letter or digit';
const BUNDLE = 'an absolute path of letters, digits and . _ + - without ..';
const isBundle = (value: string): boolean =>
  /^(?:\/[A-Za-z0-9._+-]+)+$/.test(value) && !value.split('/').includes('..');

const readToolchain = (name: string, value: unknown): Read<Toolchain> => {
  const path = isPackageName(name) ? name : shown(name);
  const misnamed = isPackageName(name) ? [] : problem(path, `a name of ${NAMED}`, name);
  if (!isTable(value)) return E.left([...misnamed, ...problem(path, 'a table', value)]);
  const strangers = Object.keys(value)
    .filter((key) => !KEYS.includes(key))
    .map((key) => ({
      path: `${path}.${shown(key).slice(1, -1)}`,
      expected: 'the name of a setting of a toolchain',
      found: 'an unknown one',
      mend: suggest(key, KEYS),
    }));
  const packageName = member(value, path, 'package', NAMED, textThat(isPackageName));
  const version = member(value, path, 'version', 'a version such as "2.4.17"', textThat(isWord));
  const install = member(value, path, 'install', 'true or false', (one) =>
    typeof one === 'boolean' ? one : undefined,
  );
  const caBundle = member(value, path, 'ca_bundle', BUNDLE, textThat(isBundle));
  const url = readUrl(`${path}.url`, value['url']);
  const sha256 = readChecksums(`${path}.sha256`, value['sha256']);
  const all = [packageName, version, url, sha256, install, caBundle];
  const problems = [...misnamed, ...strangers, ...all.flatMap((one) => (E.isLeft(one) ? one.left : []))];
  if (
    problems.length > 0 ||
    E.isLeft(packageName) ||
    E.isLeft(version) ||
    E.isLeft(url) ||
    E.isLeft(sha256) ||
    E.isLeft(install) ||
    E.isLeft(caBundle)
  )
    return E.left(problems);
  return E.right({
    name,
    package: packageName.right ?? name,
    ...(version.right === undefined ? {} : { version: version.right }),
    ...(url.right === undefined ? {} : { url: url.right }),
    sha256: sha256.right,
    install: install.right ?? false,
    ...(caBundle.right === undefined ? {} : { caBundle: caBundle.right }),
  });
};

/** The table `toolchains`, in the order of names. Paths start below it: `chefdk.url, column 12`. */
export const parseToolchains = (raw: unknown): Read<readonly Toolchain[]> => {
  if (!isTable(raw)) return E.left(problem('', 'a table with one table for each toolchain', raw));
  const names = Object.keys(raw).sort();
  if (names.length > MOST_TOOLCHAINS)
    return E.left(problem('', `at most ${MOST_TOOLCHAINS} toolchains`, names.length));
  const read = names.map((name) => readToolchain(name, raw[name]));
  const problems = read.flatMap((one) => (E.isLeft(one) ? one.left : []));
  return problems.length > 0
    ? E.left(problems)
    : E.right(read.flatMap((one) => (E.isRight(one) ? [one.right] : [])));
};

/** The list `compatibility`. Paths start below it: `[0], column 22`. */
export const parseRules = (raw: unknown): Read<readonly Rule[]> => {
  if (!Array.isArray(raw)) return E.left(problem('', 'a list of rules', raw));
  const list: readonly unknown[] = raw;
  if (list.length > MOST_RULES) return E.left(problem('', `at most ${MOST_RULES} rules`, list.length));
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  for (const [n, text] of list.entries()) {
    if (typeof text !== 'string') {
      problems.push(...problem(`[${n}]`, 'a rule as text', text));
      continue;
    }
    const rule = parseRule(text);
    if (E.isRight(rule)) rules.push(rule.right);
    else {
      const { column, ...rest } = rule.left;
      problems.push({ path: `[${n}], column ${column}`, ...rest });
    }
  }
  return problems.length > 0 ? E.left(problems) : E.right(rules);
};

/** The rules that nobody has to write. */
export const rulesBuiltIn = (): readonly Rule[] =>
  builtInRules.flatMap((text) => {
    const rule = parseRule(text);
    return E.isRight(rule) ? [rule.right] : [];
  });

/** Those that speak of nothing that is not configured: what nobody looks for cannot be judged. */
export const rulesFor = (rules: readonly Rule[], toolchains: readonly Toolchain[]): readonly Rule[] =>
  rules.filter((rule) => toolchainsOf(rule).every((name) => toolchains.some((one) => one.name === name)));

/** Rules that somebody wrote and that nobody could judge. `path`: of the list. */
export const strangersIn = (
  rules: readonly Rule[],
  toolchains: readonly Toolchain[],
  path: string,
): readonly Problem[] => {
  const known = toolchains.map(({ name }) => name);
  return rules.flatMap((rule) =>
    toolchainsOf(rule)
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path: `${path}: ${rule.text}`,
        expected: 'a toolchain of the table toolchains',
        found: shown(name),
        mend: known.length === 0 ? `add [toolchains.${name}]` : suggest(name, known),
      })),
  );
};

/** What a server knows of toolchains and of what gets along. */
export interface ToolchainPolicy {
  readonly toolchains: readonly Toolchain[];
  readonly rules: readonly Rule[];
  /** Nobody wrote the rules. */
  readonly builtIn: boolean;
  /** Version of the pipeline engine; absent where nobody told it. */
  readonly engine?: string;
}

export const noToolchains: ToolchainPolicy = { toolchains: [], rules: [], builtIn: true };
