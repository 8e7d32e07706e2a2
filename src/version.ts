/** Which version of Baton is this? */
import { createRequire } from 'node:module';

// the package by its own name: sources and build lie at different depths
export const { version } = createRequire(import.meta.url)('baton/package.json') as {
  readonly version: string;
};
