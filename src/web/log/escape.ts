/**
 * What a line of a log is made of. A job may write anything, and a terminal would obey much of it: here colours, weights and what redraws
 * the line itself are understood, and everything else is taken out or shown as a mark. The result is text and nothing but text.
 */

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  /** Stands for a character that is not to be obeyed, or could not be seen; `name` says which. */
  | { readonly kind: 'mark'; readonly text: string; readonly name: string }
  /** Parameters of SGR. */
  | { readonly kind: 'style'; readonly params: string }
  /** Where the next character goes: the beginning of the line, or one to the left. */
  | { readonly kind: 'go'; readonly to: 'start' | 'left' }
  /** Of the line: from there on, up to there, or all. */
  | { readonly kind: 'erase'; readonly what: 'right' | 'left' | 'all' };

/**
 * C0 without tab, delete, C1 (U+0080 to U+009F: a terminal may take them for ESC and a letter), what turns the direction of text (Trojan
 * Source, CVE-2021-42574), separators of lines, U+FEFF, and tags (U+E0000 to U+E007F).
 */
const SPECIAL =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

const CSI = /\u001b\[([0-?]*)[ -/]*([@-~])/y;
/** OSC, DCS, SOS, PM, APC with their end: titles, links, clipboards, pictures. Without an end it is no such string. */
const STRING = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/y;
/** Other sequences of ESC, such as a choice of a character set. */
const SHORT = /\u001b[ -/]*[0-OQ-WYZ\\`-~]/y;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

const csiToken = (params: string, final: string): Token | undefined => {
  switch (final) {
    case 'm':
      return /^[\d;:]*$/.test(params) ? { kind: 'style', params } : undefined;
    case 'K':
      if (params === '' || params === '0') return { kind: 'erase', what: 'right' };
      if (params === '1') return { kind: 'erase', what: 'left' };
      return params === '2' ? { kind: 'erase', what: 'all' } : undefined;
    case 'G':
      return params === '' || params === '0' || params === '1' ? { kind: 'go', to: 'start' } : undefined;
    default:
      return undefined;
  }
};

const codeName = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;

/** Controls as `less` and `cat -v` write them, `^G`: many fonts have no pictures of them (U+2400 and on). */
export const markOf = (code: number): Extract<Token, { readonly kind: 'mark' }> => {
  const name = codeName(code);
  const isControl = code < 0x20 || code === 0x7f;
  return { kind: 'mark', text: isControl ? `^${String.fromCharCode(code ^ 0x40)}` : name, name };
};

/** What stands there, and how long it is. */
const specialAt = (
  text: string,
  at: number,
): { readonly token?: Token | undefined; readonly length: number } => {
  const code = text.codePointAt(at) ?? 0;
  if (code === 0x0d) return { token: { kind: 'go', to: 'start' }, length: 1 };
  if (code === 0x08) return { token: { kind: 'go', to: 'left' }, length: 1 };
  if (code === 0x1b) {
    const csi = matchAt(CSI, text, at);
    if (csi !== null) return { token: csiToken(csi[1] ?? '', csi[2] ?? ''), length: csi[0].length };
    const other = matchAt(STRING, text, at) ?? matchAt(SHORT, text, at);
    if (other !== null) return { length: other[0].length };
  }
  return { token: markOf(code), length: code > 0xffff ? 2 : 1 };
};

/** In the order in which they stand; takes time in proportion to the length. */
export function* tokensOf(text: string): Generator<Token, void, undefined> {
  let at = 0;
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    if (next > at) yield { kind: 'text', text: text.slice(at, next) };
    if (next >= text.length) return;
    const { token, length } = specialAt(text, next);
    if (token !== undefined) yield token;
    at = next + length;
  }
}
