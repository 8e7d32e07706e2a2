/** A change led through its stages in a real browser, a phase of it cancelled there, and the past of both looked at. */
import type { Browser, Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { onlyDeploy, type World } from '../e2e/world.js';
import { until } from '../e2e/processes.js';
import { hasChromium, logIn, seriousFaults, visit } from './browser.js';
import { givenPages } from './given-pages.js';

describe.skipIf(!hasChromium)('the pages of changes and of history [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    await world.addRunner('build-01');
  });

  const asAdmin = async (path: string, token = world.token) => {
    const person = await visit(browser, world.url);
    // it asks who looks, and nobody does
    person.forgive(/status of 401/);
    await logIn(person, token, path);
    return person;
  };
  const stage = (page: Page, name: string): Locator =>
    page.getByRole('navigation', { name: 'Stages' }).getByRole('link', { name });
  const press = (page: Page, name: string): Promise<void> =>
    page.getByRole('button', { name, exact: true }).click();
  const inDialog = (page: Page, name: string): Promise<void> =>
    page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

  it('lead a branch from the form through both gates to Delivered, following each stage without a reload', async () => {
    const repository = world.aRepository('shop', onlyDeploy('true'));
    const person = await asAdmin('/changes');
    const { page } = person;
    await page.getByRole('heading', { name: 'No change has been submitted' }).waitFor();
    await press(page, 'Submit a change');
    await page.getByLabel('Repository').fill(repository);
    await page.getByLabel('Branch to hand in').fill('not there');
    await page.getByLabel('Target').fill('main');
    person.forgive(/status of 422/);
    await inDialog(page, 'Submit');
    await page.getByText('Expected the name of a branch; found "not there".').waitFor();
    expect(await page.getByLabel('Branch to hand in').getAttribute('aria-invalid')).toBe('true');
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByLabel('Branch to hand in').fill('feature');
    await inDialog(page, 'Submit');

    await page.getByRole('heading', { level: 1, name: 'Say more' }).waitFor();
    await stage(page, 'Verify').getByText('passed').waitFor();
    await press(page, 'Approve');
    expect(await page.getByRole('dialog').innerText()).toContain('A merge that has landed');
    await inDialog(page, 'Approve');
    await stage(page, 'Acceptance').getByText('passed').waitFor();
    expect(await page.getByRole('heading', { level: 2 }).innerText()).toContain('Acceptance');
    await press(page, 'Deliver');
    await page.getByText('No earlier change goes with it.').waitFor();
    await inDialog(page, 'Deliver');
    await stage(page, 'Delivered').getByText('passed').waitFor();
    await stage(page, 'Build').click();
    await page.getByRole('heading', { level: 2, name: 'Build' }).waitFor();
    expect(new URL(page.url()).searchParams.get('stage')).toBe('build');
    expect(await seriousFaults(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('cancel the jobs of a phase one by one after they have said what happens where, and show how they end', async () => {
    const filters = { unit: [{ platform_family: ['debian'] }, { platform_family: ['rhel'] }] };
    const repository = world.aRepository('matrix', {
      commands: { unit: 'sleep 600', lint: 'true', syntax: 'true' },
      config: { version: '2', job_dispatch: { version: 'v2', filters } },
    });
    const { id } = await world.submitted(repository);
    const person = await asAdmin(`/changes/${id}`);
    const { page } = person;
    await page
      .getByRole('row', { name: /platform_family=debian/ })
      .getByText('running')
      .waitFor();
    await page
      .getByRole('row', { name: /platform_family=rhel/ })
      .getByText('queued')
      .waitFor();
    await page.getByRole('button', { name: /^Cancel 2 jobs.*the phase unit$/ }).click();
    const fates = page.getByRole('list', { name: 'What happens to the jobs' });
    expect(await fates.getByRole('listitem').filter({ hasText: 'debian' }).innerText()).toMatch(
      /All its processes on build-01 get TERM, and what is left 10 s later gets KILL/,
    );
    expect(await fates.getByRole('listitem').filter({ hasText: 'rhel' }).innerText()).toMatch(
      /It waits: it is taken out/,
    );
    await page.getByLabel('Reason').fill('wrong branch');
    await inDialog(page, 'Cancel 2 jobs');
    await page.getByRole('list', { name: 'What came of it' }).getByText('asked for').nth(1).waitFor();
    await inDialog(page, 'Close');
    await page
      .getByRole('row', { name: /platform_family=debian/ })
      .getByText('cancelled')
      .waitFor();
    await page.getByRole('button', { name: /^Run again/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Approve', exact: true }).isDisabled()).toBe(true);
    await page.getByText('Approve: Verify has failed.').waitFor();
    const jobs = await world.jobsOf(id);
    const cancelled = jobs.filter(({ phase }) => phase === 'unit');
    expect(cancelled.map(({ cancelRequested }) => cancelRequested?.reason)).toEqual([
      ...['wrong branch', 'wrong branch'],
    ]);
    expect(await seriousFaults(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('offer a viewer nothing to press, and refuse nobody a look', async () => {
    const answer = await world.ask('POST', '/tokens', { subject: 'looks', role: 'viewer' });
    const { token } = answer.json() as { readonly token: string };
    const person = await asAdmin('/changes?status=delivered', token);
    const { page } = person;
    await page.getByRole('link', { name: 'Say more' }).click();
    await stage(page, 'Delivered').getByText('passed').waitFor();
    expect(await page.getByRole('button', { name: /Approve|Deliver|Delete|again|Cancel/ }).count()).toBe(0);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('find attempts again by what stands in the address, as a file too, and lead to the moment of each', async () => {
    const person = await asAdmin('/history?outcome=cancelled&actor=admin');
    const { page } = person;
    const table = page.getByRole('table', { name: 'Attempts, newest first' });
    await table.getByText('cancel by admin').nth(1).waitFor();
    expect(await table.getByRole('row').count()).toBe(3);
    const href = await page.getByRole('link', { name: 'Export as CSV' }).getAttribute('href');
    const csv = await page.request.get(href ?? '');
    expect((await csv.text()).trim().split('\r\n')).toHaveLength(3);
    expect(await seriousFaults(page)).toEqual([]);

    const row = table.getByRole('row', { name: /platform_family=debian/ });
    await row.getByRole('link', { name: 'change' }).click();
    await page.getByRole('status').filter({ hasText: 'As it was at' }).waitFor();
    await page
      .getByRole('row', { name: /platform_family=debian/ })
      .getByText('running')
      .waitFor();
    expect(await page.getByRole('button', { name: /^Cancel/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page
      .getByRole('row', { name: /platform_family=debian/ })
      .getByText('cancelled')
      .waitFor();

    await page.getByRole('button', { name: /choose the moment/ }).click();
    await page.getByRole('button', { name: '−1 h' }).click();
    const at = await until('the address has the moment', () =>
      Promise.resolve(new URL(page.url()).searchParams.get('at') ?? undefined),
    );
    expect(Math.abs(Date.now() - 3_600_000 - Date.parse(at))).toBeLessThan(60_000);
    await page.getByRole('button', { name: '+10 min' }).click();
    await page.waitForURL((url) => Date.parse(url.searchParams.get('at') ?? '') === Date.parse(at) + 600_000);
    await inDialog(page, 'Now');
    await page.waitForURL((url) => !url.searchParams.has('at'));
    await page.keyboard.press('Escape');

    await page.goto('/history?by=outcome');
    await page.getByRole('table', { name: 'Attempts by outcome' }).getByText('cancelled').first().waitFor();
    // nothing had been submitted an hour before
    person.forgive(/status of 404/);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
