/** A change in the browser: watched through Verify and approved, and one whose Verify fails, is run again and ended. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium } from './browser.js';
import { givenPages } from './given-pages.js';
import { oneJob, theJob, untilThere } from './one-job.js';

describe.skipIf(!hasChromium)('the page of a change [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    await world.addRunner('r1');
  });

  const path = (name: string): string => join(world.folder, name);
  const unit = (page: Page, stage = 'Verify') =>
    page
      .getByRole('table', { name: `Phases of ${stage}` })
      .getByRole('row')
      .filter({ hasText: 'unit' });
  const step = (page: Page, stage: string) =>
    page.getByRole('navigation', { name: 'Stages' }).getByRole('link', { name: stage });

  it('shows Verify as it goes, offers what comes next when it has passed, and leads it on by a dialog that says what follows', async () => {
    const repository = world.aRepository('web', {
      ...oneJob(''),
      commands: { unit: untilThere(path('verified')), deploy: 'true' },
    });
    const { id } = await world.submitted(repository);
    const person = await cameIn(browser, world, `/changes/${id}`);
    const { page } = person;
    await page.getByRole('heading', { level: 1, name: 'Say more' }).waitFor();
    await unit(page).getByText('running', { exact: true }).waitFor();
    await page.getByText('Approve: Verify has not ended yet.').waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    expect(await faultsInBothThemes(page)).toEqual([]);

    writeFileSync(path('verified'), '');
    await step(page, 'Verify').getByText('passed').waitFor();
    await unit(page).getByText('passed').or(unit(page).getByText('succeeded')).waitFor();
    await page.getByText('It waits for approval.').waitFor();
    await page.getByRole('button', { name: 'Approve' }).click();
    const approve = page.getByRole('dialog', { name: 'Approve this change?' });
    await approve.getByText('of feature is merged into main').waitFor();
    await approve.getByLabel('Reason').fill('well done');
    expect(await faultsInBothThemes(page)).toEqual([]);
    await approve.getByRole('button', { name: 'Approve' }).click();
    await step(page, 'Acceptance').getByText('passed').waitFor();
    await page.getByText('“well done”').waitFor();
    await step(page, 'Build').click();
    await unit(page, 'Build').getByText('passed').or(unit(page, 'Build').getByText('succeeded')).waitFor();

    expect(await page.getByRole('button', { name: 'Deliver', exact: true }).isEnabled()).toBe(true);
    expect(await faultsInBothThemes(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('runs a phase again that failed, and ends what runs when it is told to', async () => {
    const command = `[ -e ${path('mended')} ] || exit 7; ${untilThere(path('never'))}`;
    const change = await world.submitted(world.aRepository('api', oneJob(command)));
    const person = await cameIn(browser, world, `/changes/${change.id}`);
    const { page } = person;
    await unit(page).getByText('failed').waitFor();
    await page.getByText('It waits for a better patchset.').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);

    writeFileSync(path('mended'), '');
    await unit(page).getByRole('button', { name: 'Run again' }).click();
    const again = page.getByRole('dialog', { name: 'Run the phase unit of Verify again?' });
    await again.getByRole('button', { name: 'Run again' }).click();
    await unit(page).getByText('running', { exact: true }).waitFor();
    await page.getByRole('navigation', { name: 'Runs of Verify' }).getByText('Run 2').waitFor();

    const job = await theJob(world, change, ({ status }) => status === 'running');
    await page.getByRole('button', { name: 'Cancel all' }).click();
    const end = page.getByRole('dialog', { name: 'Cancel everything that waits or runs?' });
    await end.getByText('verify / unit').waitFor();
    await end.getByText('processes on r1 get TERM').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await end.getByRole('button', { name: 'Cancel the stage' }).click();
    await unit(page).getByText('cancelled', { exact: true }).waitFor();
    await page
      .getByRole('navigation', { name: 'Runs of Verify' })
      .getByText('Run 2, patchset 1: cancelled')
      .waitFor();
    expect((await world.ask('GET', `/jobs/${job.id}`)).json()).toMatchObject({ status: 'cancelled' });
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
