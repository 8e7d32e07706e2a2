/** Lines out of the bytes of a log, in whatever pieces these come. As `log/lines` has them, so that both fit together. */

import type { LogLine } from '../../app/ports.js';

/** As much of a line is kept, in bytes; the API cuts there, too. */
export const LINE_BYTES = 8192;

const LINE_FEED = 0x0a;

/** A line, as far as it has come. `length` in bytes, without the line feed. */
export interface Assembled {
  /** From 1. */
  readonly line: number;
  /** Of its first byte. */
  readonly offset: number;
  readonly length: number;
  /** Its beginning, when it is `cut`. */
  readonly text: string;
  readonly cut?: true;
}

export interface Assembler {
  /** Lines that are new or longer than before, the last of them perhaps without an end yet. */
  readonly take: (bytes: Uint8Array) => readonly Assembled[];
  /** Offset of the byte that is to come next. */
  readonly next: () => number;
}

/** Where it begins: at the beginning of a line, or behind the part of one that is `cut` and so needs no more text. */
export type From = Pick<Assembled, 'line' | 'offset'> & {
  readonly behind?: Pick<Assembled, 'length' | 'text'>;
};

export const createAssembler = ({ line: first, offset: begin, behind }: From): Assembler => {
  let line = first;
  let offset = begin;
  let length = behind?.length ?? 0;
  let text = behind?.text ?? '';
  let decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  const add = (bytes: Uint8Array): void => {
    const room = Math.max(0, LINE_BYTES - length);
    // a character that is cut in two stays with the decoder
    if (room > 0) text += decoder.decode(bytes.subarray(0, room), { stream: true });
    length += bytes.length;
  };
  const shape = (): Assembled => ({
    line,
    offset,
    length,
    text,
    ...(length > LINE_BYTES ? { cut: true } : {}),
  });
  const close = (): Assembled => {
    // what is left of a character will not be completed any more
    if (length <= LINE_BYTES) text += decoder.decode();
    const closed = shape();
    line += 1;
    offset += length + 1;
    length = 0;
    text = '';
    decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return closed;
  };

  return {
    take: (bytes) => {
      const lines: Assembled[] = [];
      let at = 0;
      for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, at)) {
        add(bytes.subarray(at, end));
        lines.push(close());
        at = end + 1;
      }
      if (at < bytes.length) {
        add(bytes.subarray(at));
        lines.push(shape());
      }
      return lines;
    },
    next: () => offset + length,
  };
};

/** Where the stream is to begin, so that it is all the same whether the last line has its end yet. */
export const goOnFrom = ({ items }: { readonly items: readonly LogLine[] }): From => {
  const last = items.at(-1);
  if (last === undefined) return { line: 1, offset: 0 };
  const { line, offset, length, text = '' } = last;
  // of a line that is cut no more text is needed, and it may be gigabytes long
  return last.cut === true ? { line, offset, behind: { length, text } } : { line, offset };
};
