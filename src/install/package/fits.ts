/** Can this machine install this package? By the format of its family and by its architecture. Pure. */
import { architectureIn, formatOf } from '../../domain/toolchain.js';
import type { Attributes } from '../../events/shapes.js';
import type { PackageFile } from './inspect.js';

export type Fit = { readonly fits: true } | { readonly fits: false; readonly sentence: string };

const no = (sentence: string): Fit => ({ fits: false, sentence });

/** Of these there is one package for every machine. */
const ANYWHERE: ReadonlySet<string> = new Set(['all', 'any', 'noarch']);

/** rpm has a name for each kind of 32-bit x86, and each runs on those after it. */
const X86: readonly string[] = ['i386', 'i486', 'i586', 'i686'];

const runsOn = (packaged: string, own: string): boolean =>
  packaged === own ||
  (X86.includes(packaged) && X86.includes(own) && X86.indexOf(packaged) <= X86.indexOf(own));

/** What is not known of the machine, or could not be read of the package, is no misfit: the machine is asked then. */
export const fits = ({ format, contents }: PackageFile, attributes: Attributes): Fit => {
  const { platform, platform_family: family, architecture } = attributes;
  if (format === 'unknown') return no('The file is no package: neither a .deb nor an .rpm nor a .dmg.');
  const wanted = formatOf(family);
  if (wanted !== undefined && wanted !== format)
    return no(`The file is a .${format}, and ${platform ?? family ?? 'the machine'} takes a .${wanted}.`);
  if (contents === undefined) return { fits: true };
  if (contents.architecture === 'src')
    return no(`The package ${contents.name} holds sources, and nothing that could be installed.`);
  const own = architectureIn(format, architecture);
  if (own === undefined || ANYWHERE.has(contents.architecture) || runsOn(contents.architecture, own))
    return { fits: true };
  return no(
    `The package ${contents.name} ${contents.version} is for ${contents.architecture}, and the machine is ${own}.`,
  );
};
