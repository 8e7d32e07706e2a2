/** Bytes of a log without what a terminal would act upon: escape sequences (ECMA-48), and the shifts between character sets. */

type At = 'text' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string_escape';

const ESC = 0x1b;
const BEL = 0x07;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const NEWLINE = 0x0a;

const isBetween = (byte: number, low: number, high: number): boolean => byte >= low && byte <= high;

/** Where the reader stands after this byte; the byte itself is kept only from `text` to `text`. */
const after = (at: At, byte: number): At => {
  switch (at) {
    case 'text':
      return byte === ESC ? 'escape' : 'text';
    case 'escape':
      if (byte === 0x5b) return 'csi';
      // OSC, DCS, SOS, PM and APC go on to their terminator
      if ([0x5d, 0x50, 0x58, 0x5e, 0x5f].includes(byte)) return 'string';
      if (isBetween(byte, 0x20, 0x2f)) return 'intermediate';
      return byte === ESC ? 'escape' : 'text';
    case 'intermediate':
      return isBetween(byte, 0x20, 0x2f) ? 'intermediate' : byte === ESC ? 'escape' : 'text';
    case 'csi':
      return isBetween(byte, 0x20, 0x3f) ? 'csi' : byte === ESC ? 'escape' : 'text';
    case 'string':
      return byte === ESC ? 'string_escape' : byte === BEL ? 'text' : 'string';
    case 'string_escape':
      return byte === 0x5c ? 'text' : byte === ESC ? 'string_escape' : 'string';
  }
};

/** A line break ends what was begun and never finished: one stray byte must not swallow the rest of a log. */
const isCut = (at: At, byte: number): boolean => at !== 'text' && byte === NEWLINE;

/** To be called with the pieces in order; a sequence may lie across two of them. */
export const plainText = (): ((piece: Buffer) => Buffer) => {
  let at: At = 'text';
  return (piece) => {
    const kept = Buffer.allocUnsafe(piece.length);
    let length = 0;
    for (const byte of piece) {
      const before: At = isCut(at, byte) ? 'text' : at;
      at = after(before, byte);
      if (before === 'text' && at === 'text' && byte !== SHIFT_IN && byte !== SHIFT_OUT) {
        kept[length] = byte;
        length += 1;
      }
    }
    return kept.subarray(0, length);
  };
};
