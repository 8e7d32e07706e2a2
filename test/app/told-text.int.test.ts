/** A text that is told whole each time, in real files: what is written, counted in bytes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogTerms, LogWriter } from '../../src/app/ports.js';
import { tell, told, type Told } from '../../src/app/told-text.js';
import { fileLogStore } from '../../src/logs/files.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-told-'));
});
afterEach(() => rm(directory, { recursive: true }));

const REF = { jobId: 'j', attempt: 1, output: 'report' } as const;
const SECRET = 'correct-horse-battery';
const ANEW = '[baton: from here on it was told anew, from its beginning]\n';

/** A log as a server has it that has just started, and what is written to it from then on. */
const opened = async (secrets: readonly string[] = [], terms: LogTerms = {}) => {
  const found = await fileLogStore(directory).open(REF, secrets, terms)();
  if (E.isLeft(found)) throw new Error(found.left.message);
  let bytes = 0;
  const writer: LogWriter = {
    ...found.right,
    write: (at, piece) => {
      bytes += piece.length;
      return found.right.write(at, piece);
    },
  };
  const to: Told = told(writer);
  return {
    writer,
    written: () => bytes,
    tells: async (text: string): Promise<void> => {
      expect(await tell(to, Buffer.from(text))).toEqual(E.right(undefined));
    },
  };
};
const stored = (): Promise<string> => readFile(join(directory, 'j.1.report.log'), 'utf8');

describe('a text that is told whole each time', () => {
  it('given that it grows in many steps, then each byte is written once', async () => {
    const log = await opened();
    let text = '';
    for (let n = 0; n < 500; n++) {
      text += `line ${n}\n`;
      await log.tells(text);
    }
    expect(log.written()).toBe(text.length);
    await log.writer.close();
    expect(await stored()).toBe(text);
  });

  it('given the same text again, or one that a longer one has overtaken, or none, then nothing is written', async () => {
    const log = await opened();
    await log.tells('one\ntwo\n');
    for (const text of ['one\ntwo\n', 'one\n', '']) await log.tells(text);
    expect(log.written()).toBe(8);
    await log.tells('one\ntwo\nthree\n');
    await log.writer.close();
    expect(await stored()).toBe('one\ntwo\nthree\n');
  });

  it('given a server that was started anew, then it goes on where the text had come to', async () => {
    const before = await opened([SECRET]);
    await before.tells(`a ${SECRET}\nb`);
    await before.writer.close();
    const after = await opened([SECRET]);
    await after.tells('a ');
    await after.tells(`a ${SECRET}\nb and c\n`);
    expect(after.written()).toBeLessThan(10);
    await after.writer.close();
    expect(await stored()).toBe('a [masked]\nb and c\n');
  });

  it('given a client that began anew, then what was stored stays, a line says so, and the new text follows', async () => {
    const log = await opened();
    await log.tells('first\nhalf a line');
    await log.tells('second\n');
    await log.tells('second\nand more\n');
    await log.tells('second\n');
    await log.tells('third, which is longer than all that came before it\n');
    await log.writer.close();
    expect(await stored()).toBe(
      `first\nhalf a line\n${ANEW}second\nand more\n${ANEW}third, which is longer than all that came before it\n`,
    );
  });

  it('given that both began anew, then no line is lost', async () => {
    const before = await opened();
    await before.tells('first\n');
    await before.writer.close();
    const after = await opened();
    await after.tells('second\n');
    await after.writer.close();
    expect(await stored()).toBe(`first\n\n${ANEW}second\n`);
  });

  it('given a secret that is told in two steps, then it is masked, also after a new beginning', async () => {
    const log = await opened([SECRET]);
    await log.tells(`x ${SECRET.slice(0, 9)}`);
    await log.tells(`x ${SECRET}`);
    await log.tells(`y ${SECRET.slice(0, 9)}`);
    await log.tells(`y ${SECRET} z\n`);
    await log.writer.seal(false)();
    expect(await stored()).toBe(`x [masked]\n${ANEW}y [masked] z\n`);
  });

  it('given more than the limit, then it is cut, however often it is told, and begun anew', async () => {
    const log = await opened([], { limitBytes: 100 });
    for (let n = 1; n < 50; n++) await log.tells(`${n % 7} ${'x'.repeat(n * 10)}`);
    const sealed = await log.writer.seal(false)();
    expect(sealed).toMatchObject({ right: { name: 'report', truncated: true, sourceBytes: 100 } });
    expect((await stored()).length).toBeLessThan(160);
  });
});
