/** The pages in the Koa of a pipeline engine, below a path of its choice and with its login, in a browser: the plugin as it is built. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostUser, MiddlewareContext } from '../../plugin/contract.js';
import type { Subject } from '../../plugin/testing.js';
import { aSite, aSubject, mounted, type PluginPackage } from '../plugin/subject.js';
import { hasChromium, seriousFaults, startBrowser, visit, type Visitor } from './browser.js';

const built = new URL('../../dist/plugin/index.js', import.meta.url).href;

describe.skipIf(!hasChromium)('the pages of a Baton that an engine has mounted [needs chromium]', () => {
  const closing: (() => Promise<unknown>)[] = [];
  let subject: Subject;
  let browser: Browser;
  let url: string;
  /** Until the runner is enrolled everybody is an administrator; then the engine knows people by a cookie of its own. */
  let isSetUp = false;
  const authenticate = ({ req }: MiddlewareContext): HostUser | undefined => {
    if (!isSetUp) return { actor: 'setup', role: 'admin' };
    return req.headers.cookie?.includes('engine=ada') === true
      ? { actor: 'ada', role: 'operator' }
      : undefined;
  };

  beforeAll(async () => {
    const site = await aSite('in-process server');
    closing.push(() => site.close());
    const module = (await import(/* @vite-ignore */ built)) as PluginPackage;
    subject = await aSubject(site, { authenticate }, module);
    closing.push(() => subject.close());
    isSetUp = true;
    const listener = await mounted(subject.plugin());
    closing.push(() => listener.close());
    ({ url } = listener);
    browser = await startBrowser();
    closing.push(() => browser.close());
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  /** Somebody with a browser, and the addresses that it asks for. */
  const someone = async (
    at: string,
    isIn: boolean,
  ): Promise<Visitor & { readonly asked: readonly string[] }> => {
    const person = await visit(browser, at);
    const asked: string[] = [];
    person.context.on('request', (request) => void asked.push(new URL(request.url()).pathname));
    if (isIn) await person.context.addCookies([{ name: 'engine', value: 'ada', url: at }]);
    return Object.assign(person, { asked });
  };

  it('tell whom the engine does not let in where to log in, and ask for no token', async () => {
    const person = await someone(url, false);
    person.forgive(/status of 401/);
    await person.page.goto('/baton/queue');
    await person.page.getByText('Log in to the program that this is a part of').waitFor();
    expect(await person.page.getByLabel('Token').count()).toBe(0);
    expect(await seriousFaults(person.page)).toEqual([]);
    await person.context.addCookies([{ name: 'engine', value: 'ada', url }]);
    await person.page.getByRole('button', { name: 'Try again' }).click();
    await person.page.getByRole('heading', { name: 'Queue', exact: true }).waitFor();
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('show queue and job below that path, live and after a reload, and cancel the job', async () => {
    const person = await someone(url, true);
    const { page } = person;
    await page.goto('/baton');
    await page.waitForURL(`${url}/baton/queue`);
    await page.getByText('ada (operator)').waitFor();
    await page.getByText('Nothing waits and nothing runs').waitFor();
    expect(await page.getByRole('button', { name: 'Log out' }).count()).toBe(0);

    const promotion = subject.promotion('of-the-page', 'waits');
    await subject
      .plugin()
      .handle({ type: 'phase.promoted', commandId: 'of-the-page', actor: 'ada', promotion });
    const running = page.getByRole('table', { name: 'Running and starting, in the order of dispatch' });
    await running.getByText('running').waitFor();
    await running.getByRole('link', { name: 'verify / unit' }).click();
    await page.waitForURL(/\/baton\/jobs\/[0-9a-f-]{36}$/);
    await page.reload();
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
    for (const name of ['Runners', 'Changes', 'History', 'Queue']) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
      await page.waitForURL(`${url}/baton/${name.toLowerCase()}`);
      await page.getByRole('heading', { level: 1, name }).waitFor();
    }
    expect(person.asked.filter((path) => !/^\/baton(?:\/|$)/.test(path))).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });

  it('work one path deeper, too, where the engine cuts that off and Baton knows nothing of it', async () => {
    const listener = await mounted(subject.plugin(), '/ci');
    const person = await someone(listener.url, true);
    const { page } = person;
    await page.goto('/ci/baton/runners/r1');
    await page.getByRole('heading', { level: 1, name: 'r1' }).waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'History' }).click();
    await page.waitForURL(`${listener.url}/ci/baton/history`);
    await page.getByText('ada (operator)').waitFor();
    expect(person.asked.filter((path) => !path.startsWith('/ci/baton/'))).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
    await listener.close();
  });
});
