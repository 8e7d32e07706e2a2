import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternsFor } from '../../src/logs/forms.js';
import { mask, patternsOf, receivedBy, resumeAt, startAt, type Patterns } from '../../src/logs/mask.js';

const patterns = (...values: readonly string[]): Patterns =>
  patternsOf(values.map((value) => Buffer.from(value)));

/** Masks pieces one after the other. */
const masked = (of: Patterns, pieces: readonly Buffer[], from = 0): string => {
  let state = startAt(from);
  const out: Buffer[] = [];
  for (const piece of pieces) {
    const step = mask(of, state, piece);
    state = step.state;
    out.push(step.out);
  }
  out.push(mask(of, state, Buffer.alloc(0), true).out);
  return Buffer.concat(out).toString('latin1');
};
const whole = (of: Patterns, text: string): string => masked(of, [Buffer.from(text)]);
const cut = (bytes: Buffer, at: readonly number[]): readonly Buffer[] => {
  const places = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
};

/** Few letters, so that patterns overlap, repeat and begin within one another. */
const few = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), minLength: min, maxLength: max });
const someValues = fc.array(few(4, 9), { minLength: 1, maxLength: 4 });

describe('masking', () => {
  it('puts a mask in place of a value, and leaves the rest as it is', () => {
    expect(whole(patterns('hunter22'), 'the word is hunter22!\nhunter2 is not\n')).toBe(
      'the word is [masked]!\nhunter2 is not\n',
    );
  });
  it('masks the longest at a place, and what overlaps as one', () => {
    expect(whole(patterns('abcd', 'abcdef'), 'xabcdefx abcdx')).toBe('x[masked]x [masked]x');
    expect(whole(patterns('abcdef', 'defghi'), 'xabcdefghix')).toBe('x[masked]x');
    expect(whole(patterns('abcd'), 'abcdabcd')).toBe('[masked][masked]');
  });
  it('gives the same, however the pieces are cut', () => {
    fc.assert(
      fc.property(someValues, few(0, 80), fc.array(fc.nat(), { maxLength: 12 }), (values, text, places) => {
        const of = patterns(...values);
        expect(masked(of, cut(Buffer.from(text), places))).toBe(whole(of, text));
      }),
      { numRuns: 2000 },
    );
  });
  it('gives the same, cut at each byte', () => {
    const of = patterns('secret-one', 'one-more');
    const bytes = Buffer.from('secret-one-more secret-on secret-one');
    for (let at = 0; at <= bytes.length; at++)
      expect(masked(of, [bytes.subarray(0, at), bytes.subarray(at)])).toBe('[masked] secret-on [masked]');
  });
  it('leaves no value standing in the whole of what it gives', () => {
    fc.assert(
      fc.property(someValues, few(0, 80), (values, text) => {
        const left = whole(patterns(...values), text).split('[masked]');
        for (const value of values) expect(left.some((part) => part.includes(value))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
  it('given a stop at any moment, then going on from where it says comes to the same bytes', () => {
    fc.assert(
      fc.property(
        someValues,
        few(0, 60),
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.nat(),
        (values, text, places, n) => {
          const of = patterns(...values);
          const bytes = Buffer.from(text);
          const pieces = cut(bytes, places);
          let state = startAt(0);
          let before = '';
          for (const piece of pieces.slice(0, n % (pieces.length + 1))) {
            const step = mask(of, state, piece);
            state = step.state;
            before += step.out.toString('latin1');
          }
          const from = resumeAt(state);
          expect(from).toBeLessThanOrEqual(receivedBy(state));
          expect(before + masked(of, [bytes.subarray(from)], from)).toBe(whole(of, text));
        },
      ),
      { numRuns: 2000 },
    );
  });
  it('keeps back only what may still become a value', () => {
    const of = patterns('hunter22');
    expect(mask(of, startAt(0), Buffer.from('a prompt: ')).out.toString()).toBe('a prompt: ');
    const step = mask(of, startAt(0), Buffer.from('a prompt: hun'));
    expect([step.out.toString(), resumeAt(step.state), receivedBy(step.state)]).toEqual([
      'a prompt: ',
      10,
      13,
    ]);
    expect(mask(of, step.state, Buffer.from('t')).out.toString()).toBe('');
    expect(mask(of, step.state, Buffer.from('gry')).out.toString()).toBe('hungry');
  });
  it('masks what a limit cut off at the end', () => {
    expect(whole(patterns('hunter22'), 'it is hunter')).toBe('it is [masked]');
    expect(whole(patterns('hunter22'), 'it is hun')).toBe('it is hun');
  });
  it('is not slow where a value repeats itself', () => {
    const of = patterns('a'.repeat(64));
    expect(whole(of, 'a'.repeat(300_000))).toBe('[masked]');
  });
});

describe('the forms of a value', () => {
  const gone = (value: string, text: string): string => {
    const of = patternsFor([value]);
    return of === undefined ? text : whole(of, text);
  };
  it.each([1, 2, 3])('leaves a value of %i bytes, which stands everywhere by chance', (length) => {
    expect(gone('abc'.slice(0, length), 'abcabc')).toBe('abcabc');
  });
  it('masks each line of a value, also with other ends of lines or as one line', () => {
    const value = 'first line\nsecond line\n';
    expect(gone(value, 'x first line x\r\nsecond line\r\n')).toBe('x [masked] x\r\n[masked]\r\n');
    expect(gone(value, 'first line second line')).toBe('[masked]');
    expect(gone(value, 'first line\\nsecond line\\n')).toBe('[masked]');
  });
  it('masks what JSON, URLs and a shell make of it', () => {
    const value = 'p"a/ß\\ w\'d+1';
    for (const text of [
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      new URLSearchParams({ v: value }).toString().slice(2).replaceAll('%27', "'"),
      encodeURIComponent(value).toLowerCase(),
      value.replaceAll("'", "'\\''"),
    ])
      expect(gone(value, `<${text}>`)).toBe('<[masked]>');
  });
  it('masks base64 of it, wherever it stands in what was encoded', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 60 }),
        fc.string({ maxLength: 9 }),
        fc.string({ maxLength: 9 }),
        (value, before, after) => {
          const encoded = Buffer.from(`${before}${value}${after}`).toString('base64');
          const left = gone(value, encoded);
          expect(left).toContain('[masked]');
          // what is left tells at most the bytes beside it, and a few bits
          const rest = left.split('[masked]').join('');
          expect(rest.length).toBeLessThanOrEqual(Math.ceil((Buffer.byteLength(before + after) * 4) / 3) + 8);
        },
      ),
    );
    expect(gone('hunter22??>>', Buffer.from('hunter22??>>').toString('base64url'))).toBe('[masked]');
  });
  it('masks base64 in folded lines', () => {
    const value = 'correct horse battery staple '.repeat(12);
    const folded = Buffer.from(value).toString('base64').replace(/.{76}/g, '$&\n');
    for (const line of gone(value, folded).split('\n')) expect(line).toMatch(/^\[masked\].{0,4}$/);
  });
  it.each<[string, (value: string) => string]>([
    ['as it is', (value) => value],
    ['as one line', (value) => value.split(/\s+/).join(' ')],
    ['in JSON', (value) => JSON.stringify(value).slice(1, -1)],
    ['in JSON with escaped slashes', (value) => JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/')],
    ['in a URL', encodeURIComponent],
    ['in a form', (value) => encodeURIComponent(value).replaceAll('%20', '+')],
    [
      'in a URL with small digits',
      (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['in a quoted word of a shell', (value) => value.replaceAll("'", "'\\''")],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64 of a line', (value) => Buffer.from(`${value}\n`).toString('base64')],
    ['in base64url', (value) => Buffer.from(value).toString('base64url')],
  ])('masks it %s, cut into two or three pieces at any bytes', (_, form) => {
    const value = 'p"a/ß w\'d+1\n?~second>line';
    const of = patternsFor([value]) ?? expect.fail('nothing to mask');
    const text = form(value);
    const bytes = Buffer.from(`<${text}>`);
    for (let at = 0; at <= bytes.length; at++)
      for (const second of [at, at + 1, at + 7, bytes.length])
        expect(masked(of, cut(bytes, [at, Math.min(second, bytes.length)]))).toBe('<[masked]>');
  });
  it('does not hide the mask in the mask', () => {
    expect(gone('[masked]', 'a [masked] b')).toBe('a [masked] b');
  });
});
