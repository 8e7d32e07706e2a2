/** What of a foreign text may reach a terminal: letters, and in logs plain colours; never anything that moves, hides or asks. */

/** Controls (without tab and line feed), DEL, C1, and the marks that turn the direction of text around. */
const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const SGR = /\u001b\[([0-9;:]{0,64})m/gu;
/** What may be the beginning of a colour, cut by the end of a piece. */
const CUT_SGR = /\u001b(?:\[[0-9;:]{0,64})?$/u;

const visible = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
};

const neutral = (text: string): string => text.replace(DANGEROUS, visible);

/** A text from outside as one line: for tables and messages. No colours. */
export const plain = (text: string): string => neutral(text).replaceAll('\n', '\u240a').replaceAll('\t', ' ');

/** Colours, weight and underline; not 8 (conceal), nor what a terminal may take for something else (ECMA-48 §8.3.117). */
const isColour = (parameters: string): boolean => {
  const numbers = parameters.split(/[;:]/).map((part) => Number(part === '' ? '0' : part));
  for (let i = 0; i < numbers.length; i += 1) {
    const n = numbers[i] ?? 0;
    if (n === 38 || n === 48 || n === 58) {
      i += numbers[i + 1] === 5 ? 2 : 4;
      continue;
    }
    const known = n <= 4 || n === 7 || n === 9 || (n >= 21 && n <= 29) || (n >= 30 && n <= 49) || n === 59;
    if (!known && !(n >= 90 && n <= 97) && !(n >= 100 && n <= 107)) return false;
  }
  return true;
};

export interface LogFilter {
  /** May keep back the last few bytes until the next call. */
  readonly push: (bytes: Uint8Array) => string;
  /** What was kept back, and an end to any colour. */
  readonly end: () => string;
}

/** Makes the bytes of a log fit for a terminal. `colours: false` takes colours out as well. */
export const logFilter = (colours: boolean): LogFilter => {
  const decoder = new TextDecoder('utf-8');
  let kept = '';
  let coloured = false;
  const clean = (text: string): string => {
    let result = '';
    let at = 0;
    for (const match of text.matchAll(SGR)) {
      result += neutral(text.slice(at, match.index));
      at = match.index + match[0].length;
      if (!isColour(match[1] ?? '')) result += neutral(match[0]);
      else if (colours) {
        coloured = true;
        result += match[0];
      }
    }
    return result + neutral(text.slice(at));
  };
  // a line that ends as on Windows is a line
  const take = (text: string): string => clean(text.replaceAll('\r\n', '\n'));
  return {
    push: (bytes) => {
      const text = kept + decoder.decode(bytes, { stream: true });
      const cut = CUT_SGR.exec(text)?.index ?? (text.endsWith('\r') ? text.length - 1 : text.length);
      kept = text.slice(cut);
      return take(text.slice(0, cut));
    },
    end: () => {
      const rest = take(kept + decoder.decode());
      kept = '';
      return coloured ? `${rest}\u001b[0m` : rest;
    },
  };
};
