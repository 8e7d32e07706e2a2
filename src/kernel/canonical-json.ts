/** One text for one JSON value, in whatever order the members of its objects came. */

const member = (object: object, key: string): string =>
  `${JSON.stringify(key)}:${canonicalJson(Reflect.get(object, key))}`;

/** As RFC 8785 has it: no spaces, keys sorted by UTF-16 units, numbers and text as JavaScript writes them. Takes what `JSON.parse` gives. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => member(value, key)).join(',')}}`;
};
