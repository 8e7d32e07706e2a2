/** A server and a browser for the tests of one file, closed after them however far they came. */
import type { Browser } from 'playwright-core';
import { afterAll } from 'vitest';
import { aWorld, type World } from '../e2e/world.js';
import { startBrowser } from './browser.js';

export interface Pages {
  readonly world: World;
  readonly browser: Browser;
}

/** Answers what starts them; that is for `beforeAll`. */
export const givenPages = (): (() => Promise<Pages>) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });
  return async () => {
    const world = await aWorld();
    closing.push(() => world.close());
    const browser = await startBrowser();
    closing.push(() => browser.close());
    await world.start();
    return { world, browser };
  };
};
