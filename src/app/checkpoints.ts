/**
 * Where does a read model go on after a restart? Stored views, each beside the position that it includes.
 *
 * A file of lines, so that neither writing nor reading a large view holds up anybody, and no text grows beyond what V8 can
 * hold: a header, the parts of the view, and a seal over all lines before it.
 */
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import * as t from 'io-ts';
import { explain } from '../events/report.js';
import type { Position } from '../kernel/recorded.js';
import { isContainer } from './containers.js';
import { PackedRows, pack, unpack } from './packed-rows.js';
import { assembly, partsOf, type Part } from './view-parts.js';
import { writeAtomically } from './write-atomically.js';

export interface Checkpoint {
  readonly name: string;
  /** Of the projection; a view of another version is of another shape. */
  readonly version: number;
  readonly position: Position;
  /** Of the event at that position: another one there says that the view is of another history. */
  readonly eventId?: string;
  readonly view: unknown;
}

/** Why there is no checkpoint to go on from, or why none could be kept. Never fatal: views can be folded again. */
export interface CheckpointProblem {
  readonly code: 'checkpoint_corrupt' | 'checkpoint_other_version' | 'checkpoint_io';
  readonly message: string;
  readonly cause?: unknown;
}

export interface CheckpointStore {
  /** The checkpoint of that projection and version; undefined when none was ever kept. */
  readonly load: (name: string, version: number) => TaskEither<CheckpointProblem, Checkpoint | undefined>;
  /** Durable once it has resolved; replaces the one before. The view must not change until then. */
  readonly save: (checkpoint: Checkpoint) => TaskEither<CheckpointProblem, void>;
}

const Header = t.intersection(
  [t.type({ name: t.string, version: t.Int, position: t.string }), t.partial({ eventId: t.string })],
  'header of a checkpoint',
);
type Header = t.TypeOf<typeof Header>;
const Path = t.array(t.union([t.string, t.number]));
const Keys = t.union([t.array(t.string), t.null]);
/** A part, its members as packed rows or as they are. Longer ones first: a tuple is content with more than it asks for. */
const PartLine = t.union(
  [
    t.tuple([Path, Keys, t.null, PackedRows]),
    t.tuple([Path, Keys, t.UnknownArray]),
    t.tuple([Path, t.unknown]),
  ],
  'part of a view',
);
const Seal = t.type({ lines: t.Int, sha256: t.string }, 'seal of a checkpoint');

/** What stands in a file for the members of a view: they are plain JSON by themselves, unless it says otherwise. */
export interface Codec {
  readonly plain: (member: unknown) => unknown;
  readonly revived: (member: unknown) => unknown;
}

const asTheyAre: Codec = { plain: (member) => member, revived: (member) => member };

const BLOCK_BYTES = 262_144;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);

const notUsed = (file: string, why: string): string =>
  `checkpoint ${file} is not used, the view is folded again from the first event: ${why}`;

/** Thrown while a file is read; it is the reader's own, and becomes a problem at its edge. */
class Unusable extends Error {
  readonly code: CheckpointProblem['code'];
  constructor(code: CheckpointProblem['code'], why: string) {
    super(why);
    this.code = code;
  }
}

const corrupt = (why: string): Unusable => new Unusable('checkpoint_corrupt', why);

const decodeLine = <A>(codec: t.Decoder<unknown, A>, line: Buffer): A => {
  let json: unknown;
  try {
    json = JSON.parse(line.toString('utf8'));
  } catch {
    throw corrupt('expected lines of JSON, found something else');
  }
  const decoded = codec.decode(json);
  if (E.isLeft(decoded)) throw corrupt(explain(decoded.left).join('; '));
  return decoded.right;
};

/** The lines of a file without their ends; what follows the last end is no line. */
async function* linesOf(file: string): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(file, 'r');
  try {
    let begun: readonly Buffer[] = [];
    for await (const chunk of handle.createReadStream({ highWaterMark: BLOCK_BYTES, autoClose: false })) {
      const block = chunk as Buffer;
      let from = 0;
      for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, from)) {
        yield Buffer.concat([...begun, block.subarray(from, end)]);
        begun = [];
        from = end + 1;
      }
      if (from < block.length) begun = [...begun, block.subarray(from)];
    }
  } finally {
    await handle.close();
  }
}

const expectHeader = (header: Header, name: string, version: number): void => {
  if (header.name !== name) throw corrupt(`expected the view ${name}, found ${JSON.stringify(header.name)}`);
  if (header.version !== version)
    throw new Unusable('checkpoint_other_version', `expected version ${version}, found ${header.version}`);
};

const partOf = (line: t.TypeOf<typeof PartLine>): Part => {
  if (line.length === 4) return [line[0], line[1], unpack(line[3])];
  const [path, value] = line;
  if (line.length === 3 || !isContainer(value)) return line;
  // from before members were written apart from their keys
  return Array.isArray(value) ? [path, null, value] : [path, Object.keys(value), Object.values(value)];
};

const revivedPart = (part: Part, { revived }: Codec): Part =>
  part.length === 3 ? [part[0], part[1], part[2].map(revived)] : part;

const read = async (file: string, name: string, version: number, codec: Codec): Promise<Checkpoint> => {
  const hash = createHash('sha256');
  const { add, view } = assembly();
  let header: Header | undefined;
  let seal: t.TypeOf<typeof Seal> | undefined;
  let lines = 0;
  for await (const line of linesOf(file)) {
    if (seal !== undefined) throw corrupt('expected nothing behind the seal, found more');
    if (header === undefined) expectHeader((header = decodeLine(Header, line)), name, version);
    else if (line[0] === 0x7b) {
      seal = decodeLine(Seal, line);
      continue;
    } else add(revivedPart(partOf(decodeLine(PartLine, line)), codec));
    hash.update(line).update('\n');
    lines++;
  }
  if (header === undefined || seal === undefined) throw corrupt('expected a seal at its end, found none');
  if (seal.lines !== lines) throw corrupt(`expected ${seal.lines} lines, found ${lines}`);
  const sha256 = hash.digest('hex');
  if (seal.sha256 !== sha256) throw corrupt(`expected sha256 ${seal.sha256}, found ${sha256}`);
  return { ...header, view: view() };
};

const lineOf = (part: Part, { plain }: Codec): unknown => {
  if (part.length === 2) return part;
  const [path, keys] = part;
  const members = part[2].map(plain);
  const packed = pack(members);
  return packed === undefined ? [path, keys, members] : [path, keys, null, packed];
};

/** Texts of about a block each. */
function* texts({ view, ...header }: Checkpoint, codec: Codec): Generator<string, void, undefined> {
  const hash = createHash('sha256');
  let lines = 1;
  let text = `${JSON.stringify(header)}\n`;
  for (const part of partsOf(view)) {
    if (text.length >= BLOCK_BYTES) {
      hash.update(text);
      yield text;
      text = '';
    }
    text += `${JSON.stringify(lineOf(part, codec))}\n`;
    lines++;
  }
  hash.update(text);
  yield `${text}${JSON.stringify({ lines, sha256: hash.digest('hex') })}\n`;
}

/** One file `<name>.jsonl` per projection; the folder is made when the first one is kept. */
export const fileCheckpoints = (directory: string, codec = asTheyAre): CheckpointStore => {
  const fileOf = (name: string): string => {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) throw new Error(`not a name for a projection: ${name}`);
    return join(directory, `${name}.jsonl`);
  };
  return {
    load: (name, version) => async () => {
      const file = fileOf(name);
      try {
        return E.right(await read(file, name, version, codec));
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return E.right(undefined);
        if (cause instanceof Unusable)
          return E.left({ code: cause.code, message: notUsed(file, cause.message) });
        const isIo = cause instanceof Error && 'syscall' in cause;
        return E.left({
          code: isIo ? 'checkpoint_io' : 'checkpoint_corrupt',
          message: notUsed(file, isIo ? `it could not be read: ${codeOf(cause)}` : String(cause)),
          cause,
        });
      }
    },
    save: (checkpoint) => {
      const file = fileOf(checkpoint.name);
      return TE.tryCatch(
        async () => {
          await mkdir(directory, { recursive: true, mode: 0o700 });
          await writeAtomically(file, texts(checkpoint, codec), 0o600);
        },
        (cause) => ({
          code: 'checkpoint_io' as const,
          message: `checkpoint ${file} could not be kept: ${codeOf(cause)}`,
          cause,
        }),
      );
    },
  };
};
