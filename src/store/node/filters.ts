/** Which events does a client's filter let through? On the stream's name or the type, by prefixes or a regular expression. */
import type { RawEvent, Recorded } from '../../kernel/recorded.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';

export interface WireFilter {
  readonly letsThrough: (event: Recorded<RawEvent>) => boolean;
  /** A checkpoint is sent after so many events that were looked at. */
  readonly checkpointEvery: number;
}

const DEFAULT_WINDOW = 32;

const matcher = (expression: ReadReq.Options.FilterOptions.Expression): ((text: string) => boolean) => {
  const [prefixes, regex] = [expression.getPrefixList(), expression.getRegex()];
  if (prefixes.length > 0) return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  if (regex === '') return () => true;
  const pattern = new RegExp(regex, 'u');
  return (text) => pattern.test(text);
};

/** Undefined when the client set none. Throws SyntaxError for a regular expression that is none here. */
export const filterOf = (options: ReadReq.Options): WireFilter | undefined => {
  const filter = options.getFilter();
  if (filter === undefined) return undefined;
  const checkpointEvery =
    Math.max(1, filter.getCheckpointintervalmultiplier()) *
    (filter.hasMax() ? Math.max(1, filter.getMax()) : DEFAULT_WINDOW);
  const onStream = filter.getStreamIdentifier();
  if (onStream !== undefined) {
    const matches = matcher(onStream);
    return { letsThrough: ({ stream }) => matches(stream), checkpointEvery };
  }
  const onType = filter.getEventType();
  const matches = onType === undefined ? () => true : matcher(onType);
  return { letsThrough: ({ event }) => matches(event.type), checkpointEvery };
};
