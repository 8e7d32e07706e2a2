/** Colours and weights of a terminal (SGR, ECMA-48 §8.3.117, with 256 and true colours as xterm has them). States are never changed, so one can be kept for each line. */

/** 0 to 15: one of the theme's own; else `r, g, b`. */
export type Colour = number | string;

export interface Sgr {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly reverse?: true;
}

export const plain: Sgr = Object.freeze({});

const MEMBERS = ['fg', 'bg', 'bold', 'dim', 'italic', 'underline', 'strike', 'reverse'] as const;
type Member = (typeof MEMBERS)[number];

export const sameSgr = (a: Sgr, b: Sgr): boolean => a === b || MEMBERS.every((name) => a[name] === b[name]);

const without = (state: Sgr, ...names: readonly Member[]): Sgr =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !names.some((gone) => gone === name)));

/** What a lone number does. Blinking and hidden text are not obeyed: a log that is read hides nothing. */
const SIMPLE: Readonly<Record<number, (state: Sgr) => Sgr>> = {
  0: () => plain,
  1: (state) => ({ ...state, bold: true }),
  2: (state) => ({ ...state, dim: true }),
  3: (state) => ({ ...state, italic: true }),
  4: (state) => ({ ...state, underline: true }),
  7: (state) => ({ ...state, reverse: true }),
  9: (state) => ({ ...state, strike: true }),
  21: (state) => ({ ...state, underline: true }),
  22: (state) => without(state, 'bold', 'dim'),
  23: (state) => without(state, 'italic'),
  24: (state) => without(state, 'underline'),
  27: (state) => without(state, 'reverse'),
  29: (state) => without(state, 'strike'),
  39: (state) => without(state, 'fg'),
  49: (state) => without(state, 'bg'),
};

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

/** Of the 256: 16 of the theme, a cube of 6 × 6 × 6, 24 greys. */
const indexed = (index: number): Colour | undefined => {
  if (index < 16) return index;
  if (index > 255) return undefined;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `${grey}, ${grey}, ${grey}`;
  }
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
    .map((level) => LEVELS[level] ?? 0)
    .join(', ');
};

const direct = (parts: readonly (number | undefined)[]): Colour | undefined =>
  parts.length === 3 && parts.every((part) => part !== undefined && part <= 255)
    ? parts.join(', ')
    : undefined;

/** An empty parameter is 0. */
const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || !/^\d{0,9}$/.test(text) ? undefined : Number(text);

/** `5;n` or `2;r;g;b` behind a 38 or 48: the colour, and how many parameters it took. */
const extended = (
  rest: readonly string[],
): { readonly colour: Colour | undefined; readonly took: number } => {
  const [kind] = rest;
  if (kind === '5') {
    const index = numberOf(rest[1]);
    return { colour: index === undefined ? undefined : indexed(index), took: 2 };
  }
  return kind === '2'
    ? { colour: direct(rest.slice(1, 4).map(numberOf)), took: 4 }
    : { colour: undefined, took: 1 };
};

const withColour = (state: Sgr, code: number, colour: Colour | undefined): Sgr => {
  if (colour === undefined) return state;
  return code === 38 ? { ...state, fg: colour } : { ...state, bg: colour };
};

/** `38:5:n`, `38:2::r:g:b`, `38:2:r:g:b`, `4:3`: a parameter with parts of its own (ISO 8613-6). */
const parted = (state: Sgr, parts: readonly string[]): Sgr => {
  const [first = '', kind, ...rest] = parts;
  const code = numberOf(first);
  if (code === 4) return kind === '0' ? without(state, 'underline') : { ...state, underline: true };
  if (code !== 38 && code !== 48) return state;
  if (kind === '5') return withColour(state, code, extended(['5', ...rest]).colour);
  return kind === '2' ? withColour(state, code, direct(rest.slice(-3).map(numberOf))) : state;
};

const themed = (state: Sgr, code: number): Sgr | undefined => {
  if (code >= 30 && code <= 37) return { ...state, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...state, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...state, fg: code - 90 + 8 };
  if (code >= 100 && code <= 107) return { ...state, bg: code - 100 + 8 };
  return undefined;
};

/** The state after `ESC [ params m`; what is not known changes nothing. */
export const applySgr = (before: Sgr, params: string): Sgr => {
  const list = params.split(';');
  let state = before;
  for (let at = 0; at < list.length; at++) {
    const item = list[at] ?? '';
    if (item.includes(':')) {
      state = parted(state, item.split(':'));
      continue;
    }
    const code = numberOf(item);
    if (code === undefined) continue;
    if (code === 38 || code === 48) {
      const { colour, took } = extended(list.slice(at + 1, at + 5));
      state = withColour(state, code, colour);
      at += took;
    } else state = SIMPLE[code]?.(state) ?? themed(state, code) ?? state;
  }
  return sameSgr(state, before) ? before : state;
};
