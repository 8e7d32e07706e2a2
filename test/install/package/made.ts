/** Packages made byte by byte, as small as they can be: to be read without a tool, and to be damaged. */
import { gzipSync } from 'node:zlib';

const field = (text: string, length: number): Buffer => {
  const made = Buffer.alloc(length, 0x20);
  made.write(text, 'latin1');
  return made;
};

/** One member of an ar archive. `size`: as it is announced, where that is a lie. */
export const member = (name: string, content: Buffer, size = String(content.length)): Buffer =>
  Buffer.concat([
    ...[field(name, 16), field('0', 12), field('0', 6), field('0', 6), field('100644', 8)],
    ...[field(size, 10), Buffer.from('`\n'), content, Buffer.alloc(content.length % 2, 0x0a)],
  ]);

export const ar = (...members: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('!<arch>\n'), member('debian-binary', Buffer.from('2.0\n')), ...members]);

/** One file of a tar archive, and its end. `size`: in octal, where that is a lie. */
export const tar = (name: string, content: string, size?: string): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(size ?? content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content);
  return Buffer.concat([header, padded, Buffer.alloc(1024)]);
};

export const CONTROL =
  'Package: kit\nVersion: 1:2.4.17-1\nArchitecture: amd64\nDescription: a kit\n Package: other\n';

export const aDeb = (control = CONTROL): Buffer =>
  ar(member('control.tar.gz', gzipSync(tar('./control', control))), member('data.tar.gz', Buffer.alloc(3)));

interface Tag {
  readonly tag: number;
  readonly type: number;
  readonly value: Buffer;
  /** Where it says that its value is, where that is a lie. */
  readonly offset?: number;
}
export const text = (tag: number, value: string): Tag => ({ tag, type: 6, value: Buffer.from(`${value}\0`) });

/** `tags`, `length`: as they are announced, where that is a lie. */
export const section = (
  list: readonly Tag[],
  { tags = list.length, length }: { readonly tags?: number; readonly length?: number } = {},
): Buffer => {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0x8eade801);
  head.writeUInt32BE(tags, 8);
  const data = Buffer.concat(list.map(({ value }) => value));
  head.writeUInt32BE(length ?? data.length, 12);
  let at = 0;
  const index = list.map(({ tag, type, value, offset }) => {
    const entry = Buffer.alloc(16);
    for (const [i, word] of [tag, type, offset ?? at, 1].entries()) entry.writeUInt32BE(word, 4 * i);
    at += value.length;
    return entry;
  });
  return Buffer.concat([head, ...index, data]);
};

export const KIT: readonly Tag[] = [
  text(1000, 'kit'),
  text(1001, '2.4.17'),
  text(1002, '1.el7'),
  text(1022, 'x86_64'),
];

export const anRpm = (header = section(KIT), type = 0): Buffer => {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb);
  lead.writeUInt16BE(type, 6);
  // a signature whose length is no multiple of 8
  const signature = section([text(1000, 'x')]);
  return Buffer.concat([lead, signature, Buffer.alloc((8 - (2 % 8)) % 8), header, Buffer.alloc(64)]);
};

export const aDmg = (): Buffer => Buffer.concat([Buffer.alloc(1000), Buffer.from('koly'), Buffer.alloc(508)]);
