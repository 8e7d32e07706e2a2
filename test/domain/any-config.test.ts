/** Whatever a file holds, there is an answer: never an exception, and never a plan that no event could hold. */
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { understandQuery } from '../../src/domain/chef-query.js';
import { MAX_CONFIG_CHARACTERS, parseDispatchConfig } from '../../src/domain/dispatch-config.js';
import { migrateConfig } from '../../src/domain/migrate-config.js';
import { PLAN_LIMIT_BYTES } from '../../src/domain/plan-size.js';
import { phases, stages } from '../../src/domain/stage-plan.js';

const word = fc.constantFrom(
  ...[
    'default',
    ...phases,
    ...stages,
    'filters',
    'secrets',
    'output',
    'priority',
    'slots',
    'retry',
    'workspace',
    'stages',
  ],
  ...[
    'skip_phases',
    'phase_timeouts',
    'os',
    'platform',
    'platform_version',
    'hostname',
    'labels',
    'attempts',
  ],
  ...[
    'on',
    'delay',
    'exit_codes',
    'keep',
    'keep_time',
    'cache',
    'free_mib',
    '__proto__',
    'constructor',
    'toString',
  ],
);
const leaf = fc.oneof(
  word,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(
    null,
    'linux',
    '>=7.4 <9',
    'split',
    'failed',
    'lost',
    'always',
    'npm',
    'TOKEN',
    'a\u0000',
    '..',
    '',
  ),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
  ),
}));

describe('any file', () => {
  it('given any values where settings stand, then all problems, or a plan that fits', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.dictionary(word, tree), tree, fc.dictionary(word, tree), (baton, filters, more) => {
        const given = { ...more, version: '2', job_dispatch: { version: 'v2', filters }, baton };
        const parsed = parseDispatchConfig(JSON.stringify(given));
        if (E.isRight(parsed)) {
          accepted += 1;
          expect(Buffer.byteLength(JSON.stringify(parsed.right))).toBeLessThanOrEqual(PLAN_LIMIT_BYTES);
        } else
          for (const { path, expected, found } of parsed.left.problems)
            expect([typeof path, expected === '', found === '']).toEqual(['string', false, false]);
      }),
      { numRuns: 1000 },
    );
    expect([accepted > 0, accepted < 1000]).toEqual([true, true]);
  });

  it('given any matrices, lists and stages that fit into a file, then no plan is larger than an event may be', () => {
    const size = fc.integer({ min: 0, max: 300 });
    const filter = fc
      .record({ platform: size, labels: size, hostname: size })
      .map((counts) =>
        Object.fromEntries(
          Object.entries(counts).flatMap(([key, n]) =>
            n === 0 ? [] : [[key, Array.from({ length: n }, (_, i) => `value-${i}`)]],
          ),
        ),
      );
    const matrices = fc.dictionary(
      fc.constantFrom(...phases),
      size.map((n) => Array.from({ length: n }, () => ({}))),
    );
    fc.assert(
      fc.property(filter, matrices, fc.array(fc.constantFrom(...stages)), (added, filters, overridden) => {
        const inStages = Object.fromEntries(overridden.map((stage) => [stage, { priority: { default: 1 } }]));
        const text = JSON.stringify({
          ...{ version: '2', job_dispatch: { version: 'v2', filters } },
          baton: { filters: { default: added }, stages: inStages },
        });
        fc.pre(text.length <= MAX_CONFIG_CHARACTERS);
        const parsed = parseDispatchConfig(text);
        if (E.isRight(parsed))
          expect(Buffer.byteLength(JSON.stringify(parsed.right))).toBeLessThanOrEqual(PLAN_LIMIT_BYTES);
      }),
      { numRuns: 60 },
    );
  });
});

const piece = fc.constantFrom(
  ...[
    'AND',
    'OR',
    'NOT',
    '&&',
    '||',
    '!',
    '(',
    ')',
    ' ',
    '"',
    '[',
    ']',
    '{',
    '}',
    ':',
    '*',
    '?',
    '~',
    '^',
    '\\',
    '+',
    '-',
  ],
  ...['name', 'platform', 'tags', 'os', 'role', 'ubuntu', '14.04', 'TO', '\u0000', '\ud800'],
);
const query = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));

describe('any search', () => {
  it('is understood, as far as that goes, or why not', () => {
    fc.assert(
      fc.property(query, (text) => {
        const found = understandQuery(text);
        if (E.isLeft(found)) expect(found.left).not.toBe('');
        else for (const [, values] of found.right.conditions) expect(values.length).toBeGreaterThan(0);
      }),
      { numRuns: 5000 },
    );
  });

  it('given any searches for any keys, then what is migrated is a file that is accepted', () => {
    const nodes = fc.dictionary(word, fc.oneof(query, fc.array(query, { maxLength: 3 })), { maxKeys: 4 });
    fc.assert(
      fc.property(nodes, (build_nodes) => {
        const migrated = migrateConfig(JSON.stringify({ version: '2', build_nodes }));
        if (E.isLeft(migrated)) expect.fail(JSON.stringify(migrated.left));
        expect(E.isRight(parseDispatchConfig(migrated.right.text))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
