/** The queue in the browser: what waits, why, what a filter leaves, and how a job is taken out of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium } from './browser.js';
import { givenPages } from './given-pages.js';
import { oneJob, theJob, untilThere } from './one-job.js';

/** Keeps, after each change of the page, how many rows the job had at most. */
const COUNTS_ROWS = `
  window.mostRows = 0;
  new MutationObserver(() => {
    const rows = [...document.querySelectorAll('tr')].filter((row) => row.textContent.includes('Try second'));
    window.mostRows = Math.max(window.mostRows, rows.length);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
`;

describe.skipIf(!hasChromium)('the page of the queue [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();
  let repository: string;
  const submitted = (branch: string, filters: readonly object[] = []): Promise<ChangeView> => {
    world.aBranch(repository, branch, oneJob(untilThere(join(world.folder, 'go')), filters));
    return world.submitted(repository, branch);
  };

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    await world.addRunner('r1', 1);
    repository = world.aRepository('web', oneJob('true'));
    const first = await submitted('first');
    await theJob(world, first, ({ status }) => status === 'running');
    const second = await submitted('second');
    const never = await submitted('never', [{ platform: ['plan9'] }]);
    for (const change of [second, never]) await theJob(world, change);
  });

  it('says why each job waits, explains it runner by runner, and keeps a filter in the address', async () => {
    const person = await cameIn(browser, world, '/queue');
    const { page } = person;
    const waiting = page.getByRole('table', { name: 'Waiting, in the order of dispatch' });
    const row = (change: string) => waiting.getByRole('row').filter({ hasText: change });
    const running = page.getByRole('table', { name: 'Running and starting, in the order of dispatch' });
    await running.getByRole('row').filter({ hasText: 'Try first' }).getByText('running').waitFor();
    await row('Try second').getByText('all are busy').waitFor();
    await row('Try never').getByText('no runner can ever match').waitFor();
    await page.getByText('One waiting job can never start as things are').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);

    await row('Try never').getByRole('button', { name: 'Explain' }).click();
    const dialog = page.getByRole('dialog', { name: 'Which runner could take this job?' });
    const judged = dialog.getByRole('row').filter({ hasText: 'r1' });
    await judged.getByText('does not').waitFor();
    await judged.getByText('found debian').waitFor();
    expect(new URL(page.url()).searchParams.get('explain')).not.toBeNull();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await page.getByLabel('Why it waits').selectOption('none_matches');
    await row('Try second').waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('reason')).toBe('none_matches');
    await page.reload();
    await row('Try never').waitFor();
    expect(await page.getByLabel('Why it waits').inputValue()).toBe('none_matches');
    expect(await row('Try second').count()).toBe(0);
    await page.getByRole('button', { name: /^Take out: / }).click();
    await row('Try second').waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('shows a job that comes without being loaded again, and takes one out that waits', async () => {
    const person = await cameIn(browser, world, '/queue');
    const { page } = person;
    const waiting = page.getByRole('table', { name: 'Waiting, in the order of dispatch' });
    const row = waiting.getByRole('row').filter({ hasText: 'Try third' });
    await waiting.getByRole('row').filter({ hasText: 'Try second' }).waitFor();
    expect(await row.count()).toBe(0);
    await page.evaluate('window.isTheSamePage = true');
    const third = await submitted('third');
    await row.getByText('all are busy').waitFor();
    expect(await page.evaluate('window.isTheSamePage')).toBe(true);

    await row.getByRole('button', { name: 'Cancel' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel this job?' });
    await dialog.getByText('verify / unit of web: Try third').waitFor();
    await dialog.getByText('It is taken out of the queue, and nothing runs.').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel the job' }).click();
    await row.waitFor({ state: 'detached' });
    expect(await theJob(world, third)).toMatchObject({ status: 'cancelled', attempts: [] });
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('offers a viewer to explain, and not to cancel', async () => {
    const given = await world.ask('POST', '/tokens', { subject: 'web-viewer', role: 'viewer' });
    const { token } = given.json() as { readonly token: string };
    const person = await cameIn(browser, { url: world.url, token }, '/queue');
    const { page } = person;
    const row = page.getByRole('row').filter({ hasText: 'Try second' });
    await row.getByRole('button', { name: 'Explain' }).waitFor();
    await page.getByText('web-viewer (viewer)').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('goes on by itself when the runner is free again, and says so when nothing is left', async () => {
    const person = await cameIn(browser, world, '/queue');
    const { page } = person;
    const second = page.getByRole('row').filter({ hasText: 'Try second' });
    await second.waitFor();
    await page.evaluate(COUNTS_ROWS);
    writeFileSync(join(world.folder, 'go'), '');
    await second.waitFor({ state: 'detached' });
    // while it went from what waited to what ran
    expect(await page.evaluate('window.mostRows')).toBe(1);
    const never = page.getByRole('row').filter({ hasText: 'Try never' });
    await never.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('Nothing waits and nothing runs').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
