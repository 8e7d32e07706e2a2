/** Where does a read model go on after a restart? Stored views, each beside the position that it includes. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import * as t from 'io-ts';
import { explain } from '../events/report.js';
import type { Position } from '../kernel/recorded.js';
import { writeAtomically } from './write-atomically.js';

export interface Checkpoint {
  readonly name: string;
  /** Of the projection; a view of another version is of another shape. */
  readonly version: number;
  readonly position: Position;
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
  /** Durable once it has resolved; replaces the one before. The view is read before the call returns: it may change afterwards. */
  readonly save: (checkpoint: Checkpoint) => TaskEither<CheckpointProblem, void>;
}

const Stored = t.type(
  { name: t.string, version: t.Int, position: t.string, sha256: t.string, view: t.unknown },
  'Checkpoint',
);

const digest = (json: string): string => createHash('sha256').update(json).digest('hex');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);

const corrupt = (file: string, why: string): CheckpointProblem => ({
  code: 'checkpoint_corrupt',
  message: `checkpoint ${file} is not used, the view is folded again from the first event: ${why}`,
});

const parse = (
  file: string,
  text: string,
  name: string,
  version: number,
): E.Either<CheckpointProblem, Checkpoint> => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return E.left(corrupt(file, 'expected JSON, found something else'));
  }
  const stored = Stored.decode(json);
  if (E.isLeft(stored)) return E.left(corrupt(file, explain(stored.left).join('; ')));
  const { sha256, ...checkpoint } = stored.right;
  if (checkpoint.name !== name)
    return E.left(corrupt(file, `expected the view ${name}, found ${JSON.stringify(checkpoint.name)}`));
  if (checkpoint.version !== version)
    return E.left({
      code: 'checkpoint_other_version',
      message: `checkpoint ${file} is not used, the view is folded again from the first event: expected version ${version}, found ${checkpoint.version}`,
    });
  const found = digest(JSON.stringify(checkpoint.view));
  return found === sha256
    ? E.right(checkpoint)
    : E.left(corrupt(file, `expected sha256 ${sha256} of its view, found ${found}`));
};

/** One file `<name>.json` per projection; the folder is made when the first one is kept. */
export const fileCheckpoints = (directory: string): CheckpointStore => {
  const failed = (what: string, file: string) => (cause: unknown) => ({
    code: 'checkpoint_io' as const,
    message: `checkpoint ${file} could not be ${what}: ${codeOf(cause)}`,
    cause,
  });
  const fileOf = (name: string): string => {
    if (!/^[a-z][a-z0-9_-]*$/.test(name)) throw new Error(`not a name for a projection: ${name}`);
    return join(directory, `${name}.json`);
  };
  return {
    load: (name, version) => async () => {
      const file = fileOf(name);
      try {
        return parse(file, await readFile(file, 'utf8'), name, version);
      } catch (cause) {
        return codeOf(cause) === 'ENOENT' ? E.right(undefined) : E.left(failed('read', file)(cause));
      }
    },
    save: ({ name, version, position, view }) => {
      const file = fileOf(name);
      return TE.tryCatch(
        async () => {
          const json = JSON.stringify(view);
          const head = JSON.stringify({ name, version, position, sha256: digest(json) });
          await mkdir(directory, { recursive: true, mode: 0o700 });
          await writeAtomically(file, `${head.slice(0, -1)},"view":${json}}`, 0o600);
        },
        failed('kept', file),
      );
    },
  };
};
