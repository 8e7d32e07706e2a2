/**
 * Which versions of what get along: rules such as `toolchain chefdk >=2.0 needs engine >=1.5`, held against a machine. Pure. A rule
 * that is broken keeps jobs from the machine; one that cannot be judged says why, and keeps nothing.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Attributes } from '../events/shapes.js';
import { suggest } from './problem.js';
import { inRange, isRange } from './version-range.js';

/** `named`: followed by a name. `ranged`: has a version. */
const kinds = {
  toolchain: { named: true, ranged: true },
  engine: { named: false, ranged: true },
  baton: { named: false, ranged: true },
  platform: { named: true, ranged: true },
  platform_family: { named: true, ranged: true },
  os: { named: true, ranged: false },
} as const;

type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds);
const isKind = (word: string): word is Kind => Object.hasOwn(kinds, word);

/** One side of a rule. */
export interface Party {
  readonly kind: Kind;
  /** Empty for the engine and for Baton, of which there is one. */
  readonly name: string;
  /** Empty: any version. */
  readonly range: string;
}

/** Whoever is `subject` needs `object`; what the subject is not says nothing. */
export interface Rule {
  /** As it was written, blanks aside. */
  readonly text: string;
  readonly subject: Party;
  readonly object: Party;
}

/** Where a rule cannot be read. `column`: from 1. */
export interface RuleProblem {
  readonly column: number;
  readonly expected: string;
  readonly found: string;
  readonly mend?: string;
}

interface Word {
  readonly text: string;
  readonly column: number;
}

const NEEDS = 'needs';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;
const COMPARISONS = 'comparisons such as >=2.0 <3';

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60));

/** Throws nothing: the first word that does not fit ends the reading. */
const readParty = (words: readonly Word[], end: number): E.Either<RuleProblem, Party> => {
  const [first, ...rest] = words;
  const mend = `a rule reads: toolchain chefdk >=2.0 ${NEEDS} engine >=1.5`;
  if (first === undefined)
    return E.left({ column: end, expected: `one of ${kindNames.join(', ')}`, found: 'nothing', mend });
  if (!isKind(first.text))
    return E.left({
      column: first.column,
      expected: `one of ${kindNames.join(', ')}`,
      found: quoted(first.text),
      mend: suggest(first.text, kindNames),
    });
  const { named, ranged } = kinds[first.text];
  const name = named ? rest[0] : undefined;
  if (named && (name === undefined || !NAME.test(name.text)))
    return E.left({
      column: name?.column ?? end,
      expected: `the name of the ${first.text}`,
      found: name === undefined ? 'nothing' : quoted(name.text),
    });
  const comparisons = named ? rest.slice(1) : rest;
  const stray = comparisons.find(({ text }) => !isRange(text));
  if (stray !== undefined)
    return E.left({
      column: stray.column,
      expected: ranged ? `${COMPARISONS}, or ${NEEDS}` : NEEDS,
      found: quoted(stray.text),
    });
  const [ofNothing] = comparisons;
  if (!ranged && ofNothing !== undefined)
    return E.left({
      column: ofNothing.column,
      expected: `no version: ${first.text} ${name?.text ?? ''} has none`,
      found: quoted(ofNothing.text),
    });
  if (!named && comparisons.length === 0)
    return E.left({ column: end, expected: COMPARISONS, found: 'nothing' });
  return E.right({
    kind: first.text,
    name: name?.text ?? '',
    range: comparisons.map(({ text }) => text).join(' '),
  });
};

const ofServer = ({ kind }: Party): boolean => kind === 'engine' || kind === 'baton';

/** `<subject> <range> needs <object> <range>`. Blanks separate the words; a range is up to 10 comparisons. */
export const parseRule = (text: string): E.Either<RuleProblem, Rule> => {
  // more is no rule, and would only be echoed
  if (text.length > 500) return E.left({ column: 501, expected: 'at most 500 characters', found: 'more' });
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({ text: word, column: index + 1 }));
  const needs = words.findIndex((word) => word.text === NEEDS);
  const before = needs < 0 ? words : words.slice(0, needs);
  const end = text.trimEnd().length + 2;
  const subject = readParty(before, words[needs]?.column ?? end);
  if (E.isLeft(subject)) return subject;
  if (needs < 0) return E.left({ column: end, expected: NEEDS, found: 'nothing' });
  const object = readParty(words.slice(needs + 1), end);
  if (E.isLeft(object)) return object;
  if (ofServer(subject.right) && ofServer(object.right))
    return E.left({
      column: words[needs + 1]?.column ?? end,
      expected: 'something of a machine on one side: a toolchain, a platform or an os',
      found: 'none on either',
    });
  return E.right({
    text: words.map((word) => word.text).join(' '),
    subject: subject.right,
    object: object.right,
  });
};

/** Names of toolchains that the rule speaks of. */
export const toolchainsOf = ({ subject, object }: Rule): readonly string[] =>
  [subject, object].flatMap(({ kind, name }) => (kind === 'toolchain' ? [name] : []));

/** What holds where nobody says otherwise, as far as it speaks of toolchains that are configured. */
export const builtInRules: readonly string[] = [
  // a ChefDK of the next generation brought down engines that did not know it yet
  'toolchain chefdk >=2.0 needs engine >=1.5',
];

/** The rules of a server, and the versions that it knows of itself. `engine`: absent where nobody told it. */
export interface Compatibility {
  readonly rules: readonly Rule[];
  readonly engine?: string;
  readonly baton: string;
}

/** Where nothing was configured there is nothing to be judged by. */
export const noRules: Compatibility = { rules: [], baton: '' };

/** `toolchains` of the attributes: absent, nobody looked; a name that is not in it is not installed. */
export interface Machine {
  readonly name: string;
  readonly attributes: Attributes;
}

export interface Judged {
  readonly rule: Rule;
  readonly outcome: 'kept' | 'broken' | 'unknown';
  /** Why; with a way out where it is broken. Empty when it is kept. */
  readonly sentence: string;
}

/** What package managers write around it is left out: epoch, revision, `~rc1`. Undefined: it starts with no number. */
const numberOf = (version: string): string | undefined =>
  /^(?:\d{1,9}:)?v?(\d{1,9}(?:\.\d{1,9}){0,9})(?![\d])/.exec(version)?.[1];

/** A version that a rule can be held against. */
export const isVersion = (text: string): boolean => /^v?\d[A-Za-z0-9._+~:-]{0,127}$/.test(text);

/** `absent`: there is none here. `unknown`: why nobody can say. */
type Found =
  | { readonly is: 'here'; readonly version: string; readonly inRange: boolean }
  | { readonly is: 'absent' }
  | { readonly is: 'unknown'; readonly why: string };

const here = ({ range }: Party, version: string | undefined, what: string): Found => {
  if (range === '') return { is: 'here', version: version ?? '', inRange: true };
  if (version === undefined || version === '')
    return { is: 'unknown', why: `the version of ${what} is not known` };
  const number = numberOf(version);
  return number === undefined
    ? { is: 'unknown', why: `the version of ${what}, ${version}, is no number with dots` }
    : { is: 'here', version, inRange: inRange(number, range) };
};

const find = (party: Party, { name: machine, attributes }: Machine, facts: Compatibility): Found => {
  const { kind, name } = party;
  switch (kind) {
    case 'engine':
      return here(party, facts.engine, 'the engine');
    case 'baton':
      return here(party, facts.baton, 'Baton');
    case 'toolchain': {
      const { toolchains } = attributes;
      if (toolchains === undefined)
        return {
          is: 'unknown',
          why: `whether the toolchain ${name} is installed on ${machine} is not known`,
        };
      const version = Object.hasOwn(toolchains, name) ? toolchains[name] : undefined;
      return version === undefined
        ? { is: 'absent' }
        : here(party, version, `the toolchain ${name} on ${machine}`);
    }
    case 'platform':
    case 'platform_family':
    case 'os': {
      const value = attributes[kind];
      if (value === undefined) return { is: 'unknown', why: `the ${kind} of ${machine} is not known` };
      return value === name
        ? here(party, attributes.platform_version, `${kind} ${name} on ${machine}`)
        : { is: 'absent' };
    }
  }
};

const partyText = ({ kind, name, range }: Party): string =>
  [kind, name, range].filter((one) => one !== '').join(' ');

/** What it is here, as the beginning of a sentence. */
const subjectText = ({ kind, name }: Party, version: string, machine: string): string => {
  const numbered = version === '' ? '' : ` ${version}`;
  switch (kind) {
    case 'engine':
      return `This engine, ${version}, with ${machine}`;
    case 'baton':
      return `This Baton, ${version}, with ${machine}`;
    case 'toolchain':
      return `The toolchain ${name}${numbered} on ${machine}`;
    case 'platform':
    case 'platform_family':
    case 'os':
      return `The ${kind} ${name}${numbered} of ${machine}`;
  }
};

/** What is there in place of what is needed. */
const insteadText = ({ kind, name }: Party, found: Found, { name: machine, attributes }: Machine): string => {
  const version = found.is === 'here' ? found.version : '';
  switch (kind) {
    case 'engine':
      return `this engine is ${version}`;
    case 'baton':
      return `this Baton is ${version}`;
    case 'toolchain':
      return found.is === 'here' ? `${machine} has ${version}` : `${machine} has none`;
    case 'platform':
    case 'platform_family':
    case 'os':
      return found.is === 'here'
        ? `${machine} has ${name} ${version}`
        : `the ${kind} of ${machine} is ${attributes[kind] ?? 'another'}`;
  }
};

/** What is outside of the range, where one comparison says it. */
const opposite = (range: string): string | undefined => {
  const [, op = '', version = ''] = /^(>=|<=|>|<)(\S+)$/.exec(range) ?? [];
  const other = { '>=': '<', '<=': '>', '>': '<=', '<': '>=' }[op];
  return other === undefined ? undefined : `${other}${version}`;
};

const ways = ({ subject, object }: Rule, machine: string): string => {
  const out = subject.kind === 'toolchain' ? opposite(subject.range) : undefined;
  const away =
    subject.kind !== 'toolchain'
      ? []
      : [
          subject.range === ''
            ? `remove ${subject.name} from ${machine}`
            : `install ${out === undefined ? `another version of ${subject.name}` : `${subject.name} ${out}`} on ${machine}`,
        ];
  const meet = {
    toolchain: [`install ${object.name} ${object.range}`.trim() + ` on ${machine}`],
    engine: [`use an engine ${object.range}`],
    baton: [`use a Baton ${object.range}`],
    platform: [],
    platform_family: [],
    os: [],
  }[object.kind];
  const all = [...away, ...meet, 'change the rule in `compatibility`'];
  const text = all.length > 1 ? `${all.slice(0, -1).join(', ')}, or ${all.at(-1) ?? ''}` : all.join('');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};

const judgeOne = (rule: Rule, machine: Machine, facts: Compatibility): Judged => {
  const { subject, object } = rule;
  const kept: Judged = { rule, outcome: 'kept', sentence: '' };
  const unknown = (why: string): Judged => ({
    rule,
    outcome: 'unknown',
    sentence: `Whether "${rule.text}" holds cannot be told: ${why}.`,
  });
  const [is, needed] = [find(subject, machine, facts), find(object, machine, facts)];
  // whichever side settles it does, whatever is unknown of the other
  if (is.is === 'absent' || (is.is === 'here' && !is.inRange)) return kept;
  if (needed.is === 'here' && needed.inRange) return kept;
  if (is.is === 'unknown') return unknown(is.why);
  if (needed.is === 'unknown') return unknown(needed.why);
  const what = subjectText(subject, is.version, machine.name);
  return {
    rule,
    outcome: 'broken',
    sentence: `${what} needs ${partyText(object)}; ${insteadText(object, needed, machine)}. ${ways(rule, machine.name)}`,
  };
};

/** Each rule, in its order, held against one machine. */
export const judgeRules = (facts: Compatibility, machine: Machine): readonly Judged[] =>
  facts.rules.map((rule) => judgeOne(rule, machine, facts));

/** Why the machine is to have no jobs, a sentence for each broken rule; empty when no rule is broken. */
export const brokenBy = (facts: Compatibility, machine: Machine): string =>
  facts.rules.length === 0
    ? ''
    : judgeRules(facts, machine)
        .filter(({ outcome }) => outcome === 'broken')
        .map(({ sentence }) => sentence)
        .join(' ');
