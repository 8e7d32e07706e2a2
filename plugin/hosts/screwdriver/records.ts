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
import { turns } from './turns.js';

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
    /** Of a job of a pull request: the job that it is a copy of. */
    prParentJobId: Count,
    plan: Plan,
    /** Screwdriver wants it to end. */
    stopAsked: t.boolean,
    /** Screwdriver knows that it waits for others. */
    blockedTold: t.boolean,
    /** A newer build of its job, which runs instead of it. */
    collapsedInto: Count,
    /** It could not be told that the build runs: the build was closed there before. */
    refused: t.boolean,
    /** Why it cannot be run, as Screwdriver is told. */
    refusal: t.string,
    /** The final status that is being told, or was. */
    telling: t.string,
    /** Milliseconds since 1970. */
    closedAt: Count,
  },
);
export type BuildRecord = t.TypeOf<typeof BuildRecord>;

/** The disk did not take what is to be known of a build: nothing changed. Again later. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded';
}

/** New members, or what becomes of the record as it is when its turn comes; undefined: it stays. */
export type Change = Partial<BuildRecord> | ((record: BuildRecord) => BuildRecord | undefined);

/**
 * What is known is what lies on disk: whatever changes it rejects with `NotRecorded` when it cannot be written, and then nothing has changed
 * here. There it may have, when the file was renamed and its folder could not be synced: asked again, the same is written; after a crash in
 * between the next process finds either.
 */
export interface Records {
  readonly get: (buildId: number) => BuildRecord | undefined;
  /** Not closed, oldest build first. */
  readonly live: () => readonly BuildRecord[];
  /** Durable when it resolves. A build that is known stays as it is. */
  readonly add: (record: BuildRecord) => Promise<void>;
  /**
   * Of a build that is known and not closed, once what was asked for before has been done; what else became of it meanwhile stays. Durable
   * when it resolves: the record as it is now. Undefined: nothing was changed.
   */
  readonly change: (buildId: number, change: Change) => Promise<BuildRecord | undefined>;
  /** It is over: known for a week, without its secrets, its plan and how far its log was told. `now`: milliseconds since 1970. */
  readonly close: (buildId: number, now: number) => Promise<void>;
  /** How far its log was told, as it was put; undefined: nothing was yet. */
  readonly cursor: <C>(buildId: number, codec: t.Decoder<unknown, C>) => Promise<C | undefined>;
  /** Nothing for a build that is over. */
  readonly putCursor: (buildId: number, cursor: object) => Promise<void>;
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
  const live = new Map<number, BuildRecord>();
  /** Those closed first come first. */
  const closed = new Map<number, BuildRecord>();
  const fileOf = (buildId: number): string => join(folder, `build-${buildId}.json`);
  const cursorOf = (buildId: number): string => join(folder, `build-${buildId}.log`);
  // each change of a build finds what the one before has left
  const inTurn = turns();

  const write = async (buildId: number, file: string, value: unknown): Promise<void> => {
    try {
      await writeAtomically(file, JSON.stringify(value), 0o600);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new NotRecorded(
        `build ${buildId} cannot be recorded in ${folder}, which has to be there, writable and with room: ${why}`,
        { cause },
      );
    }
  };

  const names = new Set(await readdir(folder));
  const found: BuildRecord[] = [];
  for (const name of names) {
    const file = join(folder, name);
    // what a crash left half written
    if (name.endsWith('.tmp')) await rm(file, { force: true });
    if (!/^build-\d+\.json$/.test(name)) continue;
    const record = decoded(BuildRecord, (await textOf(file)) ?? '');
    if (record === undefined) unreadable(file);
    else found.push(record);
  }
  found.sort((a, b) => (a.closedAt ?? 0) - (b.closedAt ?? 0));
  for (const record of found) {
    const { plan: _, ...kept } = record;
    if (record.state === 'closed') closed.set(record.buildId, kept);
    else live.set(record.buildId, record);
  }
  for (const name of names) {
    const [, id] = /^build-(\d+)\.log$/.exec(name) ?? [];
    if (id === undefined) continue;
    // a crash came between the end of the build and the removal of this
    const isLeft = closed.has(Number(id)) || !names.has(`build-${id}.json`);
    if (isLeft) await rm(join(folder, name), { force: true });
  }

  const forgetOld = async (now: number): Promise<void> => {
    for (const { buildId, closedAt = 0 } of closed.values()) {
      if (closedAt + KEPT_MS >= now) return;
      closed.delete(buildId);
      await rm(fileOf(buildId), { force: true });
    }
  };
  await forgetOld(now);

  const get = (buildId: number): BuildRecord | undefined => live.get(buildId) ?? closed.get(buildId);

  const put = async (record: BuildRecord): Promise<BuildRecord> => {
    await write(record.buildId, fileOf(record.buildId), record);
    live.set(record.buildId, record);
    return record;
  };

  return {
    get,
    live: () => [...live.values()].sort((a, b) => a.buildId - b.buildId),
    add: (record) =>
      inTurn(record.buildId, async () => {
        if (get(record.buildId) === undefined) await put(record);
      }),
    change: (buildId, change) =>
      inTurn(buildId, async () => {
        const record = live.get(buildId);
        // whoever was busy with it may not know yet that it is over
        if (record === undefined) return undefined;
        const next = typeof change === 'function' ? change(record) : { ...record, ...change };
        return next && put(next);
      }),
    close: async (buildId, now) => {
      await inTurn(buildId, async () => {
        const record = live.get(buildId);
        if (record === undefined) return;
        const { plan: _, ...kept } = record;
        const over: BuildRecord = { ...kept, sealed: '', state: 'closed', closedAt: now };
        await write(buildId, fileOf(buildId), over);
        live.delete(buildId);
        closed.set(buildId, over);
        await rm(cursorOf(buildId), { force: true });
      });
      await forgetOld(now);
    },
    cursor: async (buildId, codec) => {
      const text = await textOf(cursorOf(buildId));
      return text === undefined ? undefined : decoded(codec, text);
    },
    putCursor: (buildId, cursor) =>
      inTurn(buildId, async () => {
        if (live.has(buildId)) await write(buildId, cursorOf(buildId), cursor);
      }),
  };
};
