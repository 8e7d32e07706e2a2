import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf } from '../../../plugin/hosts/screwdriver/option-files.js';

const word = 'a-token-of-twenty-characters';

describe('the files of the options', () => {
  let folder: string;
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'baton-files-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are read: a key, and a token', async () => {
    const keyFile = write('key', `${Buffer.alloc(32, 7).toString('base64')}\n`);
    const found = await filesOf({ keyFile, tokenFile: write('token', `${word}\n`) });
    expect(found).toMatchObject({ right: { token: word } });
    const without = await filesOf({ keyFile });
    expect(without._tag === 'Right' && Object.keys(without.right)).toEqual(['key']);
  });

  it('everything that is wrong with them is said at once, and never what they hold', async () => {
    const files = { keyFile: join(folder, 'no-key'), tokenFile: write('token', word, 0o644) };
    const found = await filesOf(files);
    expect(found).toMatchObject({
      left: [
        { path: 'keyFile', found: `no file ${files.keyFile}` },
        { path: 'tokenFile', mend: `put another word into it, and run chmod 0600 ${files.tokenFile}` },
      ],
    });
    expect(JSON.stringify(found)).toContain('with the permissions 0644: others could have read it');
    expect(JSON.stringify(found)).not.toContain(word);
  });

  it('a token that is none, a folder, and no file are refused, each with a sentence', async () => {
    const keyFile = write('key', Buffer.alloc(32, 7).toString('base64'));
    const wrong = async (tokenFile: string): Promise<string> =>
      JSON.stringify(await filesOf({ keyFile, tokenFile }));
    expect(await wrong(write('short', 'short'))).toContain('something else in ');
    expect(await wrong(write('long', 'x'.repeat(2000)))).toContain('something else in ');
    expect(await wrong(folder)).toContain('which is no plain file');
    expect(await wrong(join(folder, 'none'))).toContain('which cannot be read: ENOENT');
  });
});
