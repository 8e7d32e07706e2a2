/** What an RPM says of itself: a lead, a signature that is skipped, a header with tags. See the RPM file format, version 3 and 4. */
import * as E from 'fp-ts/lib/Either.js';
import { exactly, unreadable, type Bytes, type Read } from './bytes.js';
import type { Contents } from './contents.js';

const LEAD = 96;
const SECTION_MAGIC = 0x8eade801;
const SECTION_HEAD = 16;
const ENTRY = 16;
/** Tags of one header: rpm itself takes no more. */
const MOST_TAGS = 0xffff;
/** Names and versions are words; more than this of one is not read. */
const MOST_TEXT = 256;

const TAG = { name: 1000, version: 1001, release: 1002, epoch: 1003, architecture: 1022 } as const;
const TAGS: ReadonlySet<number> = new Set(Object.values(TAG));
const INT32 = 4;
const STRING = 6;

export const isRpm = (head: Buffer): boolean => head.length >= 4 && head.readUInt32BE(0) === 0xedabeedb;

interface Section {
  /** Of the first tag. */
  readonly index: number;
  readonly tags: number;
  /** Of what the tags point into, and its length. */
  readonly data: number;
  readonly length: number;
}

const sectionAt = async (bytes: Bytes, at: number): Promise<Read<Section>> => {
  const head = await exactly(bytes, at, SECTION_HEAD);
  if (E.isLeft(head)) return head;
  if (head.right.readUInt32BE(0) !== SECTION_MAGIC) return unreadable('holds no header of an RPM');
  const tags = head.right.readUInt32BE(8);
  const length = head.right.readUInt32BE(12);
  if (tags > MOST_TAGS) return unreadable('holds a header with too many tags');
  const index = at + SECTION_HEAD;
  const data = index + tags * ENTRY;
  return data + length > bytes.size
    ? unreadable('ends before what it announces')
    : E.right({ index, tags, data, length });
};

/** Where the value of a wanted tag is. */
type Place = { readonly type: number; readonly offset: number };

const placesOf = (index: Buffer): ReadonlyMap<number, Place> => {
  const places = new Map<number, Place>();
  for (let at = 0; at + ENTRY <= index.length; at += ENTRY) {
    const tag = index.readUInt32BE(at);
    if (TAGS.has(tag) && !places.has(tag))
      places.set(tag, { type: index.readUInt32BE(at + 4), offset: index.readUInt32BE(at + 8) });
  }
  return places;
};

/** Some bytes of the value of a tag, never beyond its section. */
const valueAt = (
  bytes: Bytes,
  { data, length }: Section,
  { offset }: Place,
  most: number,
): Promise<Read<Buffer>> =>
  offset >= length
    ? Promise.resolve(unreadable('holds a tag that points beyond its header'))
    : exactly(bytes, data + offset, Math.min(most, length - offset));

export const readRpm = async (bytes: Bytes): Promise<Read<Contents>> => {
  const lead = await exactly(bytes, 0, LEAD);
  if (E.isLeft(lead)) return lead;
  const isSource = lead.right.readUInt16BE(6) === 1;
  const signature = await sectionAt(bytes, LEAD);
  if (E.isLeft(signature)) return signature;
  const { data, length } = signature.right;
  // the signature ends at a multiple of 8
  const header = await sectionAt(bytes, data + Math.ceil(length / 8) * 8);
  if (E.isLeft(header)) return header;
  const index = await exactly(bytes, header.right.index, header.right.tags * ENTRY);
  if (E.isLeft(index)) return index;
  const places = placesOf(index.right);

  const textOf = async (tag: number): Promise<Read<string>> => {
    const place = places.get(tag);
    if (place === undefined || place.type !== STRING) return E.right('');
    const value = await valueAt(bytes, header.right, place, MOST_TEXT);
    if (E.isLeft(value)) return value;
    const end = value.right.indexOf(0);
    return end < 0
      ? unreadable('holds a tag without an end')
      : E.right(value.right.toString('latin1', 0, end));
  };
  const epochOf = async (): Promise<Read<string>> => {
    const place = places.get(TAG.epoch);
    if (place === undefined || place.type !== INT32) return E.right('');
    const value = await valueAt(bytes, header.right, place, 4);
    if (E.isLeft(value)) return value;
    return value.right.length < 4
      ? unreadable('holds a tag without an end')
      : E.right(`${value.right.readUInt32BE(0)}:`);
  };

  const [name, version, release, architecture] = [
    await textOf(TAG.name),
    await textOf(TAG.version),
    await textOf(TAG.release),
    await textOf(TAG.architecture),
  ];
  const epoch = await epochOf();
  for (const one of [name, version, release, architecture, epoch]) if (E.isLeft(one)) return one;
  const text = (one: Read<string>): string => (E.isRight(one) ? one.right : '');
  return E.right({
    name: text(name),
    version: `${text(epoch)}${text(version)}${text(release) === '' ? '' : `-${text(release)}`}`,
    architecture: isSource ? 'src' : text(architecture),
  });
};
