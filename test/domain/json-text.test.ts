import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/domain/json-text.js';

const reads = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('parseJson', () => {
  it('given any JSON value, then it reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const parsed = parseJson(text);
        // Objects here have no prototype, so the text is compared.
        expect(E.isRight(parsed) && JSON.stringify(parsed.right.value)).toBe(
          JSON.stringify(JSON.parse(text)),
        );
      }),
    );
  });

  it('given any text made of the pieces of JSON, then it accepts exactly what JSON.parse accepts', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\u00e9',
        '\\x',
        '1',
        '-',
        '0',
        '.5',
        'e3',
        'true',
        'null',
        ' ',
        '\n',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        expect([text, E.isRight(parseJson(text))]).toEqual([text, reads(text)]);
      }),
      { numRuns: 3000 },
    );
  });

  it('given a key named __proto__, then it is a key like any other', () => {
    const parsed = parseJson('{"__proto__": {"polluted": 1}}');
    expect(E.isRight(parsed) && Object.keys(parsed.right.value as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('given equal keys, then their path is told and the last one counts', () => {
    const parsed = parseJson('{"a": {"b": 1, "b": 2}}');
    expect(E.isRight(parsed) && parsed.right.duplicates).toEqual(['a.b']);
    expect(E.isRight(parsed) && JSON.stringify(parsed.right.value)).toBe('{"a":{"b":2}}');
  });
});
