import { mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { openSecrets } from '../../src/secrets/open.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { startEdge, tokens, type Edge } from '../http/edge.js';
import { baton, type Ran } from './terminal.js';

const REF = 'default/default/web/TOKEN';

let edge: Edge;
let folder: string;
beforeEach(async () => {
  edge = await startEdge();
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-cli-secret-')));
});
afterEach(async () => {
  await edge.close();
  await rm(folder, { recursive: true });
});

const ask = (...argv: string[]): Promise<Ran> =>
  baton(argv, { env: { BATON_URL: edge.url, BATON_TOKEN: tokens.admin }, cwd: folder });
/** What the use case was called with, but for the context. */
const called = (name: string): readonly unknown[] | undefined =>
  edge.calls.find((call) => call.name === name)?.args.slice(1);

describe('baton secret', () => {
  it.each([
    ['hunter22\n', [], 'hunter22'],
    ['hunter22\r\n', [], 'hunter22'],
    ['two\nlines\n\n', [], 'two\nlines\n'],
    ['hunter22\n', ['--keep-newline'], 'hunter22\n'],
  ])(
    'given the file %j and %j, then the value is %j, and it is not shown',
    async (content, options, value) => {
      await writeFile(join(folder, 'value'), content);
      const ran = await ask('secret', 'set', REF, '--file', 'value', ...options);
      expect([ran.code, ran.out]).toEqual([0, `Secret ${REF} is set; a phase names it by its last part.\n`]);
      expect(called('setSecret')).toEqual([REF, value]);
    },
  );
  it('given a file that is not there, then usage, and the server is not asked', async () => {
    expect((await ask('secret', 'set', REF, '--file', 'none')).code).toBe(64);
    expect(edge.names()).not.toContain('setSecret');
  });
  it('given a reference that cannot be, then it says what one is, and not the value', async () => {
    await writeFile(join(folder, 'value'), 'hunter22');
    const ran = await ask('secret', 'set', 'web/PATH', '--file', 'value');
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('ENTERPRISE/ORGANISATION/PROJECT/NAME');
    expect(ran.err + ran.out).not.toContain('hunter22');
  });
  it('lists and removes', async () => {
    expect((await ask('secret', 'list')).out).toContain('default/TOKEN');
    expect((await ask('secret', 'remove', REF, '--reason', 'rotated')).out).toBe(
      `Secret ${REF} is removed.\n`,
    );
    expect(called('removeSecret')).toEqual([REF]);
  });
});

describe('baton secret rekey', () => {
  const data = (): string => join(folder, 'data');
  const rekey = (): Promise<Ran> =>
    ask('secret', 'rekey', '--data', data(), '--new-key-file', 'new.key', '--json');
  const store = async () => {
    const opened = await openSqliteStore({ directory: join(data(), 'store') });
    return E.isRight(opened) ? opened.right : expect.fail(opened.left.message);
  };

  it('given a stopped server, then its secrets open with the new key alone', async () => {
    await (await store()).close();
    const directory = join(data(), 'secrets');
    const opened = await openSecrets({ directory, keyFile: join(data(), 'operator.key'), mayMakeKey: true });
    if (E.isLeft(opened)) expect.fail(opened.left.message);
    await opened.right.secrets.put('a', 'value')();
    const ran = await rekey();
    expect(ran.code, ran.err).toBe(0);
    const newKeyFile = join(folder, 'new.key');
    expect(JSON.parse(ran.out)).toEqual({ resealed: 1, before: 0, madeKey: true, newKeyFile });
    const again = await openSecrets({ directory, keyFile: newKeyFile, mayMakeKey: false });
    if (E.isLeft(again)) expect.fail(again.left.message);
    expect(await again.right.secrets.get('a')()).toEqual(E.right('value'));
  });
  it('given a server on the data, then it is refused, and no key is made', async () => {
    const held = await store();
    const ran = await rekey();
    await held.close();
    expect([ran.code, ran.out]).toEqual([5, '']);
    expect(ran.err).toContain('another process has it open');
    await expect(stat(join(folder, 'new.key'))).rejects.toThrow('ENOENT');
  });
});

describe('baton config explain', () => {
  it('tells each setting with its source, as text and as JSON', async () => {
    await writeFile(join(folder, 'baton.toml'), 'log_level = "warn"\n');
    const text = await ask('config', 'explain', '--config', 'baton.toml', '--data', 'd');
    expect(text.code, text.err).toBe(0);
    expect(text.out).toMatch(/^NAME +VALUE +SOURCE +MEANING\n/);
    expect(text.out).toMatch(/\nlog_level +warn +file \S+baton\.toml +/);
    const json = await ask('config', 'explain', '--data', 'd', '--json');
    expect(JSON.parse(json.out)).toContainEqual(
      expect.objectContaining({ name: 'data', value: join(folder, 'd'), source: 'flag --data' }),
    );
  });
  it('given problems, then all of them and exit code 64', async () => {
    await writeFile(join(folder, 'baton.toml'), 'log-level = "warn"\nlisten = "x"\n');
    const ran = await ask('config', 'explain', '--config', 'baton.toml');
    expect([ran.code, ran.out]).toEqual([64, '']);
    expect(ran.err).toContain('write "log_level"');
    expect(ran.err).toContain('HOST:PORT');
  });
});
