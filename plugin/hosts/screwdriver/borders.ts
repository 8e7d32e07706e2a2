/**
 * Where does one step end and the next begin, in the output of a job that runs all of them? The script writes borders in the form of
 * GitLab's sections, with the word of the build in each name, so no output is taken for one by chance. Pure.
 */

/** Between a step's name and the word; no name of a step has it. */
const JOINT = '.';
/** The section that carries the build's meta, as base64: no name of a step has a dot. */
export const META_SECTION = 'sd.meta';

export const sectionName = (name: string, word: string): string => `${name}${JOINT}${word}`;

export type Piece =
  /** One line, or the rest of one, of whatever section is open. */
  | { readonly kind: 'line'; readonly text: string }
  /** `at`: seconds since 1970, by the clock of the runner. */
  | { readonly kind: 'begin'; readonly name: string; readonly at: number }
  | { readonly kind: 'end'; readonly name: string; readonly at: number; readonly code?: number };

const border = (word: string): RegExp =>
  new RegExp(
    String.raw`section_(start|end):(\d{1,12}):([\w.-]{1,64})\.${word}\r\u001b\[0K(?:exit code (\d{1,3})|[^\n]*)`,
    'u',
  );

/** What a whole line says, its line end left out. A step whose output does not end with its line shares that line with a border. */
const piecesOf = (line: string, border: RegExp): readonly Piece[] => {
  const found = border.exec(line);
  if (found === null) return [{ kind: 'line', text: line }];
  const [whole, which, seconds, name = '', code] = found;
  const before = line.slice(0, found.index);
  const after = line.slice(found.index + whole.length);
  const at = Number(seconds);
  return [
    ...(before === '' ? [] : [{ kind: 'line', text: before } as const]),
    which === 'start'
      ? { kind: 'begin', name, at }
      : { kind: 'end', name, at, ...(code === undefined ? {} : { code: Number(code) }) },
    ...(after === '' ? [] : piecesOf(after, border)),
  ];
};

/** No line is kept back when it is longer than this many characters. */
const LONGEST_REST = 65_536;

export interface Split {
  readonly pieces: readonly Piece[];
  /** The beginning of a line whose end has not come yet. */
  readonly rest: string;
}

/** `rest`: what the last call left; `final`: no more text follows, so nothing is kept back. */
export const splitText = (word: string, rest: string, text: string, final: boolean): Split => {
  const lines = (rest + text).split('\n');
  const last = lines.pop() ?? '';
  const keeps = !final && last.length <= LONGEST_REST;
  const whole = keeps || last === '' ? lines : [...lines, last];
  const expression = border(word);
  return {
    pieces: whole.flatMap((line) => piecesOf(line, expression)),
    rest: keeps ? last : '',
  };
};
