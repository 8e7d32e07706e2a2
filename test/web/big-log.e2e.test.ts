/** A log of 200 MB in the browser: its end at once, any line of it, and what is searched for. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogError } from '../../src/app/ports.js';
import { fileLogStore } from '../../src/logs/files.js';
import { aWorld, type World } from '../e2e/world.js';
import { cameIn, faultsInBothThemes, hasChromium, linesShown, startBrowser } from './browser.js';
import { oneJob, theJob } from './one-job.js';

const LINES = 2_000_000;
const LINE_BYTES = 100;
const A_PIECE = 10_000;
const NEEDLES: ReadonlyMap<number, string> = new Map([
  [777_777, 'here is the needle'],
  [1_000_003, 'a needle beside a Needle'],
  [1_999_000, 'the last needle'],
]);

const lineOf = (line: number): string =>
  `${line} ${NEEDLES.get(line) ?? 'compiled'} `.padEnd(LINE_BYTES - 1, '.');

const right = async <A>(task: () => Promise<E.Either<LogError, A>>): Promise<A> => {
  const result = await task();
  return E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
};

/** In the place of what the job has written: as if it had been this. */
const replaceLog = async (folder: string, jobId: string): Promise<void> => {
  for (const name of await readdir(folder)) if (name.startsWith(`${jobId}.`)) await rm(join(folder, name));
  const writer = await right(fileLogStore(folder).open({ jobId, attempt: 1 }, []));
  for (let first = 1; first <= LINES; first += A_PIECE) {
    let piece = '';
    for (let line = first; line < first + A_PIECE; line++) piece += `${lineOf(line)}\n`;
    await right(writer.write((first - 1) * LINE_BYTES, Buffer.from(piece)));
  }
  await right(writer.seal(false));
  await writer.close();
};

/** Inside the box of the log, and not only among the rows that are kept around what is seen. */
const isSeen = async (row: Locator): Promise<boolean> => {
  const box = await row.page().getByRole('region', { name: 'Lines of the log' }).boundingBox();
  const own = await row.boundingBox();
  return box !== null && own !== null && own.y >= box.y && own.y + own.height <= box.y + box.height;
};

describe.skipIf(!hasChromium)('a log of 200 MB [needs chromium]', () => {
  let world: World;
  let browser: Browser;
  let id: string;

  beforeAll(async () => {
    world = await aWorld();
    await world.start();
    await world.addRunner('r1');
    const change = await world.submitted(world.aRepository('web', oneJob('echo little')));
    ({ id } = await theJob(world, change, ({ status }) => status === 'succeeded'));
    await world.finished(change.id);
    await world.stop();
    await replaceLog(join(world.data, 'logs'), id);
    [browser] = await Promise.all([startBrowser(), world.start()]);
  });
  afterAll(async () => {
    await browser.close();
    await world.close();
  });

  it('opens at its end, is searched with true counts and read where a match is, and any line has a link', async () => {
    const person = await cameIn(browser, world, `/jobs/${id}`);
    const { page } = person;
    const lines = page.getByRole('list', { name: 'Lines' });
    const row = (line: number) => lines.locator(`[data-line="${line}"]`);
    await row(LINES).getByText(lineOf(LINES), { exact: true }).waitFor();
    await page.locator('.log-foot').getByText('191 MiB, 2,000,000 lines').waitFor();
    expect(await faultsInBothThemes(page)).toEqual([]);

    await page.getByLabel('Search the whole log').fill('needle');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('4 matches in 3 lines').waitFor();
    await page.getByLabel('Match case').check();
    await page.getByText('3 matches in 3 lines').waitFor();
    // from the end on: the first, then the one in the middle
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await lines.locator('.log-found[data-line="777777"]').waitFor();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    const found = lines.locator('.log-found[data-line="1000003"]');
    await found.getByText('beside a Needle').waitFor();
    expect(await found.locator('mark').allInnerTexts()).toEqual(['needle']);
    await expect.poll(() => isSeen(found)).toBe(true);
    for (const [line, text] of await linesShown(page)) expect(['…', lineOf(line)]).toContain(text);

    // by expression: what is wrong with one stands at the field
    const field = page.getByLabel('Search the whole log');
    await field.fill('^7+ (here|the');
    await page.getByLabel('Match case').uncheck();
    await page.getByText('not found').waitFor();
    await page.getByLabel('Regular expression').check();
    const wrong = page.getByRole('alert');
    await wrong.getByText('There is ( at character 5, which is never closed').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.getAttribute('aria-describedby')).toBe(await wrong.getAttribute('id'));
    expect(await faultsInBothThemes(page)).toEqual([]);
    await field.fill('^1\\d*7 COMPILED|(?:here is the|the last) need\\w+');
    await page.keyboard.press('Enter');
    await page.getByText('111,113 matches in 111,113 lines').waitFor({ timeout: 90_000 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('o');
    const only = page.getByRole('region', { name: 'Only matching lines' });
    const hit = (line: number) => only.getByRole('button', { name: new RegExp(`^${line}\\b`) });
    await hit(17).getByText('compiled').waitFor();
    expect(await hit(17).locator('mark').innerText()).toBe('17 compiled');
    expect(await faultsInBothThemes(page)).toEqual([]);
    // the next pages come as one scrolls
    for (const line of [10_887, 12_887]) {
      await only.press('End');
      await expect
        .poll(async () => Number((await only.locator('.log-number').allInnerTexts()).at(-1)))
        .toBeGreaterThan(line);
    }
    // the address has it all
    await page.reload();
    await hit(17).getByText('compiled').waitFor();
    await hit(107).click();
    await only.waitFor({ state: 'detached' });
    const led = lines.locator('.log-found[data-line="107"]');
    await led.getByText('compiled').waitFor();
    expect(await led.locator('mark').allInnerTexts()).toEqual(['107 compiled']);
    await expect.poll(() => isSeen(led)).toBe(true);

    await page.getByLabel('Go to line').fill('31');
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await row(31).getByText(lineOf(31), { exact: true }).waitFor();

    await page.goto(`/jobs/${id}#L1500000`);
    await page.reload();
    const linked = row(1_500_000).and(lines.locator('[aria-current="true"]'));
    await linked.getByText(lineOf(1_500_000), { exact: true }).waitFor();
    await expect.poll(() => isSeen(linked)).toBe(true);
    // it need not hold what is not seen
    expect((await linesShown(page)).length).toBeLessThan(300);
    expect(await faultsInBothThemes(page)).toEqual([]);
    // what the browser says of the answer to the bad expression
    expect(person.misdeeds).toEqual([expect.stringContaining('the server responded with a status of 422')]);
    await person.close();
  });
});
