/** Does docs/from-chef-workflow.md name every test of a bug that the original had, beside that bug? */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/from-chef-workflow.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => /^\| B\d+ /.test(line));
const tests = readdirSync(new URL('../original', import.meta.url)).filter((name) =>
  name.endsWith('.test.ts'),
);

describe('docs/from-chef-workflow.md', () => {
  it('tells of all twenty', () => {
    expect(rows.map((row) => /^\| B(\d+) /.exec(row)?.[1])).toEqual(
      Array.from({ length: 20 }, (_, n) => String(n + 1)),
    );
  });
  it.each(tests)('names %s in the row of its bug', (name) => {
    const bug = Number(/^b(\d\d)-/.exec(name)?.[1]);
    const row = rows.find((line) => line.startsWith(`| B${bug} `));
    expect(row).toContain(`\`${name}\``);
    const text = readFileSync(new URL(`../original/${name}`, import.meta.url), 'utf8');
    expect(text).toContain(`B${bug}: `);
  });
});
