/** Which addresses are those of the pages. What is at them, and whether there are any, is not known here. */

/** Of a page; which one is shown is the business of its script. */
const PAGE =
  /^\/(?:queue|history|login|(?:runners|changes)(?:\/[A-Za-z0-9._~%-]{1,300})?|jobs\/[A-Za-z0-9._~%-]{1,300})?$/;

/** `path`: without a query, and without what stands before the pages. */
export const isPage = (path: string): boolean => PAGE.test(path);

/** The licences of what the pages are made of. */
export const LICENCES = '/licences.md';

/** Of a script, a style sheet, a picture or the licences. */
export const isPageFile = (path: string): boolean => path.startsWith('/assets/') || path === LICENCES;
