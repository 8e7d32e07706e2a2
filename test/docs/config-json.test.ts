/** Is every example of docs/config-json.md one that Baton accepts, and does the page tell of every setting? */
import { readFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseDispatchConfig } from '../../src/domain/dispatch-config.js';

const page = readFileSync(new URL('../../docs/config-json.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text = '']) => text);

/** Examples of single settings stand for what is below `baton`. */
const whole = (text: string): string =>
  text.includes('"version"') ? text : `{"version": "2", "job_dispatch": {"version": "v2"}, "baton": ${text}}`;

describe('docs/config-json.md', () => {
  it.each(examples)('%s is accepted', (text) => {
    const parsed = parseDispatchConfig(whole(text));
    expect(E.isLeft(parsed) && parsed.left.problems).toBe(false);
  });

  it('tells of each setting, as the refusal of an unknown one lists them', () => {
    const parsed = parseDispatchConfig(
      whole(
        '{"?": 1, "stages": {"union": {"?": 1}}, "retry": {"unit": {"attempts": 2, "?": 1}}, "workspace": {"unit": {"?": 1}}, "filters": {"unit": {"?": 1}}}',
      ),
    );
    const words = E.isLeft(parsed)
      ? parsed.left.problems.flatMap(({ mend = '' }) => mend.replace('use one of ', '').split(', '))
      : [];
    expect(words.length).toBeGreaterThan(20);
    expect(words.filter((word) => !page.includes(word))).toEqual([]);
  });
});
