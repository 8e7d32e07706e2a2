/** One job in the browser: its log as it comes, its end by the dialog, and the log again over a server that was killed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import { isAlive } from '../../bench/fleet/processes.js';
import { until } from '../e2e/processes.js';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium, linesShown } from './browser.js';
import { givenPages } from './given-pages.js';
import { oneJob, theJob, untilThere } from './one-job.js';

describe.skipIf(!hasChromium)('the page of a job [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();
  let repository: string;

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    await world.addRunner('r1');
    repository = world.aRepository('web', oneJob('true'));
  });

  const path = (name: string): string => join(world.folder, name);
  /** Lines `name 1` to `name N`, in parts; each part but the first waits for a file of its number. */
  const printed = (name: string, parts: readonly number[]): string => {
    const steps = parts.map((to, index) => {
      const wait = index === 0 ? ':' : untilThere(path(`${name}-${index}`));
      return `${wait}; while [ $i -lt ${to} ]; do i=$((i+1)); echo "${name} $i"; done; : >${path(`${name}-at-${to}`)}`;
    });
    return `i=0; ${steps.join('; ')}`;
  };
  const open = (name: string, part: number): void => writeFileSync(path(`${name}-${part}`), '');
  const started = async (name: string, command: string): Promise<JobView> => {
    world.aBranch(repository, name, oneJob(`sh ${world.file(`${name}.sh`, command)}`));
    const change = await world.submitted(repository, name);
    return theJob(world, change, ({ status }) => status === 'running');
  };
  const lineThere = (page: Page, text: string): Promise<void> =>
    page.getByRole('list', { name: 'Lines' }).getByText(text, { exact: true }).waitFor();

  it('shows lines as they come, and ends the job and all its processes by a dialog that says what it does', async () => {
    const children = 'sleep 1000 & echo "child $!"; (sleep 1001 & echo "child $!"; wait) &';
    const job = await started('talk', `${children}\n${printed('talk', [20, 40])}; wait`);
    const person = await cameIn(browser, world, `/jobs/${job.id}`);
    const { page } = person;
    await page.getByRole('heading', { level: 1, name: 'verify / unit' }).waitFor();
    await lineThere(page, 'talk 20');
    expect(await faultsInBothThemes(page)).toEqual([]);
    open('talk', 1);
    await lineThere(page, 'talk 40');

    const log = await world.ask('GET', `/jobs/${job.id}/log`);
    const pids = [...log.bytes.toString().matchAll(/^child (\d+)$/gm)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(2);
    expect(await Promise.all(pids.map(isAlive))).toEqual([true, true]);

    await page.getByRole('button', { name: 'Cancel…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel this job?' });
    await dialog.getByText('verify / unit').waitFor();
    await dialog.getByText('processes on r1').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await dialog.getByLabel('Reason').fill('seen enough');
    await dialog.getByRole('button', { name: 'Cancel the job' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('asked to cancel it').filter({ hasText: 'seen enough' }).waitFor();
    await page.locator('.job-head .chip', { hasText: /^cancelled$/ }).waitFor();
    await page.locator('.log-foot').getByText('The log is complete and sealed').waitFor();
    expect(await page.getByRole('button', { name: 'Cancel…' }).count()).toBe(0);
    expect(await Promise.all(pids.map(isAlive))).toEqual([false, false]);
    expect(await faultsInBothThemes(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('shows every line once and in order, also those that came while the server was killed and started again', async () => {
    const job = await started('row', printed('row', [100, 250, 400]));
    const person = await cameIn(browser, world, `/jobs/${job.id}`);
    const { page } = person;
    await lineThere(page, 'row 100');
    person.forgive(/ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE/);
    const { port } = new URL(world.url);
    await world.stop('SIGKILL');
    open('row', 1);
    await page.getByRole('alert').filter({ hasText: 'The connection to the server was lost' }).waitFor();
    await page.getByRole('alert').filter({ hasText: 'The log stream was lost' }).waitFor();
    await world.start({}, 'error', ['--listen', `127.0.0.1:${port}`]);
    await lineThere(page, 'row 250');
    await page.getByRole('alert').first().waitFor({ state: 'detached' });
    open('row', 2);
    await lineThere(page, 'row 400');
    await page.locator('.log-foot').getByText('The log is complete and sealed').waitFor();

    // from its beginning to its end, by the keyboard
    await page.getByRole('region', { name: 'Lines of the log' }).focus();
    await page.keyboard.press('g');
    await lineThere(page, 'row 1');
    const seen = new Map<number, string>();
    await until('all lines were seen', async () => {
      for (const [line, text] of await linesShown(page)) if (text !== '…') seen.set(line, text);
      if (seen.has(400)) return true;
      await page.keyboard.press('PageDown');
      return undefined;
    });
    const wanted = Array.from({ length: 400 }, (_, index) => [index + 1, `row ${index + 1}`]);
    expect([...seen]).toEqual(wanted);
    const raw = (await world.ask('GET', `/jobs/${job.id}/log`)).bytes.toString();
    expect(raw).toBe(wanted.map(([, text]) => `${text}\n`).join(''));
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('offers a viewer the log, and nothing to do with the job', async () => {
    const job = await started('watched', printed('watched', [5, 10]));
    const given = (await world.ask('POST', '/tokens', { subject: 'web-viewer', role: 'viewer' })).json() as {
      readonly token: string;
    };
    const person = await cameIn(browser, { url: world.url, token: given.token }, `/jobs/${job.id}`);
    const { page } = person;
    await lineThere(page, 'watched 5');
    const head = page.getByRole('group', { name: 'What can be done with this job' });
    expect(await head.getByRole('button').allInnerTexts()).toEqual(['Copy link']);
    open('watched', 1);
    await page.locator('.job-head .chip', { hasText: /^succeeded$/ }).waitFor();
    expect(await head.getByRole('button').allInnerTexts()).toEqual(['Copy link']);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
