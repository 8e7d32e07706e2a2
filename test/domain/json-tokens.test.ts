import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/domain/json-text.js';
import { laidOut, membersOf, objectOf, tokensOf } from '../../src/domain/json-tokens.js';
import { migrateConfig } from '../../src/domain/migrate-config.js';

describe('a text laid out anew', () => {
  it('given any JSON, then it is what JSON.stringify makes of it, with two spaces', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(laidOut(tokensOf(text))).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
    );
  });

  it('given an object, then its members and back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const tokens = tokensOf(JSON.stringify(object));
        expect(membersOf(tokens).map(({ key }) => JSON.parse(key) as unknown)).toEqual(Object.keys(object));
        expect(objectOf(membersOf(tokens))).toEqual(tokens);
      }),
    );
  });

  it('given no object, then no members', () => {
    expect(membersOf(tokensOf('[{"a": 1}]'))).toEqual([]);
  });
});

describe('migration', () => {
  it('given any keys of other tools, then they stand as they stood, in their order', () => {
    const foreign = fc.dictionary(
      fc
        .string()
        .filter(
          (key) =>
            !/^(version|build_cookbook|baton|skip_phases|job_dispatch|phase_timeouts|build_nodes|dependencies)$/.test(
              key,
            ) && key !== '__proto__',
        ),
      fc.jsonValue({ maxDepth: 4 }),
    );
    fc.assert(
      fc.property(foreign, (others) => {
        const migrated = migrateConfig(JSON.stringify({ ...others, version: '2', build_nodes: {} }));
        if (E.isLeft(migrated)) expect.fail(JSON.stringify(migrated.left));
        const { version, job_dispatch, ...rest } = JSON.parse(migrated.right.text) as Record<string, unknown>;
        expect([version, job_dispatch]).toEqual(['2', { version: 'v2' }]);
        expect(JSON.stringify(rest)).toBe(JSON.stringify(others));
        expect(E.isRight(parseJson(migrated.right.text))).toBe(true);
      }),
    );
  });
});
