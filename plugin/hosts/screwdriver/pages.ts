/**
 * Logs as the store of Screwdriver keeps them: pages of lines `{t, m, n}` for each step, each page a file that is replaced as a whole. The
 * API takes pages to be of 100 lines, unless the first has more (screwdriver-api 7.0.262, plugins/builds/steps/logs.js). Pure.
 */
const LINES_PER_PAGE = 100;
/** A line that is longer is told as several. */
const LONGEST_LINE = 5000;

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly t: number;
  readonly m: string;
  /** From 0, in the log of its step. */
  readonly n: number;
}

export interface Page {
  readonly step: string;
  /** From 0. */
  readonly page: number;
  readonly lines: readonly LogLine[];
}

/** Where the log of a step ends: its number of lines, and those of its last page. */
export interface LogEnd {
  readonly count: number;
  readonly last: readonly LogLine[];
}

export const emptyLog: LogEnd = { count: 0, last: [] };

/** Where the next page begins: what stands on the last one need not be known any more. */
export const nextPage = ({ count }: LogEnd): LogEnd => ({
  count: Math.ceil(count / LINES_PER_PAGE) * LINES_PER_PAGE,
  last: [],
});

/** In pieces that a page may hold, characters of two units left whole. */
const cut = (text: string, longest: number): readonly string[] => {
  if (text.length <= longest) return [text];
  const at = /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return [text.slice(0, at), ...cut(text.slice(at), longest)];
};

/** Adds lines, with `before` before each: the new end, and every page that is not what it was before. */
export const addLines = (
  step: string,
  end: LogEnd,
  texts: readonly string[],
  t: number,
  before = '',
): { readonly end: LogEnd; readonly pages: readonly Page[] } => {
  const pages: Page[] = [];
  let { count, last } = end;
  for (const piece of texts.flatMap((text) => cut(text, LONGEST_LINE - before.length))) {
    const m = before + piece;
    const page = Math.floor(count / LINES_PER_PAGE);
    last = [...(count % LINES_PER_PAGE === 0 ? [] : last), { t, m, n: count }];
    count += 1;
    if (pages.at(-1)?.page === page) pages.pop();
    pages.push({ step, page, lines: last });
  }
  return { end: { count, last }, pages };
};

/** The file of a page: one JSON object per line. */
export const ndjson = ({ lines }: Page): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
