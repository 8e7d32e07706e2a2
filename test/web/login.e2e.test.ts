/** The way in: a token becomes a cookie that no script can read, lasts over a restart, and ends with the token. */
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { World } from '../e2e/world.js';
import { hasChromium, logIn, seriousFaults, visit } from './browser.js';
import { givenPages } from './given-pages.js';

describe.skipIf(!hasChromium)('logging in at the pages [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();

  beforeAll(async () => {
    ({ world, browser } = await startPages());
  });

  const token = async (role: string): Promise<{ readonly id: string; readonly token: string }> => {
    const answer = await world.ask('POST', '/tokens', { subject: `web-${role}`, role });
    return answer.json() as { readonly id: string; readonly token: string };
  };

  it('leads from a link back to that page once the token was given, keeps no token where scripts can read, and lasts over kill -9', async () => {
    const person = await visit(browser, world.url);
    // it asks who looks, and nobody does
    person.forgive(/status of 401/);
    await logIn(person, world.token, '/runners');
    const { page, context } = person;
    await page.getByRole('heading', { level: 1, name: 'Runners' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);

    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(cookie?.value).not.toContain(world.token);
    const readable: unknown = await page.evaluate(
      'document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)',
    );
    expect(readable).not.toContain(world.token);

    const { port } = new URL(world.url);
    await world.stop('SIGKILL');
    await world.start({}, 'error', ['--listen', `127.0.0.1:${port}`]);
    person.forgive(/ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE/);
    await page.goto('/queue');
    await page.getByRole('heading', { level: 1, name: 'Queue' }).waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('says in the form that a token is not known, and logs nobody in', async () => {
    const person = await visit(browser, world.url);
    person.forgive(/status of 401/);
    await person.page.goto('/');
    await person.page.getByLabel('Token').fill('not-one');
    await person.page.getByRole('button', { name: 'Log in' }).click();
    await person.page.getByRole('alert').filter({ hasText: 'The token is not known here.' }).waitFor();
    expect(await seriousFaults(person.page)).toEqual([]);
    expect(await person.context.cookies()).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('logs out, and is out as soon as the token is revoked', async () => {
    const given = await token('viewer');
    const person = await visit(browser, world.url);
    person.forgive(/status of 401/);
    await logIn(person, given.token);
    await person.page.getByRole('button', { name: 'Log out' }).click();
    await person.page.getByLabel('Token').waitFor();
    expect(await person.context.cookies()).toEqual([]);

    await logIn(person, given.token);
    await world.ask('POST', `/tokens/${given.id}/revoke`, {});
    await person.page.reload();
    await person.page.getByLabel('Token').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
