/**
 * Every page on an ordinary day, in both themes and on a phone: nothing is wider than its window, nothing seriously bad for those who
 * cannot see well, nothing in the console. `npm run screenshots` also keeps the pictures, for docs/web.md.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { World } from '../e2e/world.js';
import { hasChromium, logIn, seriousFaults, visit } from './browser.js';
import { givenPages } from './given-pages.js';
import { liveIn, type Life } from './life.js';
import { rename } from './names.js';

/** Where the pictures go; absent: they are looked at by nobody. */
const folder = process.env['BATON_SCREENSHOTS'];

interface Shot {
  readonly name: string;
  readonly path: (life: Life) => string;
  /** Shown when all of the page is there. */
  readonly ready: (page: Page) => Promise<unknown>;
}

const row =
  (text: string) =>
  (page: Page): Promise<unknown> =>
    page.getByText(text).first().waitFor();

const shots: readonly Shot[] = [
  { name: 'queue', path: () => '/queue', ready: row('Fewer cookies') },
  { name: 'runners', path: () => '/runners', ready: row('build-03') },
  { name: 'runner', path: () => '/runners/build-01', ready: row('debian') },
  { name: 'runner-key', path: () => '/runners/build-03', ready: row('quarantined') },
  { name: 'changes', path: () => '/changes', ready: row('Fewer cookies') },
  { name: 'change', path: ({ change }) => `/changes/${change}`, ready: row('verify') },
  { name: 'job', path: ({ runningJob }) => `/jobs/${runningJob}`, ready: row('slow tests') },
  { name: 'job-failed', path: ({ failedJob }) => `/jobs/${failedJob}`, ready: row('a voucher counts') },
  {
    name: 'job-matching',
    path: ({ runningJob }) => `/jobs/${runningJob}?tab=matching`,
    ready: row('build-02'),
  },
  { name: 'history', path: () => '/history', ready: row('web') },
];

const looks = [
  { look: 'light', size: { width: 1280, height: 800 }, colorScheme: 'light' },
  { look: 'dark', size: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { look: 'phone', size: { width: 375, height: 740 }, colorScheme: 'light' },
] as const;

/** What stands out of the window, where it can be moved sideways; in the page's words: here is no DOM. */
const TOO_WIDE = `document.documentElement.scrollWidth <= innerWidth ? '' :
  [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth)
    .map(({ tagName, className }) => tagName + '.' + className).join(' ')`;

/** Kept of those on a phone. */
const ON_PHONE = new Set(['queue', 'job']);

describe.skipIf(!hasChromium)('the pages on an ordinary day [needs chromium]', { timeout: 300_000 }, () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();
  let life: Life;

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    life = await liveIn(world);
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
  }, 300_000);

  it.each(looks)('$look: fit their window and have no serious fault', async ({ look, size, colorScheme }) => {
    const person = await visit(browser, world.url, {
      viewport: size,
      colorScheme,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    person.forgive(/status of 401/);
    const { page, context } = person;
    await rename(context, world);
    await page.goto('/login');
    if (folder !== undefined && look !== 'phone') {
      await page.getByLabel('Token').waitFor();
      await page.screenshot({ path: join(folder, `login-${look}.png`) });
    }
    await logIn(person, world.token);
    const found: string[] = [];
    for (const { name, path, ready } of shots) {
      await page.goto(path(life));
      await ready(page);
      await page.evaluate('document.fonts.ready');
      if (folder !== undefined && (look !== 'phone' || ON_PHONE.has(name)))
        await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
      const wide: unknown = await page.evaluate(TOO_WIDE);
      if (wide !== '') found.push(`${name}: ${String(wide)}`);
      found.push(...(await seriousFaults(page)).map((fault) => `${name}: ${fault}`));
    }
    expect([...found, ...person.misdeeds]).toEqual([]);
    await person.close();
  });
});
