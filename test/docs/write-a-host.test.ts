/** Does docs/write-a-host.md say what each version of the contract brought, up to the one that is shipped, and name rules that there are? */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTRACT_VERSION } from '../../plugin/contract-version.js';
import { hostConformance } from '../../plugin/testing.js';

const page = readFileSync(new URL('../../docs/write-a-host.md', import.meta.url), 'utf8');
const versions = [...page.matchAll(/^\| (\d+)\.(\d+) +\|/gm)].map(([, major, minor]) => `${major}.${minor}`);

describe('docs/write-a-host.md', () => {
  it('has a row for each version of the contract, the shipped one last', () => {
    const [major, minor] = CONTRACT_VERSION.split('.').map(Number);
    expect(versions).toEqual(Array.from({ length: (minor ?? 0) + 1 }, (_, n) => `${major}.${n}`));
  });

  it('names the rules by the titles that they have', () => {
    const titles = hostConformance(() => Promise.reject(new Error())).map(({ title }) => title);
    const [, section = ''] = page.split('Many of the rules are there');
    const named = [...section.matchAll(/_([^_]+)_/g)].map(([, title = '']) => title.replaceAll(/\s+/g, ' '));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((title) => !titles.includes(title))).toEqual([]);
  });
});
