/**
 * A real browser at the real pages, as a person has it. What a page may never do is watched all the time: an error in its console, a
 * breach of its own content policy, a request to anybody else.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** Where there is none such tests are skipped, and say so by their title `[needs chromium]`. */
export { hasChromium, startChromium as startBrowser } from '../../bench/web/chromium.js';

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything that no page may do, so far. */
  readonly misdeeds: readonly string[];
  /** One that the test has caused. */
  readonly forgive: (pattern: RegExp) => void;
  readonly close: () => Promise<void>;
}

/** Breaches of the policy are told to the page itself; this makes them lines of its console. In the page's words: here is no DOM. */
const watchPolicy = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
  console.error('policy: ' + violatedDirective + ' ' + blockedURI + ' ' + sample);
});`;

/** A person with a browser of their own: no cookie yet. */
export const visit = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> => {
  const context = await browser.newContext({ baseURL: url, ...options });
  context.setDefaultTimeout(30_000);
  await context.addInitScript({ content: watchPolicy });
  const seen: string[] = [];
  const forgiven: RegExp[] = [];
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== new URL(url).origin)
      seen.push(`a request to ${request.url()}`);
  });
  context.on('weberror', (error) => seen.push(`thrown: ${error.error().message}`));
  context.on('console', (message) => {
    if (message.type() === 'error') seen.push(`console: ${message.text()}`);
  });
  return {
    page: await context.newPage(),
    context,
    get misdeeds() {
      return seen.filter((line) => !forgiven.some((pattern) => pattern.test(line)));
    },
    forgive: (pattern) => void forgiven.push(pattern),
    close: () => context.close(),
  };
};

/** By the form, as a person does. */
export const logIn = async (
  { page }: Pick<Visitor, 'page'>,
  token: string,
  path = '/queue',
): Promise<void> => {
  await page.goto(path);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
};

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds that is serious or critical on what is shown now, one line each. */
export const seriousFaults = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axeSource);
  const results = await page.evaluate<AxeResults>('axe.run(document, {resultTypes: ["violations"]})');
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
};

/** The same in light and in dark, as a system asks for it. */
export const faultsInBothThemes = async (page: Page): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const fault of await seriousFaults(page)) faults.push(`${colorScheme}: ${fault}`);
  }
  return faults;
};

/** A person with a token of their own, at this page. What the browser writes of the first question, who looks, is forgiven. */
export const cameIn = async (
  browser: Browser,
  { url, token }: { readonly url: string; readonly token: string },
  path: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> => {
  const person = await visit(browser, url, options);
  person.forgive(/status of 401/);
  await logIn(person, token, path);
  return person;
};

/** Lines of the log that are in the page: number and what is read. In the page's words: here is no DOM. */
const LINES = `[...document.querySelectorAll('.log-row')].map((row) => [
  Number(row.dataset.line),
  row.querySelector('.log-text').textContent,
])`;

export const linesShown = (page: Page): Promise<readonly (readonly [line: number, text: string])[]> =>
  page.evaluate<readonly (readonly [number, string])[]>(LINES);
