/** Does docs/toolchains.md show what Baton takes, and tell of all that can be written? */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.js';
import { builtInRules, judgeRules, parseRule, partyKinds } from '../../src/domain/compatibility.js';
import { packageFormats, placeholders } from '../../src/domain/toolchain.js';
import { toolchainKeys } from '../../src/domain/toolchain-config.js';

const page = readFileSync(new URL('../../docs/toolchains.md', import.meta.url), 'utf8');

describe('docs/toolchains.md', () => {
  it('has an example that a server takes', () => {
    const example = /```toml\n([^`]*)```/.exec(page)?.[1] ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'baton-docs-'));
    const path = join(folder, 'baton.toml');
    writeFileSync(path, example);
    const read = readConfig({ config: path }, {}, '/');
    rmSync(folder, { recursive: true });
    if (E.isLeft(read)) expect.fail(JSON.stringify(read.left.problems));
    expect(read.right.toolchains?.toolchains.map(({ name }) => name)).toEqual(['chefdk', 'git']);
    expect(read.right.toolchains?.rules).toHaveLength(2);
  });

  it('tells of every key, placeholder, format, kind of party and rule that is built in', () => {
    const told = (word: string): boolean => page.includes(`\`${word}\``) || page.includes(`\`${word} NAME\``);
    const words = [
      ...toolchainKeys,
      ...placeholders.map((name) => `{${name}}`),
      ...packageFormats,
      ...partyKinds,
      ...builtInRules,
    ];
    expect(words.filter((word) => !told(word))).toEqual([]);
  });

  it('quotes the sentence of a broken rule as it is', () => {
    const rules = builtInRules.flatMap((text) => {
      const rule = parseRule(text);
      return E.isRight(rule) ? [rule.right] : [];
    });
    const machine = { name: 'build-07', attributes: { toolchains: { chefdk: '2.4.17' } } };
    const [judged] = judgeRules({ rules, engine: '1.4.2', baton: '0.1.0' }, machine);
    expect(page.replaceAll('\n> ', ' ')).toContain(` ${judged?.sentence ?? 'none'}\n`);
  });
});
