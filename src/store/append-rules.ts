/**
 * May these events be appended, were they appended before, or is the expectation wrong? The rules are EventStoreDB's
 * (IndexWriter.CheckCommit, v24.2), the same for every embedded store.
 */
import type { Appended, ExpectedRevision, StoreError } from '../app/ports.js';
import type { Place, StreamIndex } from './event-log.js';
import { positionText } from './positions.js';
import type { RecentIds } from './recent-ids.js';

export type Verdict =
  /** Write them, the first one at this revision. */
  | { readonly kind: 'write'; readonly revision: number }
  /** Nothing to write: there is nothing, or it is there already. */
  | { readonly kind: 'answered'; readonly appended: Appended }
  | { readonly kind: 'refused'; readonly error: StoreError };

const NO_EVENTS: Place = { revision: -1, position: 0 };

const answered = ({ revision, position }: Place): Verdict => ({
  kind: 'answered',
  appended: { revision, position: positionText(position) },
});

/** Durable repeat: the ids must be those stored right after the expected revision. */
const storedRun = (
  stream: string,
  ids: readonly string[],
  first: number,
  index: StreamIndex,
): Place | undefined => {
  let end: Place | undefined;
  for (const [offset, id] of ids.entries()) {
    const stored = index.idAt(stream, first + offset);
    if (stored?.id !== id) return undefined;
    end = { revision: first + offset, position: stored.position };
  }
  return end;
};

/** The verdict on one append. An empty list that fits is answered with the stream's end: revision -1, position '0' when it has none. */
export const judge = (
  stream: string,
  ids: readonly string[],
  expected: ExpectedRevision,
  index: StreamIndex,
  recent: RecentIds,
): Verdict => {
  const last = index.lastOf(stream) ?? NO_EVENTS;
  const refused: Verdict = {
    kind: 'refused',
    error: {
      code: 'wrong_expected_revision',
      stream,
      expected,
      current: last.revision < 0 ? 'no_stream' : last.revision,
    },
  };
  const write: Verdict = ids.length === 0 ? answered(last) : { kind: 'write', revision: last.revision + 1 };

  if (expected === 'any' || expected === 'stream_exists') {
    // A stream that only has metadata counts as existing.
    if (expected === 'stream_exists' && last.revision < 0 && index.keptOf(stream) === undefined)
      return refused;
    const known = ids.map((id) => recent.find(stream, id));
    if (known[0] === undefined) return write;
    const end = known.at(-1);
    return end === undefined || known.includes(undefined) ? refused : answered(end);
  }

  const wanted = expected === 'no_stream' ? -1 : expected;
  if (wanted === last.revision) return write;
  if (wanted > last.revision || ids.length === 0) return refused;
  const end = storedRun(stream, ids, wanted + 1, index);
  return end === undefined ? refused : answered(end);
};
