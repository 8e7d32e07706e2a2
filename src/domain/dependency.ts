/** How `.delivery/config.json` names a pipeline that a project depends on: `proj`, `proj:pipe`, `org/proj` or `org/proj:pipe`. */
import type { Dependency } from '../events/promotion.js';

/** Of an enterprise, an organisation or a project. */
export const isScopeName = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name);

/** A pipeline has the name of its branch; git-check-ref-format(1) knows more rules, but no branch is made of this. */
const isPipeline = (name: string): boolean => /^[^-\p{C}\s~^:?*[\\][^\p{C}\s~^:?*[\\]{0,254}$/u.test(name);

/** As it is written in the file. */
export const dependencyText = ({ organisation, project, pipeline }: Dependency): string =>
  `${organisation === undefined ? '' : `${organisation}/`}${project}${pipeline === undefined ? '' : `:${pipeline}`}`;

/** Undefined: the text is none of these forms. */
export const dependencyOf = (text: string): Dependency | undefined => {
  const colon = text.indexOf(':');
  const pipeline = colon < 0 ? undefined : text.slice(colon + 1);
  const [project = '', organisation, ...more] = (colon < 0 ? text : text.slice(0, colon))
    .split('/')
    .toReversed();
  const isNamed =
    more.length === 0 && isScopeName(project) && (organisation === undefined || isScopeName(organisation));
  return isNamed && (pipeline === undefined || isPipeline(pipeline))
    ? {
        project,
        ...(organisation === undefined ? {} : { organisation }),
        ...(pipeline === undefined ? {} : { pipeline }),
      }
    : undefined;
};
