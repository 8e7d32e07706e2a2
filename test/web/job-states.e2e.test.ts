/** The page of a job whose runner does not answer, that waits, or that was tried again; and its log as a reader moves about in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { onlyDeploy, type World } from '../e2e/world.js';
import { aFaultyRunner, type FaultyRunner } from '../faults/runner.js';
import { hasSshd } from '../sshd.js';
import { cameIn, faultsInBothThemes, hasChromium } from './browser.js';
import { givenPages } from './given-pages.js';
import { oneJob, theJob, untilThere } from './one-job.js';

const tried = {
  version: '2',
  job_dispatch: { version: 'v2' },
  skip_phases: ['lint', 'syntax'],
  baton: { retry: { unit: { attempts: 2, exit_codes: [75] } } },
};

/** Where the keyboard can go from here. In the page's words: here is no DOM. */
const IN_LOG = `document.activeElement.closest('.log') !== null`;

describe.skipIf(!hasChromium || !hasSshd)(
  'the page of a job in unusual states [needs chromium, sshd]',
  () => {
    let world: World;
    let browser: Browser;
    let runner: FaultyRunner;
    const startPages = givenPages();

    beforeAll(async () => {
      ({ world, browser } = await startPages());
      runner = await aFaultyRunner(world, 'r1');
    });

    const path = (name: string): string => join(world.folder, name);
    const started = async (name: string, unit: string): Promise<JobView> => {
      const change = await world.submitted(world.aRepository(name, oneJob(unit)));
      return theJob(world, change, ({ status }) => status === 'running');
    };
    const lineThere = (page: Page, text: string): Promise<void> =>
      page.getByRole('list', { name: 'Lines' }).getByText(text, { exact: true }).waitFor();
    const foot = (page: Page) => page.locator('.log-foot');

    it('says that the runner does not answer and that a cancel is owed, and goes on when it is back', async () => {
      const job = await started('away', `echo before; ${untilThere(path('back'))}; echo after`);
      const person = await cameIn(browser, world, `/jobs/${job.id}`);
      const { page } = person;
      await lineThere(page, 'before');
      await runner.link.refuse();
      await page.locator('.job-head .chip', { hasText: 'unreachable' }).waitFor();
      await page.getByText(/^r1 does not answer/).waitFor();
      await foot(page).getByText('Its runner does not answer: what the job writes meanwhile').waitFor();
      await page.getByRole('button', { name: 'Close as lost…' }).waitFor();
      await page.getByRole('button', { name: 'Cancel…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Cancel this job?' });
      await dialog.getByText('what is left 10 s later gets KILL').waitFor();
      await dialog.getByText('r1 cannot be reached now: the cancel is owed').waitFor();
      expect(await faultsInBothThemes(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      // the browser gives the focus back to what opened it
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel…');

      await runner.link.open();
      writeFileSync(path('back'), '');
      await world.ask('POST', '/runners/r1/test', {});
      await lineThere(page, 'after');
      await foot(page).getByText('The log is complete and sealed').waitFor();
      await foot(page).getByText('Exit code 0.', { exact: true }).waitFor();
      // how it ended stands once on the page
      expect(await page.getByText('The job succeeded with exit code 0.').count()).toBe(1);
      expect(person.misdeeds).toEqual([]);
      await person.close();
    });

    it('says of a job that waits which condition no runner meets, in its first tab', async () => {
      const repository = world.aRepository('waits', oneJob('true', [{ platform: ['aix'] }]));
      const job = await theJob(world, await world.submitted(repository));
      const person = await cameIn(browser, world, `/jobs/${job.id}`);
      const { page } = person;
      await page.getByText(/waits: no enrolled runner has platform aix/i).waitFor();
      await page.getByRole('link', { name: 'Every runner against its conditions' }).click();
      const table = page.getByRole('table', { name: 'Runners against the conditions of the job' });
      await table.getByRole('row', { name: /r1/ }).getByText('fails').waitFor();
      expect(await faultsInBothThemes(page)).toEqual([]);
      expect(person.misdeeds).toEqual([]);
      await person.close();
    });

    it('has the raw log of the attempt that is looked at, and a link to what is chosen', async () => {
      const commands = { unit: 'echo "try $BATON_ATTEMPT"; exit 75' };
      const change = await world.submitted(world.aRepository('tried', { commands, config: tried }));
      const job = await theJob(world, change, ({ endedAt }) => endedAt !== undefined);
      expect(job.attempts).toHaveLength(2);
      const permissions = ['clipboard-read', 'clipboard-write'];
      const person = await cameIn(browser, world, `/jobs/${job.id}?attempt=1`, { permissions });
      const { page } = person;
      await lineThere(page, 'try 1');
      await foot(page).getByText('Attempt 1 ended, and the job is tried again: It failed').waitFor();
      const raw = async (): Promise<string> => {
        const href = await page.getByRole('link', { name: 'Raw log' }).getAttribute('href');
        return (await page.request.get(href ?? '')).text();
      };
      expect(await raw()).toBe('try 1\n');
      await page.getByRole('link', { name: 'Line 1', exact: true }).click();
      await page.getByRole('group', { name: 'Chosen lines' }).getByText('Line 1').waitFor();
      const head = page.getByRole('group', { name: 'What can be done with this job' });
      await head.getByRole('button', { name: 'Copy link' }).click();
      await page.getByRole('status').getByText('Copied.').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        `${world.url}/jobs/${job.id}?attempt=1#L1`,
      );
      await page.getByLabel('Attempt').selectOption('2');
      await lineThere(page, 'try 2');
      expect(await raw()).toBe('try 2\n');
      expect(person.misdeeds).toEqual([]);
      await person.close();
    });

    it('leads to the lines of a link that is pasted while the log is open, and fills the screen for the keyboard, too', async () => {
      const print = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; done';
      const change = await world.submitted(world.aRepository('long', oneJob(print)));
      const job = await theJob(world, change, ({ status }) => status === 'succeeded');
      const person = await cameIn(browser, world, `/jobs/${job.id}`);
      const { page } = person;
      await lineThere(page, 'line 3000');
      await page.evaluate("location.hash = '#L20-L24'");
      await lineThere(page, 'line 20');
      expect(await page.locator('.log-chosen').count()).toBe(5);

      const full = page.getByRole('button', { name: 'Full screen', exact: true });
      await full.click();
      await foot(page).getByText('The job succeeded with exit code 0.').waitFor();
      await page.keyboard.press('Shift+Tab');
      for (let press = 0; press < 40; press++) {
        await page.keyboard.press('Tab');
        // after the last the browser itself has its turn, and then the first
        const where = await page.evaluate("document.activeElement === document.body ? 'away' : 'there'");
        if (where === 'there') expect(await page.evaluate(IN_LOG)).toBe(true);
      }
      expect(await faultsInBothThemes(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Queue' }).click();
      await page.getByRole('heading', { level: 1, name: 'Queue' }).waitFor();
      expect(person.misdeeds).toEqual([]);
      await person.close();
    });

    it('shows a change whose jobs all wait as waiting, and reads only the jobs that go on', async () => {
      const config = {
        ...{ version: '2', skip_phases: ['syntax'] },
        job_dispatch: { version: 'v2', filters: { unit: [{ platform: ['aix'] }] } },
      };
      const commands = { unit: 'true', lint: untilThere(path('linted')) };
      const repository = world.aRepository('half', { ...onlyDeploy('true'), commands, config });
      const { id } = await world.submitted(repository);
      const linted = await theJob(
        world,
        { id },
        ({ phase, status }) => phase === 'lint' && status === 'running',
      );
      const person = await cameIn(browser, world, `/changes/${id}`);
      const { page } = person;
      const table = page.getByRole('table', { name: 'Phases of Verify' });
      await table.getByRole('row', { name: /lint/ }).getByText('running').waitFor();
      await page.getByText('It goes on by itself.').waitFor();
      const reads: string[] = [];
      page.on('request', (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname === '/api/v1/jobs' && searchParams.get('change') === id) reads.push('all');
        if (pathname === `/api/v1/jobs/${linted.id}`) reads.push('lint');
      });
      writeFileSync(path('linted'), '');
      await page.getByText('It waits for a runner.').waitFor();
      await table.getByRole('row', { name: /lint/ }).getByText('succeeded').waitFor();
      expect(reads).toContain('lint');
      expect(reads).not.toContain('all');
      await page.getByRole('heading', { level: 2 }).getByText('waiting for a runner').waitFor();
      await table.getByRole('link', { name: /^Why it waits.*unit$/ }).waitFor();
      const listed = await world.baton('change', 'list');
      expect(listed.out).toMatch(/half .*verify waiting for a runner/);
      expect(await faultsInBothThemes(page)).toEqual([]);
      expect(person.misdeeds).toEqual([]);
      await person.close();
    });
  },
);
