/** Below which path the pages stand: they are built once, for any. */

// every script lies one folder below it; in a variable, so that the build does not look for a file
const here = import.meta.url;

/** `/baton`, or nothing at the root of a host. */
export const base = new URL('..', here).pathname.replace(/\/$/, '');
