/**
 * What has to survive the end of the API's process: one file for each build, replaced as a whole (written, synced, renamed, its folder
 * synced). Beside it a file with how far its log was told, which changes more often. What Baton knows it tells again by itself; here stands
 * what it does not know: the tokens of the build, sealed, its steps, and what Screwdriver was told.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { writeAtomically } from '../../../src/app/write-atomically.js';
import { Count, shape } from '../../../src/events/shapes.js';

/** What is known of a build once Screwdriver was asked for it. */
const Plan = t.type(
  {
    steps: t.array(t.type({ name: t.string, command: t.string })),
    environment: t.record(t.string, t.string),
    secretNames: t.array(t.string),
    /** JSON. */
    meta: t.string,
    sha: t.string,
    branch: t.string,
  },
  'Plan',
);
export type Plan = t.TypeOf<typeof Plan>;

const BuildRecord = shape(
  'BuildRecord',
  {
    buildId: Count,
    jobId: Count,
    pipelineId: Count,
    jobName: t.string,
    pipelineName: t.string,
    causeMessage: t.string,
    apiUri: t.string,
    blockedBy: t.array(Count),
    annotations: t.record(t.string, t.unknown),
    freezes: t.boolean,
    /** Marks the borders of its steps. */
    word: t.string,
    /** Tokens and secrets, as `seal` gives them; empty once they are of no use. */
    sealed: t.string,
    /** `accepted`: nothing was asked yet; `ready`: to be given to Baton when nothing blocks it; `promoted`: Baton may have it; `closed`: over. */
    state: t.keyof({ accepted: null, ready: null, promoted: null, closed: null }),
  },
  {
    eventId: Count,
    plan: Plan,
    /** Screwdriver wants it to end. */
    stopAsked: t.boolean,
    /** Screwdriver knows that it waits for others. */
    blockedTold: t.boolean,
    /** It could not be told that the build runs: the build was closed there before. */
    refused: t.boolean,
    /** The final status that is being told, or was. */
    telling: t.string,
    /** Milliseconds since 1970. */
    closedAt: Count,
  },
);
export type BuildRecord = t.TypeOf<typeof BuildRecord>;

export interface Records {
  readonly get: (buildId: number) => BuildRecord | undefined;
  /** Not closed, oldest build first. */
  readonly live: () => readonly BuildRecord[];
  /** Durable when it resolves; seen by `get` at once. */
  readonly put: (record: BuildRecord) => Promise<void>;
  /** Of a build that is known; what else became of it meanwhile stays. The record as it is now. */
  readonly change: (buildId: number, change: Partial<BuildRecord>) => Promise<BuildRecord | undefined>;
  /** How far its log was told, as it was put; undefined: nothing was yet. */
  readonly cursor: <C>(buildId: number, codec: t.Decoder<unknown, C>) => Promise<C | undefined>;
  readonly putCursor: (buildId: number, cursor: object) => Promise<void>;
  /** Removes how far a log was told. */
  readonly dropCursor: (buildId: number) => Promise<void>;
}

/** A closed build is known for so long, for whoever tells of it again. */
const KEPT_MS = 7 * 24 * 60 * 60_000;

const textOf = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });

const decoded = <A>(codec: t.Decoder<unknown, A>, text: string): A | undefined => {
  try {
    const value = codec.decode(JSON.parse(text));
    return E.isRight(value) ? value.right : undefined;
  } catch {
    return undefined;
  }
};

/** Reads the folder. `unreadable`: a file that is none of ours is left as it is. `now`: milliseconds since 1970. */
export const openRecords = async (
  folder: string,
  now: number,
  unreadable: (file: string) => void,
): Promise<Records> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = new Map<number, BuildRecord>();
  const fileOf = (buildId: number): string => join(folder, `build-${buildId}.json`);
  const cursorOf = (buildId: number): string => join(folder, `build-${buildId}.log`);
  /** Build → what is being written, so that a later write is never overtaken by an earlier one. */
  const writing = new Map<string, Promise<void>>();

  const write = (file: string, value: unknown): Promise<void> => {
    const text = JSON.stringify(value);
    const done = (writing.get(file) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => writeAtomically(file, text, 0o600))
      .finally(() => {
        if (writing.get(file) === done) writing.delete(file);
      });
    writing.set(file, done);
    return done;
  };

  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    // what a crash left half written
    if (name.endsWith('.tmp')) await rm(file, { force: true });
    if (!/^build-\d+\.json$/.test(name)) continue;
    const record = decoded(BuildRecord, (await textOf(file)) ?? '');
    if (record === undefined) unreadable(file);
    else if (record.closedAt !== undefined && record.closedAt + KEPT_MS < now)
      await rm(file, { force: true });
    else known.set(record.buildId, record);
  }

  const put = (record: BuildRecord): Promise<void> => {
    known.set(record.buildId, record);
    return write(fileOf(record.buildId), record);
  };

  return {
    get: (buildId) => known.get(buildId),
    live: () =>
      [...known.values()].filter(({ state }) => state !== 'closed').sort((a, b) => a.buildId - b.buildId),
    put,
    change: async (buildId, change) => {
      const record = known.get(buildId);
      if (record === undefined) return undefined;
      const changed = { ...record, ...change };
      await put(changed);
      return changed;
    },
    cursor: async (buildId, codec) => {
      const text = await textOf(cursorOf(buildId));
      return text === undefined ? undefined : decoded(codec, text);
    },
    putCursor: (buildId, cursor) => write(cursorOf(buildId), cursor),
    dropCursor: (buildId) => rm(cursorOf(buildId), { force: true }),
  };
};
