/** Is this piece of JSON what it should be? Each check answers the value, or notes the problem and goes on. */
import { child, type Json, type JsonObject, type JsonText } from './json-text.js';
import { shown, suggest, type Problem } from './problem.js';

/** A place in the text being checked, and where its problems go. */
export interface Spot {
  readonly path: string;
  readonly value: Json | undefined;
  readonly at: (key: string | number) => Spot;
  readonly refuse: (expected: string, mend?: string) => undefined;
}

/** The root of a text. Problems are pushed to `problems` as they are found, with the line where the value stands. */
export const spotOf = (text: JsonText, problems: Problem[]): Spot => {
  const make = (path: string, value: Json | undefined): Spot => ({
    path,
    value,
    at: (key) => make(child(path, key), memberOf(value, key)),
    refuse: (expected, mend) => {
      const line = text.places.get(path)?.line;
      const found = line === undefined ? shown(value) : `${shown(value)} (line ${line})`;
      problems.push({ path, expected, found, ...(mend === undefined ? {} : { mend }) });
      return undefined;
    },
  });
  return make('', text.value);
};

const memberOf = (value: Json | undefined, key: string | number): Json | undefined => {
  if (value === undefined || value === null || typeof value !== 'object') return undefined;
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  return value[key];
};

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** The object at this spot, or a problem. */
export const anObject = (spot: Spot, mend?: string): JsonObject | undefined =>
  isObject(spot.value) ? spot.value : spot.refuse('an object', mend);

/** The spots of a list's items, or a problem. */
export const aList = (spot: Spot, of: string, mend?: string): readonly Spot[] | undefined =>
  spot.value !== undefined && spot.value !== null && isList(spot.value)
    ? spot.value.map((_, i) => spot.at(i))
    : spot.refuse(`a list of ${of}`, mend);

/** The text at this spot, or a problem. */
export const aString = (spot: Spot, expected: string, mend?: string): string | undefined =>
  typeof spot.value === 'string' ? spot.value : spot.refuse(expected, mend);

/** The spots of an object's members whose keys are known; every other key is a problem. */
export const knownMembers = (
  spot: Spot,
  known: readonly string[],
  what: string,
  mend?: string,
): readonly (readonly [string, Spot])[] => {
  const members: (readonly [string, Spot])[] = [];
  for (const key of Object.keys(anObject(spot, mend) ?? {})) {
    if (known.includes(key)) members.push([key, spot.at(key)]);
    else spot.at(key).refuse(`${what}, not "${shown(key).slice(1, -1)}"`, suggest(key, known));
  }
  return members;
};
