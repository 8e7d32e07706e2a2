/** Which packages a machine gets, from where, and may it have them? Told before anything is changed. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { ToolchainsView } from '../../app/toolchains.js';
import { brokenBy, parseRule, type Compatibility } from '../../domain/compatibility.js';
import { checksumOf, expandUrl, fileOf, type Toolchain } from '../../domain/toolchain.js';
import type { Attributes } from '../../events/shapes.js';
import type { Failure } from './steps.js';
import type { Wish } from './wish.js';

/** One package to download. */
export interface ToDownload {
  readonly toolchain: Toolchain;
  readonly version: string;
  readonly url: string;
  readonly file: string;
  readonly sha256: string;
}

const refused = (code: string, sentence: string, hint: string): E.Either<Failure, never> =>
  E.left({ code, sentence, hint });

const ownFile = (begin: 'Give' | 'Or give'): string =>
  `${begin} a package of your own with -I, or --no-toolchain for none.`;
const OR_OWN_FILE = ownFile('Or give');
const names = (toolchains: readonly Toolchain[]): string => toolchains.map(({ name }) => name).join(', ');

/** The configured toolchains that are meant; no machine is needed to tell. */
export const chosen = (
  { toolchains }: ToolchainsView,
  { toolchain, version, installer }: Wish,
): E.Either<Failure, readonly Toolchain[]> => {
  if (toolchain === false || installer !== undefined) return E.right([]);
  const usual = toolchains.filter(({ install }) => install);
  if (toolchain !== undefined) {
    const found = toolchains.find(({ name }) => name === toolchain);
    if (found !== undefined) return E.right([found]);
    return refused(
      'toolchain_unknown',
      `The server knows no toolchain ${toolchain}.`,
      toolchains.length === 0
        ? `Configure it there (\`toolchains\`). ${OR_OWN_FILE}`
        : `It knows ${names(toolchains)}. ${OR_OWN_FILE}`,
    );
  }
  if (version === undefined) return E.right(usual);
  const candidates = usual.length > 0 ? usual : toolchains;
  return candidates.length === 1
    ? E.right(candidates)
    : refused(
        'toolchain_unclear',
        `The version ${version} is given, but not of what: the server knows ${candidates.length === 0 ? 'no toolchain' : names(candidates)}.`,
        candidates.length === 0 ? ownFile('Give') : 'Name it with --toolchain.',
      );
};

const toDownload = (
  toolchain: Toolchain,
  asked: string | undefined,
  attributes: Attributes,
): E.Either<Failure, ToDownload> => {
  const { name } = toolchain;
  const version = asked ?? toolchain.version;
  if (version === undefined)
    return refused(
      'version_unknown',
      `The configuration of the server names no version of the toolchain ${name}.`,
      `Give one with -v. ${OR_OWN_FILE}`,
    );
  const url = expandUrl(toolchain, version, attributes);
  if (E.isLeft(url)) return refused('url_unknown', url.left, `Mend \`toolchains\` there. ${OR_OWN_FILE}`);
  const [file, sha256] = [fileOf(url.right), checksumOf(toolchain, url.right)];
  return sha256 === undefined
    ? refused(
        'checksum_unknown',
        `The configuration of the server has no SHA-256 of ${file}, so it is not downloaded.`,
        `Add it to \`toolchains.${name}.sha256\` there. ${OR_OWN_FILE}`,
      )
    : E.right({ toolchain, version, url: url.right, file, sha256 });
};

/** Nothing to download: an empty list. */
export const downloadsFor = (
  view: ToolchainsView,
  wish: Wish,
  attributes: Attributes,
): E.Either<Failure, readonly ToDownload[]> => {
  const toolchains = chosen(view, wish);
  if (E.isLeft(toolchains)) return toolchains;
  const all: ToDownload[] = [];
  for (const toolchain of toolchains.right) {
    const one = toDownload(toolchain, wish.version, attributes);
    if (E.isLeft(one)) return one;
    all.push(one.right);
  }
  return E.right(all);
};

/** The configured toolchain that a package of this name is; a package of one's own may be none. */
export const toolchainOf = (view: ToolchainsView, packageName: string): Toolchain | undefined =>
  view.toolchains.find((one) => one.package === packageName);

const compatibilityOf = ({ rules, engine, baton }: ToolchainsView): Compatibility => ({
  rules: rules.flatMap(({ rule }) => {
    const parsed = parseRule(rule);
    // one that only a newer server can read is judged there, by the test of the runner
    return E.isRight(parsed) ? [parsed.right] : [];
  }),
  baton,
  ...(engine === undefined ? {} : { engine }),
});

/** `installed`: name of a toolchain → version, as it will be on the machine. */
export const mayHave = (
  view: ToolchainsView,
  runner: { readonly name: string; readonly attributes: Attributes },
  installed: Readonly<Record<string, string>>,
): E.Either<Failure, void> => {
  const { name, attributes } = runner;
  const toolchains = { ...attributes.toolchains, ...installed };
  const broken = brokenBy(compatibilityOf(view), { name, attributes: { ...attributes, toolchains } });
  return broken === ''
    ? E.right(undefined)
    : refused('incompatible', broken, 'Nothing that would take no jobs is installed.');
};
