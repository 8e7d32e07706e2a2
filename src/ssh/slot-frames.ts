/** What does a slot's shell say? Pure: frames behind a marker, and the bytes between two of them. See `runner/slot.sh`. */
import type { AttemptState } from '../app/ports.js';
import { parseState } from './frames.js';

export type Said =
  | { readonly kind: 'frame'; readonly line: string }
  /** What stands between two frames: the beginning of a log, or the lines of an answer. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

const LONGEST_LINE = 64 * 1024;

/** Takes what arrives, in any pieces; gives frames and bytes in order. A frame that never ends counts as bytes. */
export const slotReader = (nonce: string): ((piece: Buffer) => readonly Said[]) => {
  const marker = Buffer.from(`\x1e${nonce} `);
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const said: Said[] = [];
    for (;;) {
      const at = rest.indexOf(marker);
      if (at < 0) {
        // The last bytes may be the beginning of a marker.
        const sure = rest.length - possibleStart(rest, marker);
        if (sure > 0) said.push({ kind: 'bytes', bytes: rest.subarray(0, sure) });
        rest = rest.subarray(sure);
        return said;
      }
      if (at > 0) said.push({ kind: 'bytes', bytes: rest.subarray(0, at) });
      const newline = rest.indexOf(0x0a, at);
      if (newline < 0 && rest.length - at < LONGEST_LINE) {
        rest = rest.subarray(at);
        return said;
      }
      const end = newline < 0 ? rest.length : newline;
      said.push({ kind: 'frame', line: rest.toString('utf8', at + marker.length, end) });
      rest = rest.subarray(end + 1);
    }
  };
};

/** How many bytes at the end of `text` the marker could begin with. */
const possibleStart = (text: Buffer, marker: Buffer): number => {
  for (let length = Math.min(text.length, marker.length - 1); length > 0; length -= 1)
    if (text.subarray(text.length - length).equals(marker.subarray(0, length))) return length;
  return 0;
};

/** So much of a log comes with the end of its job; one byte more says that there is more. */
export const INLINE_BYTES = 32_768;

/** The end of a job, told by its slot: the state as a query would tell it, but for the log's size. */
export interface SlotEnd {
  readonly name: string;
  /** The log from its first byte. */
  readonly bytes: Buffer;
  /** `bytes` is all of it. */
  readonly whole: boolean;
  readonly state: Extract<AttemptState, { state: 'done' }>;
}

/**
 * `<id> <whole> <rc> <why> <log> <pid> <start> <boot> <signals> <survivors> <containment>`, after `bytes`; where outputs are
 * kept apart without bytes, and with `size=<log size>` and `err=<size>,<code>` behind it. Undefined: it cannot be believed.
 */
export const parseSlotEnd = (text: string, bytes: Buffer): SlotEnd | undefined => {
  const words = text.split(' ');
  const told = words.find((word) => word.startsWith('size='));
  const [name = '', flag, rc, why, log, ...more] = words.filter((word) => word !== told);
  const size = told?.slice('size='.length) ?? String(bytes.length);
  const state = parseState(['done', rc, why, log, size, ...more].join(' '));
  if (state?.state !== 'done' || (flag !== '0' && flag !== '1')) return undefined;
  return { name, bytes, whole: flag === '1' && bytes.length <= INLINE_BYTES, state };
};
