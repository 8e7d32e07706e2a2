/** How far a build was told, of one job or of one for each row: what a piece of its output brings, and what is left to tell at its end. */
import * as E from 'fp-ts/lib/Either.js';
import type { LogBatch, Report } from '../../contract.js';
import { wishesOf } from './annotations.js';
import { Cursor, follow, type Effect } from './follow.js';
import { mergedMeta, metaOf } from './left-meta.js';
import type { Meta } from './meta.js';
import type { BuildRecord, Records } from './records.js';
import { endRows, followRow, RowsCursor, type Several } from './rows.js';
import { namesInOrder } from './script.js';
import { finalStatus, finalStatusOfRows, type FinalStatus } from './status.js';

type Finished = Extract<Report, { type: 'phase.finished' }>;

/** What Screwdriver is to be told; `keep` records that it was. */
interface News {
  readonly effects: readonly Effect[];
  readonly keep: () => Promise<void>;
}

interface End {
  readonly effects: readonly Effect[];
  readonly status: FinalStatus;
  readonly meta: Meta;
}

export interface Following {
  /** Undefined: all of it is known. `now`: milliseconds since 1970, for the lines. */
  readonly next: (batch: LogBatch, now: number) => Promise<News | undefined>;
  readonly end: (report: Finished) => Promise<End>;
  /** Its jobs are told at the same time, and share what is kept. */
  readonly inTurn: boolean;
}

const ofOne = (records: Records, { buildId, word, plan }: BuildRecord): Following => ({
  next: async (batch, now) => {
    const next = follow(word, await records.cursor(buildId, Cursor), batch, now);
    return next && { effects: next.effects, keep: () => records.putCursor(buildId, next.cursor) };
  },
  end: async (report) => {
    const cursor = await records.cursor(buildId, Cursor);
    return {
      effects: [],
      status: finalStatus(report, cursor?.failed),
      meta: metaOf(plan?.meta ?? '', cursor?.meta),
    };
  },
  inTurn: false,
});

const ofSeveral = (records: Records, { buildId, plan }: BuildRecord, build: Several): Following => ({
  next: async (batch, now) => {
    const next = followRow(build, await records.cursor(buildId, RowsCursor), batch, now);
    return next && { effects: next.effects, keep: () => records.putCursor(buildId, next.cursor) };
  },
  end: async (report) => {
    const before = await records.cursor(buildId, RowsCursor);
    const { cursor, effects } = endRows(build, before);
    const rows = build.labels.flatMap((label) => cursor.rows.find((row) => row.label === label) ?? []);
    const found = plan?.meta ?? '';
    return {
      effects,
      status: finalStatusOfRows(report, rows),
      meta: mergedMeta(
        metaOf(found, undefined),
        rows.map((row) => metaOf(found, row.meta)),
      ),
    };
  },
  inTurn: true,
});

export const following = (records: Records, record: BuildRecord): Following => {
  const wishes = wishesOf(record.annotations);
  const labels = E.isRight(wishes) ? wishes.right.rows.map(({ label }) => label) : [];
  return labels.length > 1
    ? ofSeveral(records, record, {
        ...{ word: record.word, labels },
        order: namesInOrder(record.plan?.steps ?? []),
      })
    : ofOne(records, record);
};
