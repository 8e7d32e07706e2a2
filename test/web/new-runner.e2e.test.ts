/** A real machine becomes a runner in the browser: added by the form, not let in, let in; then taken out of service, and as it was before. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startRunner, type DemoRunner } from '../../src/cli/demo/fleet.js';
import { hasSshd } from '../sshd.js';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium, type Visitor } from './browser.js';
import { givenPages } from './given-pages.js';

describe.skipIf(!hasChromium || !hasSshd)('a new runner [needs chromium] [needs sshd]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();
  let machine: DemoRunner;
  let person: Visitor;
  let page: Page;

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    machine = await startRunner(world.folder, 'm1', 'debian');
    // it ends with the world
    world.runners.push(machine);
    person = await cameIn(browser, world, '/runners');
    page = person.page;
  });

  const row = () => page.getByRole('table', { name: 'Runners' }).getByRole('row').filter({ hasText: 'm1' });

  it('shows the commands for what is typed, and adds it with a key that Baton makes', async () => {
    await page.getByRole('heading', { level: 1, name: 'Runners' }).waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.getByRole('button', { name: 'Add a runner…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a runner' });
    await dialog.getByLabel('Name', { exact: true }).fill('m1');
    await dialog.getByLabel('Host name or address').fill('127.0.0.1');
    await dialog.getByLabel('Account that jobs run as').fill(machine.user);
    await dialog.getByLabel('SSH port').fill(String(machine.port));
    await dialog.getByLabel('Slots (jobs at once)').fill('2');
    await dialog.getByLabel('Labels').fill('fast, it’s');
    const { user, port } = machine;
    const command = `baton runner add m1 --host 127.0.0.1 --user ${user} --port ${port} --slots 2 --label fast --label`;
    await dialog.getByText(command).waitFor();
    await dialog.getByText('baton install-runner 127.0.0.1 ADMIN -P').waitFor();
    await dialog.getByLabel('Labels').fill('fast');
    expect(await faultsInBothThemes(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add it now' }).click();
    const added = page.getByRole('dialog', { name: 'm1 was added' });
    const line = await added.getByLabel('Line for authorized_keys').innerText();
    expect(line).toMatch(/^restrict ssh-ed25519 \S+/);
    expect(await faultsInBothThemes(page)).toEqual([]);
    await added.getByRole('button', { name: 'Test it' }).click();
  });

  it('shows the host key before anything is trusted, and says in a sentence that the machine does not let it in', async () => {
    const test = page.getByRole('dialog', { name: 'Test of m1' });
    await test.getByRole('button', { name: 'Compare the host key…' }).click();
    const compare = page.getByRole('dialog', { name: 'Accept the host key of m1' });
    await compare.getByText(machine.fingerprint, { exact: true }).waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await compare.getByLabel('I compared the found fingerprint').check();
    await compare.getByRole('button', { name: 'Accept this key, then test' }).click();
    await compare.waitFor({ state: 'detached' });
    await row().getByText('unfit').or(row().getByText('unreachable')).waitFor();
    await row().getByRole('button', { name: 'Test m1' }).click();
    await test
      .locator('.note')
      .getByText(/authorized_keys|refused|not accept/)
      .waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
  });

  it('is ready as soon as the key that it showed stands on the machine', async () => {
    const view = (await world.ask('GET', '/runners/m1')).json() as { readonly publicKey: string };
    const keys = join(world.folder, 'm1', 'sshd', 'authorized_keys');
    appendFileSync(keys, `restrict ${view.publicKey}\n`);
    const test = page.getByRole('dialog', { name: 'Test of m1' });
    await test.getByRole('button', { name: 'Again' }).click();
    await test.getByText('Now it is').getByText('ready').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
    await test.getByRole('button', { name: 'Close' }).click();
    await row().getByText('ready', { exact: true }).waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);
  });

  it('is drained with a reason, and the moment before that is still to be seen, without any command', async () => {
    const before = new Date().toISOString();
    await row().getByRole('link', { name: 'm1' }).click();
    const commands = page.getByRole('group', { name: 'Commands to m1' });
    await commands.getByRole('button', { name: 'Drain…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Drain: m1' });
    await dialog.getByLabel('Reason').fill('a new disk');
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await dialog.waitFor({ state: 'detached' });
    const head = page.locator('section').filter({ has: page.getByRole('heading', { level: 1 }) });
    await head.getByText('draining', { exact: true }).waitFor();
    await head.getByText('a new disk').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);

    await page.goto(`/runners/m1?at=${before}`);
    await page.getByText('Nothing can be changed here.').waitFor();
    await head.getByText('ready', { exact: true }).waitFor();
    expect(await commands.count()).toBe(0);
    expect(await faultsInBothThemes(page)).toEqual([]);
    await page.getByRole('link', { name: 'All runners' }).click();
    await row().getByText('ready', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Drain m1' }).count()).toBe(0);

    // before there was any
    await page.getByRole('button', { name: /choose the moment/ }).click();
    const time = page.getByRole('dialog', { name: 'Show which moment?' });
    await time.getByRole('button', { name: '−1 h' }).click();
    await row().waitFor({ state: 'detached' });
    expect(await faultsInBothThemes(page)).toEqual([]);
    await time.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await row().getByText('draining', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect(person.misdeeds).toEqual([]);
  });
});
