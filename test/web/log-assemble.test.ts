/** Lines out of bytes: the same lines however the bytes come, and the same as the API has. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembler, goOnFrom, LINE_BYTES, type Assembled } from '../../src/web/log/assemble.js';

const encoder = new TextEncoder();

/** As `log/lines` answers: the whole log is there. */
const linesOf = (bytes: Uint8Array): readonly Assembled[] => {
  const lines: Assembled[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const feed = bytes.indexOf(10, offset);
    const end = feed === -1 ? bytes.length : feed;
    const length = end - offset;
    const isCut = length > LINE_BYTES;
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      bytes.subarray(offset, Math.min(end, offset + LINE_BYTES)),
      {
        // without an end, a character may still be completed
        stream: isCut || feed === -1,
      },
    );
    lines.push({ line: lines.length + 1, offset, length, text, ...(isCut ? { cut: true } : {}) });
    offset = end + 1;
  }
  return lines;
};

/** What is left when each line is shown as it was told last. */
const assembled = (
  pieces: readonly Uint8Array[],
  assembler = createAssembler({ line: 1, offset: 0 }),
): readonly Assembled[] => {
  const lines = new Map<number, Assembled>();
  for (const piece of pieces) for (const line of assembler.take(piece)) lines.set(line.line, line);
  return [...lines.values()];
};

const pieced = (bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((to, index) => bytes.subarray(at[index], to));
};

const logs = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => encoder.encode(text)),
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(encoder.encode('\n'), encoder.encode('😀é中\r\n'), new Uint8Array([0xef, 0xbb, 0xbf])),
      fc
        .constantFrom(LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1)
        .map((size) => encoder.encode('é'.repeat(size / 2))),
    ),
    { maxLength: 12 },
  )
  .map((parts) => new Uint8Array(parts.flatMap((part) => [...part])));

describe('an assembler of lines', () => {
  it('makes the lines that the API has, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
        const assembler = createAssembler({ line: 1, offset: 0 });
        expect(assembled(pieced(bytes, cuts), assembler)).toEqual(linesOf(bytes));
        expect(assembler.next()).toBe(bytes.length);
      }),
    );
  });

  it('goes on from the last line that the API told, whatever of it was there', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (bytes, cut) => {
        const known = linesOf(bytes.subarray(0, cut % (bytes.length + 1)));
        const from = goOnFrom({ items: known });
        const assembler = createAssembler(from);
        const lines = new Map(known.map((line) => [line.line, line]));
        for (const line of assembled([bytes.subarray(assembler.next())], assembler))
          lines.set(line.line, line);
        expect([...lines.values()]).toEqual(linesOf(bytes));
      }),
    );
  });

  it('of a line that is cut only the rest is asked for', () => {
    const from = goOnFrom({ items: [{ line: 3, offset: 100, length: 1_000_000_000, text: 'x', cut: true }] });
    expect(createAssembler(from).next()).toBe(1_000_000_100);
  });

  it('an empty log begins at its beginning', () => {
    expect(goOnFrom({ items: [] })).toEqual({ line: 1, offset: 0 });
  });
});
