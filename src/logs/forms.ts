/** In which shapes may a secret stand in a log? As it is, line by line, and as the usual encodings make it. Pure. */
import { MASK, patternsOf, SHORTEST_BYTES, type Patterns } from './mask.js';

/** `base64` folds its output after so many characters: coreutils, and PEM. */
const FOLDS = [76, 64];

const chunks = (text: string, length: number): readonly string[] =>
  text.match(new RegExp(`.{1,${length}}`, 'gs')) ?? [];

/**
 * Base64 of the value wherever it stands in a longer text, as in `Authorization: Basic`: it has three shapes, by how many bytes
 * stand before it. Characters that also depend on a neighbour are left out.
 */
const base64Forms = (value: string): readonly string[] => {
  const bytes = Buffer.from(value);
  const whole = bytes.toString('base64');
  const shapes = [0, 1, 2].map((before) => {
    const length = before + bytes.length;
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor((length * 8) / 6));
  });
  const folded = FOLDS.flatMap((length) => chunks(shapes[0] ?? '', length)).filter((line) => line.length > 8);
  return [whole, ...shapes, ...folded];
};

const urlSafe = (base64: string): string =>
  base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

const escapedForms = (value: string): readonly string[] => {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(Buffer.from(value).toString());
  return [
    json,
    json.replaceAll('/', '\\/'),
    url,
    url.replaceAll('%20', '+'),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    // in single quotes of a POSIX shell, as `set -x` shows it
    value.replaceAll("'", "'\\''"),
  ];
};

const formsOf = (value: string): readonly string[] => {
  const lines = value.split(/\r?\n/);
  const base64 = [value, `${value}\n`].flatMap(base64Forms);
  return [
    value,
    ...lines,
    ...lines.map((line) => line.trim()),
    // what `echo $VALUE` without quotes makes of several lines
    value.trim().split(/\s+/).join(' '),
    ...escapedForms(value),
    ...base64,
    ...base64.map(urlSafe),
  ];
};

/** What to look for, for these values; undefined when there is nothing that could be masked. */
export const patternsFor = (values: readonly string[]): Patterns | undefined => {
  const forms = new Set(values.flatMap(formsOf));
  // a value that is the mask itself could not be hidden, and would be found in every masked place
  forms.delete(MASK.toString());
  const bytes = [...forms].map((form) => Buffer.from(form)).filter(({ length }) => length >= SHORTEST_BYTES);
  return bytes.length === 0 ? undefined : patternsOf(bytes);
};
