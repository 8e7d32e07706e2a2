/** Answers of the original as they are expected, written by hand. What differs from run to run stands there as `<word>`. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

const words: Readonly<Record<string, RegExp>> = {
  '<uuid>': /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  '<time>': /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
  '<queue time>': /^\d{4}-\d\d-\d\d \d{1,2}:\d\d:\d\d$/,
  '<stored time>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  '<elapsed>': /^(\d+d )?\d\d:\d\d:\d\d$/,
  '<sha>': /^[0-9a-f]{40}$/,
  '<key>': /^ssh-ed25519 [A-Za-z0-9+/=]+ job_runner@r1\.example\.com\n$/,
  '<text>': /./,
};

const known = (expected: unknown, found: unknown, values: Readonly<Record<string, unknown>>): unknown => {
  if (typeof expected === 'string') {
    if (Object.hasOwn(values, expected)) return found === values[expected] ? expected : found;
    const word = words[expected];
    return word !== undefined && typeof found === 'string' && word.test(found) ? expected : found;
  }
  if (Array.isArray(expected) && Array.isArray(found))
    return found.map((one: unknown, at) => known(expected[at], one, values));
  if (typeof expected === 'object' && expected !== null && typeof found === 'object' && found !== null)
    return Object.fromEntries(
      Object.entries(found).map(([key, one]: [string, unknown]) => [
        key,
        known(Reflect.get(expected, key), one, values),
      ]),
    );
  return found;
};

/** `values`: what stands for a `<word>` in this run. */
export const expectFixture = (
  found: unknown,
  name: string,
  values: Readonly<Record<string, unknown>> = {},
): void => {
  const text = readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8');
  const expected: unknown = JSON.parse(text);
  expect(known(expected, found, values)).toEqual(expected);
};
