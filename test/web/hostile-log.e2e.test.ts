/** A job may write anything: in the page it is text, and it does nothing to who reads it. */
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium, linesShown } from './browser.js';
import { givenPages } from './given-pages.js';
import { oneJob, theJob } from './one-job.js';

const ESC = '\u001b';
const BEL = '\u0007';
const HOSTILE: readonly (string | Buffer)[] = [
  'first words',
  `${ESC}]8;;javascript:document.title='stolen'${ESC}\\after the link${ESC}]8;;${ESC}\\`,
  `${ESC}]52;c;c3RvbGVu${BEL}after the clipboard`,
  `${ESC}]0;stolen${BEL}after the title`,
  `${ESC}]2;stolen, and never ended`,
  `${ESC}P+q544e${ESC}\\after the device string`,
  `${ESC}_Gf=24;AAAA${ESC}\\after the picture`,
  Buffer.concat([Buffer.from('raw C1 '), Buffer.from([0x9b]), Buffer.from('31m end')]),
  '\u009d0;stolen\u009cC1 as UTF-8',
  'user\u202etxt.exe\u2066turned',
  "</script><script>document.title='stolen'</script>after the script",
  `<img src=x onerror="document.title='stolen'">after the image`,
  `<iframe srcdoc="<script>parent.document.title='stolen'</script>"></iframe>after the frame`,
  `<a href="javascript:document.title='stolen'">after the anchor</a>`,
  'see https://example.org/plain',
  `${ESC}[2J${ESC}[1;1H${ESC}[99A${ESC}cafter the cursor`,
  ' 10%\r 50%\r100% done',
  'a NUL\0 and a bell\u0007 inside',
  `${'long '.repeat(60_000)}its end`,
  'last words',
];

/** What they read as, whole or in part, line after line. */
const READ: readonly (string | RegExp)[] = [
  'first words',
  'after the link',
  'after the clipboard',
  'after the title',
  /stolen, and never ended$/,
  'after the device string',
  'after the picture',
  /^raw C1 \ufffd31m end$/,
  /^U\+009D0;stolenU\+009CC1 as UTF-8$/,
  /^userU\+202Etxt\.exeU\+2066turned$/,
  "</script><script>document.title='stolen'</script>after the script",
  `<img src=x onerror="document.title='stolen'">after the image`,
  `<iframe srcdoc="<script>parent.document.title='stolen'</script>"></iframe>after the frame`,
  `<a href="javascript:document.title='stolen'">after the anchor</a>`,
  'see https://example.org/plain',
  'after the cursor',
  /^100% done/,
  'a NUL^@ and a bell^G inside',
  /^(long )+.*more bytes of this line are in the raw log$/,
  'last words',
];

/** All that is in the rows, by name and where it leads. In the page's words: here is no DOM. */
const ELEMENTS = `[...new Set([...document.querySelectorAll('.log-rows *')].map(({ localName }) => localName))].sort()`;
const LINKS = `[...document.querySelectorAll('.log-rows [href], .log-rows [src]')].map((one) => one.getAttribute('href') ?? one.src)`;
const HANDLERS = `[...document.querySelectorAll('.log-rows *')].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on'))`;

describe.skipIf(!hasChromium)('the log of a hostile job [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  const startPages = givenPages();

  beforeAll(async () => {
    ({ world, browser } = await startPages());
    await world.addRunner('r1');
  });

  it('is text in the page, however it is shown: no element, link or script of its own, and title and clipboard stay', async () => {
    const bytes = Buffer.concat(HOSTILE.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
    const repository = world.aRepository('web', oneJob(`cat ${world.file('hostile', bytes)}`));
    const change = await world.submitted(repository);
    const { id } = await theJob(world, change, ({ status }) => status === 'succeeded');
    const raw = (await world.ask('GET', `/jobs/${id}/log`)).bytes;
    expect(raw.equals(bytes)).toBe(true);

    const permissions = ['clipboard-read', 'clipboard-write'];
    const person = await cameIn(browser, world, `/jobs/${id}`, { permissions });
    const { page } = person;
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.evaluate('navigator.clipboard.writeText("mine")');
    const lines = page.getByRole('list', { name: 'Lines' });
    await lines.getByText('last words', { exact: true }).waitFor();
    const title = await page.title();
    expect(title).toContain('verify / unit');

    const shown = await linesShown(page);
    expect(shown.map(([line]) => line)).toEqual(READ.map((_, index) => index + 1));
    for (const [index, wanted] of READ.entries())
      expect(shown[index]?.[1], `line ${index + 1}`).toEqual(
        typeof wanted === 'string' ? wanted : expect.stringMatching(wanted),
      );

    const check = async (): Promise<void> => {
      const own = ['a', 'button', 'div', 'mark', 'span', 'time'];
      const elements = await page.evaluate<readonly string[]>(ELEMENTS);
      expect(elements.filter((name) => !own.includes(name))).toEqual([]);
      const links = await page.evaluate<readonly string[]>(LINKS);
      expect(links.filter((to) => !/^#L\d+$/.test(to))).toEqual([`/api/v1/jobs/${id}/log?attempt=1`]);
      expect(await page.evaluate(HANDLERS)).toEqual([]);
      expect(await page.title()).toBe(title);
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('mine');
    };
    await check();
    for (const name of ['Overwritten', 'Wrap']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('button', { name, exact: true, pressed: true }).waitFor();
      await check();
    }
    await lines.getByText('10%', { exact: false }).first().waitFor();

    // what was found is text as well; what is not to be seen is not found
    await page.getByLabel('Search the whole log').fill('script');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('7 matches in 3 lines').waitFor();
    await page.getByRole('button', { name: 'Only matching lines' }).click();
    const hits = page.getByRole('list', { name: 'Lines that match' });
    await hits.getByText('after the script').waitFor();
    expect(await hits.locator('script, img, iframe, a').count()).toBe(0);
    await page.getByRole('button', { name: 'Only matching lines' }).click();
    await check();

    expect(await faultsInBothThemes(page)).toEqual([]);
    expect(dialogs).toEqual([]);
    expect(person.misdeeds).toEqual([]);
    await person.close();
  });
});
