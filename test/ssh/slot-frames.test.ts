import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSlotEnd, slotReader, type Said } from '../../src/ssh/slot-frames.js';

const NONCE = 'ab'.repeat(12);
const frame = (line: string): Buffer => Buffer.from(`\x1e${NONCE} ${line}\n`);

/** Bytes that belong together in one piece. */
const joined = (said: readonly Said[]): readonly (string | Buffer)[] =>
  said.reduce<readonly (string | Buffer)[]>((all, one) => {
    if (one.kind === 'frame') return [...all, one.line];
    const last = all.at(-1);
    return Buffer.isBuffer(last)
      ? [...all.slice(0, -1), Buffer.concat([last, one.bytes])]
      : [...all, one.bytes];
  }, []);

describe('slotReader', () => {
  it('given any frames and bytes cut anywhere, then the same frames and bytes in order', () => {
    // Text that resembles a marker is what could go wrong.
    const bytes = fc
      .array(fc.constantFrom('\x1e', NONCE.slice(0, 5), `\x1e${NONCE.slice(1)} `, '\n', 'x', '\0'), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => Buffer.from(parts.join('')));
    const item = fc.oneof(fc.constantFrom('S started 1 2 b', 'F a.1 1 0', ''), bytes);
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 8 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 1 }),
        (items, cuts) => {
          const whole = Buffer.concat(items.map((one) => (Buffer.isBuffer(one) ? one : frame(one))));
          const read = slotReader(NONCE);
          const said: Said[] = [];
          for (let at = 0, i = 0; at < whole.length; i += 1) {
            const next = at + 1 + (cuts[i % cuts.length] ?? 0);
            said.push(...read(whole.subarray(at, next)));
            at = next;
          }
          said.push(...read(frame('end')));
          const expected = joined(
            [...items, 'end'].map((one) =>
              Buffer.isBuffer(one) ? { kind: 'bytes', bytes: one } : { kind: 'frame', line: one },
            ),
          );
          expect(joined(said)).toEqual(expected);
        },
      ),
    );
  });
});

describe('parseSlotEnd', () => {
  const text = 'job.1 1 0 exit 0 77 1234 boot - - -';
  it('given two outputs, then the sizes that are told', () => {
    const apart = 'job.1 0 0 exit 0 77 1234 boot - - - size=12 err=7,0';
    expect(parseSlotEnd(apart, Buffer.alloc(0))).toMatchObject({
      ...{ whole: false, state: { logSize: 12, errSize: 7, result: { errTruncated: false } } },
    });
    expect(parseSlotEnd(apart.replace('=12', '=a'), Buffer.alloc(0))).toBeUndefined();
  });
  it('given the end of a job, then its state with the size of what came', () => {
    expect(parseSlotEnd(text, Buffer.from('hello'))).toMatchObject({
      name: 'job.1',
      whole: true,
      state: { state: 'done', logSize: 5, result: { exitCode: 0, why: 'exit' }, started: { pid: 77 } },
    });
  });
  it('given more than is sent with an end, or a log that could not be read, then it is not the whole', () => {
    expect(parseSlotEnd(text, Buffer.alloc(32_768))?.whole).toBe(true);
    expect(parseSlotEnd(text, Buffer.alloc(32_769))?.whole).toBe(false);
    expect(parseSlotEnd(text.replace('job.1 1', 'job.1 0'), Buffer.alloc(3))?.whole).toBe(false);
  });
  it('given a line cut anywhere or with more than it should hold, then undefined', () => {
    for (let i = 0; i < text.length - 2; i += 1)
      if (!text.slice(0, i).endsWith(' -'))
        expect(parseSlotEnd(text.slice(0, i), Buffer.alloc(0))).toBeUndefined();
    expect(parseSlotEnd(`${text} more`, Buffer.alloc(0))).toBeUndefined();
  });
});
