/** What stands around every page, in a real browser: how soon a page is there, and what is said when the server, the session or the moment is not. */
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium, logIn, visit } from './browser.js';
import { givenPages } from './given-pages.js';

const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

describe.skipIf(!hasChromium)('around the pages [needs chromium]', { timeout: 120_000 }, () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();

  beforeAll(async () => {
    ({ world, browser } = await startPages());
  });

  const tokenOf = async (role: string) =>
    (await world.ask('POST', '/tokens', { subject: `shell-${role}`, role })).json() as {
      readonly id: string;
      readonly token: string;
    };

  it('a page is there as soon as its code is, even though something stood there before', async () => {
    const person = await visit(browser, world.url);
    person.forgive(/status of 401/);
    const { page, context } = person;
    // before anything in the page has a timer
    await page.clock.install();
    await logIn(person, world.token);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await title(page, 'Queue').waitFor();
    await context.route(/\/assets\/.*\.js$/, async (route) => {
      await held;
      await route.continue();
    });
    // time goes on as the test says: nothing may wait for some of it to pass
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByText('One moment…').waitFor();
    const come = page.waitForEvent('requestfinished', (request) => request.url().endsWith('.js'));
    release();
    await come;
    await title(page, 'History').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('given a server that is away, then a page that was never loaded says so, and comes when it is back', async () => {
    const person = await cameIn(browser, world, '/queue');
    const { page } = person;
    person.forgive(/ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE|preload/);
    await title(page, 'Queue').waitFor();
    const { port } = new URL(world.url);
    await world.stop();
    await page.getByText('The connection to the server was lost').waitFor();
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByRole('alert').getByText('The server does not answer.').waitFor();
    // the pages that are there can be shown all the same
    await page.getByRole('link', { name: 'Queue' }).click();
    await title(page, 'Queue').waitFor();
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByRole('alert').getByText('The server does not answer.').waitFor();
    await world.start({}, 'error', ['--listen', `127.0.0.1:${port}`]);
    await title(page, 'History').waitFor();
    await page.getByText('No job has been tried yet').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('given a session that ends, then the form says why, and leads back to where one was', async () => {
    const { id, token } = await tokenOf('operator');
    const person = await cameIn(browser, { url: world.url, token }, '/runners?state=ready');
    const { page } = person;
    await title(page, 'Runners').waitFor();
    await page.getByLabel('State', { exact: true }).selectOption('paused');
    // the stream of updates ends with the token, so nobody has to do anything
    await world.ask('POST', `/tokens/${id}/revoke`, {});
    await page.getByText('Your session has ended').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.getByLabel('Token').fill(world.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await title(page, 'Runners').waitFor();
    expect(new URL(page.url()).searchParams.get('state')).toBe('paused');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out.').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('given a phone, then the header has two rows, and a menu that the keyboard opens and closes', async () => {
    const person = await cameIn(browser, world, '/queue', { viewport: { width: 375, height: 740 } });
    const { page } = person;
    await title(page, 'Queue').waitFor();
    const rows = await page.evaluate<number>(
      `new Set([...document.querySelector('header').children].filter((part) => part.offsetHeight > 0)
        .map((part) => Math.round((part.offsetTop + part.offsetHeight / 2) / 10))).size`,
    );
    expect(rows).toBe(2);
    const menu = page.getByRole('button', { name: 'admin: theme, log out' });
    await menu.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'Theme' }).selectOption('dark');
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Theme' }).waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent')).toContain('admin');
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('takes a moment as text, says which one is shown, and says once when it cannot be', async () => {
    const person = await cameIn(browser, world, '/runners', { timezoneId: 'Europe/Berlin' });
    const { page } = person;
    await page.getByRole('button', { name: 'choose the moment that is shown' }).click();
    const field = page.getByRole('dialog').getByLabel('Date and time (Europe/Berlin)');
    const show = page.getByRole('button', { name: 'Show that moment' });
    await field.fill('31.01.2026');
    expect(await show.isDisabled()).toBe(true);
    await field.fill('2126-01-31');
    await page.getByText('That has not come yet.').waitFor();
    await field.fill('2026-01-31 17:30');
    await page.getByText('In UTC: 2026-01-31T16:30:00Z').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await field.press('Enter');
    await page.getByText('As it was at 2026-01-31 17:30:00 (Europe/Berlin).').waitFor();
    await page.getByText('There was no runner at that moment').waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toBe('2026-01-31T16:30:00Z');
    expect(await faultsInBothThemes(page)).toEqual([]);

    for (const [at, words] of [
      ['nonsense', '“nonsense” names no moment'],
      ['2126-01-31T12:00:00Z', 'That moment has not come yet'],
    ] as const) {
      await page.goto(`/queue?at=${at}`);
      await title(page, words).waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(await page.getByText('As it was at').count()).toBe(0);
    }
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await title(page, 'Queue').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('given a mistyped address, then a page says so, with the way to the others', async () => {
    const person = await visit(browser, world.url);
    person.forgive(/status of 40[14]/);
    await logIn(person, world.token, '/queues');
    await title(person.page, 'There is no such page').waitFor();
    expect(await faultsInBothThemes(person.page)).toEqual([]);
    await person.page.getByRole('link', { name: 'To the queue' }).click();
    await title(person.page, 'Queue').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
