/** Is `build_cookbook` what the original accepts? Baton runs the commands of project.toml and does not fetch it. */
import { anObject, aString, type Spot } from './json-check.js';

/**
 * Version 1: text. Version 2: an object of texts; by the key that is there, its source is `path` (in the repository), `git` (`branch`),
 * `supermarket` (`site`), `enterprise` with `organization` (another project) or `server` (a Chef server); others pass. It may be left out.
 */
export const checkCookbook = (cookbook: Spot, isVersion1: boolean): void => {
  if (cookbook.value === undefined) return;
  if (isVersion1) {
    const isObject = typeof cookbook.value === 'object' && !Array.isArray(cookbook.value);
    const mend = isObject ? 'write "version": "2", which has an object here' : 'put it in double quotes';
    aString(cookbook, 'a string, since version is "1"', mend);
    return;
  }
  const path = typeof cookbook.value === 'string' ? cookbook.value : '.delivery/build_cookbook';
  const mend = `write {"name": "build_cookbook", "path": ${JSON.stringify(path)}}`;
  for (const key of Object.keys(anObject(cookbook, mend) ?? {}))
    aString(cookbook.at(key), 'a string', 'put it in double quotes');
};
