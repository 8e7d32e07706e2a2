/** A JSON text laid out anew, with every word of it as it was written: `1.0` stays `1.0`, and `\u00e9` stays so too. */

/** Of a text that `parseJson` has read. */
export const tokensOf = (text: string): readonly string[] =>
  text.match(/"(?:[^"\\]|\\[^])*"|[[\]{}:,]|[^\s[\]{}:,"]+/g) ?? [];

/** One member of an object: its key and its value as tokens. */
export interface Member {
  readonly key: string;
  readonly value: readonly string[];
}

/** Members of the object that these tokens are, in their order; none when they are none. */
export const membersOf = (tokens: readonly string[]): readonly Member[] => {
  const members: Member[] = [];
  if (tokens[0] !== '{') return members;
  let depth = 0;
  let from = 1;
  for (const [at, token] of tokens.entries()) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    const isEnd = depth === 0 || (depth === 1 && token === ',');
    if (!isEnd) continue;
    const key = tokens[from];
    if (key !== undefined && at > from) members.push({ key, value: tokens.slice(from + 2, at) });
    from = at + 1;
  }
  return members;
};

/** Tokens of an object with these members. */
export const objectOf = (members: readonly Member[]): readonly string[] => [
  '{',
  ...members.flatMap(({ key, value }, at) => [...(at === 0 ? [] : [',']), key, ':', ...value]),
  '}',
];

/** Two spaces for each level; empty lists and objects on one line, as `JSON.stringify` does. */
export const laidOut = (tokens: readonly string[]): string => {
  let depth = 0;
  let text = '';
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1];
    const isOpen = token === '{' || token === '[';
    const isClose = token === '}' || token === ']';
    if (isClose) depth -= 1;
    const isEmpty = isClose && (before === '{' || before === '[');
    const isFirst = before === '{' || before === '[' || before === ',';
    if ((isClose && !isEmpty) || (isFirst && !isClose)) text += `\n${'  '.repeat(depth)}`;
    text += token === ':' ? ': ' : token;
    if (isOpen) depth += 1;
  }
  return text;
};
