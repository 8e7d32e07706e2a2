/** Sentences of the server in parts: what stands between backticks is code, and an instant of RFC 3339 is one. */

export interface SentencePart {
  readonly kind: 'text' | 'code' | 'instant';
  readonly text: string;
}

const MARKED = /`([^`]+)`|\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)/g;

/** All of the sentence, in its order; a backtick without another stays as it is. */
export const partsOf = (sentence: string): readonly SentencePart[] => {
  const parts: SentencePart[] = [];
  let end = 0;
  for (const { 0: whole, 1: code, 2: instant, index } of sentence.matchAll(MARKED)) {
    if (index > end) parts.push({ kind: 'text', text: sentence.slice(end, index) });
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (instant !== undefined && !Number.isNaN(Date.parse(instant)))
      parts.push({ kind: 'instant', text: instant });
    else parts.push({ kind: 'text', text: whole });
    end = index + whole.length;
  }
  if (end < sentence.length) parts.push({ kind: 'text', text: sentence.slice(end) });
  return parts;
};
