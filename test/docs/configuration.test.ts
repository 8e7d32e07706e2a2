/** Does docs/configuration.md tell of every setting, as the table has it, and of nothing else? */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { keyOf } from '../../src/config/resolve.js';
import { settings } from '../../src/config/settings.js';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );

describe('docs/configuration.md', () => {
  it('has a row for each setting, in the order of the table, with its default and meaning', () => {
    expect(rows).toEqual(
      Object.values(settings).map(({ flag, env, defaultText, meaning }) => [
        `\`${keyOf(flag)}\``,
        `\`${flag}\``,
        `\`${env}\``,
        defaultText,
        meaning,
      ]),
    );
  });
});
