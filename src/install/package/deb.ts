/** What a Debian package says of itself: an ar archive, in it a small tar, in it the file `control`. See deb(5). */
import * as E from 'fp-ts/lib/Either.js';
import { exactly, unreadable, type Bytes, type Read } from './bytes.js';
import type { Contents } from './contents.js';
import { fileInTar } from './tar.js';
import { unpack } from './unpack.js';

const MAGIC = '!<arch>\n';
const HEADER = 60;
/** A package has three members, and may have a few of other tools; `control` is the second. */
const MOST_MEMBERS = 16;
/** Compressed scripts, lists and `control`. */
const MOST_CONTROL = 8 * 1024 * 1024;

interface Member {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export const isDeb = (head: Buffer): boolean =>
  head.toString('latin1', 0, MAGIC.length) === MAGIC &&
  head.toString('latin1', MAGIC.length, MAGIC.length + 13) === 'debian-binary';

const memberAt = async (bytes: Bytes, at: number): Promise<Read<Member>> => {
  const header = await exactly(bytes, at, HEADER);
  if (E.isLeft(header)) return header;
  const text = header.right.toString('latin1');
  const size = /^(\d{1,10}) *$/.exec(text.slice(48, 58))?.[1];
  if (size === undefined || text.slice(58) !== '`\n') return unreadable('is no archive of the kind ar');
  const member = { name: text.slice(0, 16).trimEnd().replace(/\/$/, ''), size: Number(size) };
  return at + HEADER + member.size > bytes.size
    ? unreadable('ends before what it announces')
    : E.right({ ...member, offset: at + HEADER });
};

/** The member that holds what the package says of itself. */
const controlOf = async (bytes: Bytes): Promise<Read<Member>> => {
  let at = MAGIC.length;
  for (let n = 0; n < MOST_MEMBERS && at < bytes.size; n += 1) {
    const member = await memberAt(bytes, at);
    if (E.isLeft(member)) return member;
    const { name, offset, size } = member.right;
    if (/^control\.tar(?:\.[a-z0-9]{1,8})?$/.test(name)) return member;
    // members start at even places
    at = offset + size + (size % 2);
  }
  return unreadable('holds no control archive');
};

/** Fields of its first paragraph; a line that starts with a blank goes on with the one before, and is not needed here. */
const fieldsOf = (control: string): ReadonlyMap<string, string> => {
  const paragraph = control.split(/\n[ \t]*\n/)[0] ?? '';
  return new Map(
    paragraph.split('\n').flatMap((line): readonly [string, string][] => {
      const [, name, value] = /^([A-Za-z0-9-]{1,64}):[ \t]*(.{0,256}?)[ \t\r]*$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]];
    }),
  );
};

/** `undefined`: its control archive is compressed in a way that cannot be read here; the text says which. */
export const readDeb = async (bytes: Bytes): Promise<Read<Contents | { readonly unread: string }>> => {
  const member = await controlOf(bytes);
  if (E.isLeft(member)) return member;
  const { name, offset, size } = member.right;
  const ending = name.split('.')[2] ?? '';
  if (size > MOST_CONTROL) return unreadable('holds a control archive that is too large');
  const packed = await exactly(bytes, offset, size);
  if (E.isLeft(packed)) return packed;
  const tar = await unpack(packed.right, ending);
  if (tar === undefined) return E.right({ unread: ending });
  if (E.isLeft(tar)) return tar;
  const control = fileInTar(tar.right, 'control');
  if (E.isLeft(control)) return control;
  const fields = fieldsOf(control.right.toString('utf8'));
  return E.right({
    name: fields.get('package') ?? '',
    version: fields.get('version') ?? '',
    architecture: fields.get('architecture') ?? '',
  });
};
