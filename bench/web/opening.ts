/** How long does a person wait for a page, and how much script comes before it is there? In a real browser. */
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import type { Undoing } from '../store/tidily.js';
import type { Served } from './server.js';

/** A row of a table has come. In the page's words: here is no DOM. */
export const FIRST_ROW = `document.querySelector('tr[data-index="0"] td:nth-child(2)') !== null`;

/** Some line of a log is this one. */
export const lineThere = (text: string): string =>
  `[...document.querySelectorAll('.log-text')].some(({textContent}) => textContent.includes(${JSON.stringify(text)}))`;

/** Looked for at each frame: whoever waits from outside looks again after pauses of up to half a second. */
const whenSo = (condition: string): string =>
  `new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look));
    look();
  })`;

interface Opened {
  readonly ms: number;
  readonly scripts: readonly Buffer[];
}

/** By somebody who is logged in, with an empty cache, until what is asked for is so in the page. */
const open = async (
  browser: Browser,
  { url, headers }: Served,
  path: string,
  shown: string,
): Promise<Opened> => {
  const context = await browser.newContext({ baseURL: url, extraHTTPHeaders: headers });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const scripts: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response.body());
  });
  const began = performance.now();
  await page.goto(path, { waitUntil: 'commit' });
  await page.evaluate(whenSo(shown));
  const ms = performance.now() - began;
  const loaded = await Promise.all(scripts);
  await context.close();
  return { ms, scripts: loaded };
};

type Opening = Parameters<typeof open>;

/** Milliseconds from asking for the page until it is there. */
export const openingMs = async (...opening: Opening): Promise<number> => (await open(...opening)).ms;

/** Kilobytes (1,000 bytes) of script, packed by gzip, that were loaded when the page was there. */
export const scriptKb = async (...opening: Opening): Promise<number> =>
  (await open(...opening)).scripts.reduce(
    (sum, script) => sum + gzipSync(script, { level: 9 }).length / 1000,
    0,
  );

/** Ends with everything else. */
export const closing = (browser: Browser, undoing: Undoing): Browser => {
  undoing.add(() => browser.close());
  return browser;
};
