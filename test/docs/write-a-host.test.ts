/** Does docs/write-a-host.md say what each version of the contract brought, up to the one that is shipped? */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTRACT_VERSION } from '../../plugin/contract-version.js';

const page = readFileSync(new URL('../../docs/write-a-host.md', import.meta.url), 'utf8');
const versions = [...page.matchAll(/^\| (\d+)\.(\d+) +\|/gm)].map(([, major, minor]) => `${major}.${minor}`);

describe('docs/write-a-host.md', () => {
  it('has a row for each version of the contract, the shipped one last', () => {
    const [major, minor] = CONTRACT_VERSION.split('.').map(Number);
    expect(versions).toEqual(Array.from({ length: (minor ?? 0) + 1 }, (_, n) => `${major}.${n}`));
  });
});
