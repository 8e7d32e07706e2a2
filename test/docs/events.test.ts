/** Does docs/events.md tell of every event, field and word that the catalogue knows, and of nothing else? */
import { readFileSync } from 'node:fs';
import type * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/events/catalog.js';

/** What io-ts codecs are made of; their tags are part of its documented form. */
type Part = t.Mixed & {
  readonly _tag?: string;
  readonly props?: Readonly<Record<string, Part>>;
  readonly types?: readonly Part[];
  readonly type?: Part;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly value?: unknown;
};

/** `### Name` → the text below it. */
const sectionsOf = (page: string): ReadonlyMap<string, string> =>
  new Map(
    page
      .split(/^(?=#{1,3} )/m)
      .filter((part) => part.startsWith('### '))
      .map((part): [string, string] => [
        part.slice(4, part.indexOf('\n')).trim(),
        part.slice(part.indexOf('\n')),
      ]),
  );

const structures = ['InterfaceType', 'PartialType', 'IntersectionType', 'UnionType', 'KeyofType'];

/** Section → the words that it must name: fields, and members of enumerations. Named shapes are sections of their own. */
const wordsOf = (
  name: string,
  codec: Part,
  into = new Map<string, Set<string>>(),
): Map<string, Set<string>> => {
  const words = into.get(name) ?? new Set<string>();
  into.set(name, words);
  const below = (part: Part): void => {
    const isShape = structures.includes(part._tag ?? '') && /^[A-Z][A-Za-z]*$/.test(part.name);
    wordsOf(isShape ? part.name : name, part, into);
  };
  for (const [field, part] of Object.entries(codec.props ?? {})) {
    words.add(field);
    below(part);
  }
  for (const part of codec.types ?? []) below(part);
  for (const key of Object.keys(codec.keys ?? {})) words.add(key);
  if (codec._tag === 'LiteralType') words.add(String(codec.value));
  if (codec.type !== undefined) below(codec.type);
  return into;
};

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
const sections = sectionsOf(page);
const wanted = new Map<string, Set<string>>();
for (const [type, codec] of Object.entries(catalog)) wordsOf(type, codec, wanted);

describe('docs/events.md', () => {
  it.each([...wanted])('tells of %s with all its fields and words', (name, words) => {
    const text = sections.get(name);
    expect(text, `there is no section "### ${name}"`).toBeDefined();
    expect([...words].filter((word) => !text?.includes(`\`${word}\``))).toEqual([]);
  });

  it('tells of nothing that the catalogue does not know', () => {
    expect([...sections.keys()].filter((name) => !wanted.has(name))).toEqual([]);
  });

  it('knows what a field is: an event with fields asks for them', () => {
    expect(wanted.get('JobAssigned')).toContain('fence');
    expect(wanted.get('Source')).toContain('targetSha');
    expect(wanted.get('WaitReasonChanged')).toContain('none_matches');
  });
});
