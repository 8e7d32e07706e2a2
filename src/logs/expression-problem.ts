/** What is wrong with a regular expression, and where, in words. Pure. */
import { RE2JSSyntaxException, RE2JSException, RE2Set } from 're2js';
import type { ExpressionProblem } from '../app/ports.js';

const SYNTAX = 'the syntax is that of RE2';

export const TOO_LARGE: ExpressionProblem = {
  found: 'an expression that is too large',
  mend: 'repeat less often, or nest less',
};

/** What the engine says of this text; undefined: nothing. Parses, and does not compile. */
const refusalOf = (text: string): RE2JSSyntaxException | undefined => {
  try {
    new RE2Set().add(text);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error;
    throw error;
  }
};

const placesOf = (text: string, part: string): readonly number[] => {
  const places: number[] = [];
  if (part !== '')
    for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
};

/** The first place of the part that the engine refuses: what stands before it is in order. */
const placeOfPart = (text: string, error: string, part: string): number | undefined => {
  const places = placesOf(text, part);
  if (places.length < 2) return places[0];
  return places.find((at) => {
    const refused = refusalOf(text.slice(0, at + part.length));
    return refused?.getDescription() === error && refused.getPattern() === part;
  });
};

/** The bracket that is never closed, or closes nothing. */
const placeOfBracket = (text: string, error: string): number | undefined =>
  error === 'unexpected )'
    ? placesOf(text, ')').find((at) => refusalOf(text.slice(0, at + 1))?.getDescription() === error)
    : placesOf(text, '(').findLast((at) => refusalOf(text.slice(0, at)) === undefined);

interface Words {
  /** What is there, if that says more than the part itself. */
  readonly what?: string;
  readonly why: string;
  readonly mend?: string;
}

/** By what the engine says (its `Parser` has them all); what is not here is told in its own words. */
const WORDS: Readonly<Record<string, Words>> = {
  'missing closing )': {
    what: '(',
    why: 'which is never closed',
    mend: 'close it; for the sign itself write \\(',
  },
  'unexpected )': { what: ')', why: 'which closes nothing', mend: 'for the sign itself write \\)' },
  'missing closing ]': {
    what: '[',
    why: 'which is never closed',
    mend: 'close it; for the sign itself write \\[',
  },
  'invalid character class range': { why: 'which is no class and no range of characters' },
  'invalid escape sequence': {
    why: 'which stands for nothing',
    mend: 'for a backslash itself write \\\\; there are no references back to a group',
  },
  'invalid named capture': {
    why: 'which begins no group',
    mend: 'a group with a name is (?P<name>…); there is no looking behind',
  },
  'invalid or unsupported Perl syntax': {
    why: 'which begins no group',
    mend: 'there are (…), (?:…), (?P<name>…) and (?i); there is no looking ahead or behind',
  },
  'invalid nested repetition operator': {
    why: 'which repeats a repetition',
    mend: 'put what is repeated into (?:…)',
  },
  'invalid repeat count': {
    why: 'which is no count',
    mend: 'count from 0 to 1000, also where repetitions are nested, the smaller number first',
  },
  'missing argument to repetition operator': {
    why: 'which has nothing to repeat',
    mend: 'for the sign itself write a backslash before it',
  },
};

/** In characters, from 1. */
const characterAt = (text: string, at: number): number => Array.from(text.slice(0, at)).length + 1;

/** Of what the engine threw at this text. */
export const problemWith = (text: string, thrown: RE2JSException): ExpressionProblem => {
  if (!(thrown instanceof RE2JSSyntaxException)) return TOO_LARGE;
  const [error, part] = [thrown.getDescription(), thrown.getPattern() ?? ''];
  if (error === 'trailing backslash at end of expression')
    return { found: 'a backslash at its end', mend: 'for a backslash itself write \\\\' };
  if (error === 'expression too large' || error === 'expression nests too deeply') return TOO_LARGE;
  if (error === 'duplicate capture group name')
    return { found: `two groups of the name ${part}`, mend: 'give each a name of its own, or none' };
  const words = WORDS[error];
  if (words === undefined) return { found: `${error}: ${part}`, mend: SYNTAX };
  const { what = part, why, mend = SYNTAX } = words;
  const isParen = error === 'missing closing )' || error === 'unexpected )';
  const at = isParen ? placeOfBracket(text, error) : placeOfPart(text, error, part);
  const place = at === undefined ? '' : ` at character ${characterAt(text, at)}`;
  return { found: `${what}${place}, ${why}`, mend };
};
