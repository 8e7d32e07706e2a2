/** How long does a person wait for a page, and how much script comes before it is there? In a real browser. */
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import type { Undoing } from '../store/tidily.js';
import type { Served } from './server.js';

/** Somebody who is logged in, with an empty cache. */
const fresh = async (browser: Browser, { url, headers }: Served): Promise<Page> => {
  const context = await browser.newContext({ baseURL: url, extraHTTPHeaders: headers });
  context.setDefaultTimeout(60_000);
  return context.newPage();
};

/** A row of a table that has come. */
export const FIRST_ROW = 'tr[data-index="0"] td:nth-child(2)';

/** Milliseconds from asking for the page until it shows what the selector says. */
export const openingMs = async (
  browser: Browser,
  served: Served,
  path: string,
  shown: string,
): Promise<number> => {
  const page = await fresh(browser, served);
  const began = performance.now();
  await page.goto(path, { waitUntil: 'commit' });
  await page.waitForSelector(shown);
  const ms = performance.now() - began;
  await page.context().close();
  return ms;
};

/** Kilobytes (1,000 bytes) of script, packed by gzip, that were loaded when the page was there. */
export const scriptKb = async (
  browser: Browser,
  served: Served,
  path: string,
  shown: string,
): Promise<number> => {
  const page = await fresh(browser, served);
  const scripts: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response.body());
  });
  await page.goto(path, { waitUntil: 'commit' });
  await page.waitForSelector(shown);
  const bodies = await Promise.all(scripts);
  await page.context().close();
  return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0) / 1000;
};

/** Ends with everything else. */
export const closing = (browser: Browser, undoing: Undoing): Browser => {
  undoing.add(() => browser.close());
  return browser;
};
