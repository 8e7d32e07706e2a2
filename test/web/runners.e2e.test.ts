/** The pages of runners in a real browser: what needs somebody comes first, and can be done there; nobody is offered what is refused. */
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { World } from '../e2e/world.js';
import { until } from '../e2e/processes.js';
import { hasChromium, logIn, seriousFaults, visit, type Visitor } from './browser.js';
import { givenPages } from './given-pages.js';
import { aFleet, type Fleet } from './given-fleet.js';

describe.skipIf(!hasChromium)('the pages of runners [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();
  let fleet: Fleet;

  beforeAll(async () => {
    ({ world, browser } = await startPages());
  });

  const runner = async (name: string): Promise<RunnerStatus> =>
    (await world.ask('GET', `/runners/${name}`)).json() as RunnerStatus;

  const someone = async (path: string, token = world.token): Promise<Visitor> => {
    const person = await visit(browser, world.url);
    // it asks who looks, and nobody does
    person.forgive(/status of 401/);
    await logIn(person, token, path);
    return person;
  };

  const row = (page: Page, name: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

  it('says what to paste while there is none, and adds one at once with the line for its key', async () => {
    const person = await someone('/runners');
    const { page } = person;
    await page.getByText('baton install-runner HOST ADMIN -P').waitFor();
    await page.getByRole('button', { name: 'Add a runner' }).click();
    await page.getByLabel('Name', { exact: true }).fill('build-09');
    await page.getByLabel('Host name or address').fill("127.0.0.1'; reboot");
    await page
      .getByText(`baton runner add build-09 --host '127.0.0.1'\\''; reboot' --user job_runner`)
      .waitFor();
    await page.getByLabel('Jump host').fill('gate@jump.example.org');
    await page.getByText(/--user job_runner --jump gate@jump\.example\.org$/).waitFor();
    await page.getByLabel('Jump host').fill('');
    await page.getByLabel('Host name or address').fill('127.0.0.1');
    await page.getByLabel('SSH port').fill('1');
    await page.getByRole('button', { name: 'Add it now' }).click();
    const { publicKey = '' } = await until('the runner is enrolled', async () => {
      const answer = await world.ask('GET', '/runners/build-09');
      return answer.status === 200 ? (answer.json() as RunnerStatus) : undefined;
    });
    await page.getByText(`restrict ${publicKey}`).waitFor();
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.getByText('Nothing accepts connections at 127.0.0.1 port 1').first().waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await row(page, 'build-09').getByText('unreachable').waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
    await world.ask('POST', '/runners/build-09/remove', {});
  });

  it('has those first that need somebody, each with what its state rests on, and keeps that true without a reload', async () => {
    fleet = await aFleet(world);
    const person = await someone('/runners');
    const { page } = person;
    await row(page, 'build-01').getByText('1 of 4 busy').waitFor();
    expect(await page.locator('.runners-name').allInnerTexts()).toEqual([
      ...['build-02', 'build-03', 'build-04', 'build-01'],
    ]);
    await row(page, 'build-02').getByText('probe failed').waitFor();
    await row(page, 'build-02').getByText('another host key than the accepted one').waitFor();
    await row(page, 'build-04').getByText('never probed').waitFor();
    await row(page, 'build-01')
      .getByText(/^probe ok \d+ s ago, \d+ ms/)
      .waitFor();
    await row(page, 'build-01').getByText('last 2: 1 failed, 1 succeeded').waitFor();
    expect(
      await row(page, 'build-01')
        .getByRole('link', { name: fleet.running.slice(0, 8) })
        .count(),
    ).toBe(1);
    expect(await seriousFaults(page)).toEqual([]);

    // a look that finds the same again is told to the row alone
    const before = await row(page, 'build-01').getByRole('time').getAttribute('datetime');
    await world.ask('POST', '/runners/build-01/test', {});
    const after = (await runner('build-01')).evidence?.at;
    expect(after).not.toBe(before);
    await page.locator(`time[datetime="${after ?? ''}"]`).waitFor();
    await world.ask('POST', '/runners/build-01/drain', { reason: 'new disk' });
    await row(page, 'build-01').getByText('drained by admin: new disk').waitFor();
    await world.ask('POST', '/runners/build-01/resume', {});

    await page.getByRole('link', { name: 'gpu', exact: true }).first().click();
    await page.waitForURL(/label=gpu/);
    await row(page, 'build-02').waitFor({ state: 'detached' });
    await page.reload();
    await row(page, 'build-01').waitFor();
    expect((await page.locator('.runners-name').allInnerTexts()).sort()).toEqual(['build-01', 'build-03']);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('tests one that is new, shows the host key that it found, and accepts it only as compared', async () => {
    const person = await someone('/runners');
    const { page } = person;
    await row(page, 'build-04').getByRole('button', { name: 'Test build-04' }).click();
    await page.getByText('Now it is').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Compare the host key…' }).click();
    // in place of the test, whose button gets the focus back
    expect(await page.getByRole('dialog').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Test build-04');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Compare the host key…' }).click();
    await page.getByLabel('I compared').check();
    expect((await runner('build-04')).hostKeys).toEqual([]);
    await page.getByRole('button', { name: 'Accept this key, then test' }).click();
    await row(page, 'build-04').getByText('ready', { exact: true }).waitFor();
    expect((await runner('build-04')).hostKeys).toEqual((await runner('build-01')).hostKeys);
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('does something with many, one after the other, and tells of each what came of it', async () => {
    const person = await someone('/runners?sort=name');
    const { page } = person;
    await page.getByRole('button', { name: 'Choose all 4 shown' }).click();
    await page.getByText('4 chosen').waitFor();
    await page.getByLabel('Choose build-02').uncheck();
    await page.getByRole('button', { name: 'Pause…' }).click();
    // refused when its turn comes
    await world.ask('POST', '/runners/build-04/remove', {});
    await page.getByLabel('for 2 hours').check();
    await page.getByLabel('Reason').fill('backup');
    await page.getByRole('button', { name: 'Pause 3' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 of 3 done, 1 refused').waitFor();
    await dialog.getByText('Now paused. One job is still there.').waitFor();
    await dialog.getByText('The runner build-04 was retired.').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Close' }).click();
    const paused = await runner('build-01');
    expect(paused).toMatchObject({ state: 'paused', detail: expect.stringContaining('backup') as unknown });
    await row(page, 'build-01').getByRole('button', { name: 'Resume build-01' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await row(page, 'build-01').getByText('ready').waitFor();
    // the browser tells of every refusal
    person.forgive(/status of 409/);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('shows both host keys, and trusts the found one only for who says that it was compared', async () => {
    const { foundHostKey = '', hostKeys } = await runner('build-02');
    const person = await someone('/runners/build-02');
    const { page } = person;
    await page.getByText('nothing happens until somebody acts').waitFor();
    await page.getByRole('button', { name: 'Trust host key…' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.locator('code.runners-fingerprint').allInnerTexts()).toEqual([
      ...hostKeys,
      foundHostKey,
    ]);
    expect(await seriousFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Trust this key' }).click();
    expect((await runner('build-02')).hostKeys).toEqual(hostKeys);
    await dialog.getByLabel('I compared').check();
    await dialog.getByRole('button', { name: 'Trust this key' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await runner('build-02')).hostKeys).toEqual([foundHostKey]);
    await page.getByText(/^probe ok/).waitFor();
    await page.getByRole('cell', { name: 'can start' }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('does not remove a runner under its jobs, unless they are to be cancelled', async () => {
    const person = await someone('/runners/build-01');
    const { page } = person;
    person.forgive(/status of 409/);
    await page.getByRole('button', { name: 'Remove…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('link', { name: fleet.running.slice(0, 8) }).waitFor();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByRole('alert').getByText('is busy with 1 job').waitFor();
    expect((await runner('build-01')).state).toBe('ready');
    await dialog.getByLabel('Cancel it').check();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('retired', { exact: true }).waitFor();
    await page.getByRole('table', { name: 'Jobs of build-01' }).getByText('cancelled').waitFor();
    expect(await page.getByRole('group', { name: 'Commands to build-01' }).count()).toBe(0);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('offers no command to who may only look, and none in the past', async () => {
    const answer = await world.ask('POST', '/tokens', { subject: 'looks', role: 'viewer' });
    const viewer = await someone('/runners', (answer.json() as { readonly token: string }).token);
    await row(viewer.page, 'build-02').waitFor();
    expect(await viewer.page.getByRole('button', { name: 'Add a runner' }).count()).toBe(0);
    expect(await viewer.page.getByRole('checkbox').count()).toBe(0);
    expect(await viewer.page.getByRole('button', { name: 'Test' }).count()).toBe(0);
    await viewer.page.goto('/runners/build-02');
    await viewer.page.getByText(/^probe ok/).waitFor();
    expect(await viewer.page.getByRole('group', { name: 'Commands to build-02' }).count()).toBe(0);
    expect(viewer.misdeeds).toEqual([]);
    await viewer.close();

    const historian = await someone('/runners/build-02?at=start');
    await historian.page.getByText('There was no runner build-02 then').waitFor();
    historian.forgive(/status of 404/);
    await historian.page.goto('/runners?at=12');
    await historian.page.getByText('Nothing can be changed here').waitFor();
    await historian.page.getByText('Of the past there is what was recorded').waitFor();
    expect(await historian.page.getByRole('button', { name: 'Add a runner' }).count()).toBe(0);
    expect(await historian.page.getByRole('checkbox').count()).toBe(0);
    expect(historian.misdeeds).toEqual([]);
    await historian.close();
  });
});
