/** A log as it grows: pieces of bytes from the server's stream, made into lines. No byte twice, and none left out, also after a lost connection. */
import { ApiProblem } from '../api/client.js';
import { serverNow } from '../api/clock.js';
import type { ProblemDocument } from '../../http/problem.js';
import { createAssembler, type Assembled, type From } from './assemble.js';
import { streamUrl, type LogSource } from './source.js';

/** `since`: milliseconds as `serverNow` counts. `over`: nothing more will come. */
export type Following =
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly since: number }
  | { readonly kind: 'refused'; readonly error: ApiProblem }
  | { readonly kind: 'over'; readonly size: number; readonly sealed: boolean };

const RETRY_MS = 2000;

const parsed = (data: unknown): unknown => (typeof data === 'string' ? JSON.parse(data) : undefined);

const pieceIn = (data: unknown): { readonly offset: number; readonly bytes: Uint8Array } | undefined => {
  const value = parsed(data);
  if (typeof value !== 'object' || value === null || !('offset' in value) || !('base64' in value))
    return undefined;
  const { offset, base64 } = value;
  if (typeof offset !== 'number' || typeof base64 !== 'string') return undefined;
  return { offset, bytes: Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)) };
};

const endIn = (data: unknown): Following | undefined => {
  const value = parsed(data);
  if (typeof value !== 'object' || value === null || !('size' in value) || !('sealed' in value))
    return undefined;
  return { kind: 'over', size: Number(value.size), sealed: value.sealed === true };
};

const isProblem = (value: unknown): value is ProblemDocument =>
  typeof value === 'object' && value !== null && 'detail' in value && typeof value.detail === 'string';

/** Until `stop`. It comes again by itself as often as it must, and says when it has to. */
export const followLog = (
  source: LogSource,
  from: From,
  tell: { readonly lines: (lines: readonly Assembled[]) => void; readonly state: (state: Following) => void },
): { readonly stop: () => void } => {
  const assembler = createAssembler(from);
  let events: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const close = (): void => {
    events?.close();
    events = undefined;
    clearTimeout(retry);
  };
  const openLater = (): void => {
    close();
    retry = setTimeout(open, RETRY_MS);
  };
  const open = (): void => {
    close();
    const opened = new EventSource(streamUrl(source, assembler.next()));
    events = opened;
    opened.addEventListener('open', () => tell.state({ kind: 'live' }));
    opened.addEventListener('bytes', ({ data }: MessageEvent<unknown>) => {
      const piece = pieceIn(data);
      if (piece === undefined) return;
      const known = assembler.next() - piece.offset;
      // something is missing: what came last is not what was asked for
      if (known < 0) open();
      else if (known < piece.bytes.length) tell.lines(assembler.take(piece.bytes.subarray(known)));
    });
    opened.addEventListener('end', ({ data }: MessageEvent<unknown>) => {
      close();
      const end = endIn(data);
      if (end !== undefined) tell.state(end);
    });
    opened.addEventListener('problem', ({ data }: MessageEvent<unknown>) => {
      const problem = parsed(data);
      if (isProblem(problem)) tell.state({ kind: 'refused', error: new ApiProblem(problem) });
      openLater();
    });
    opened.addEventListener('error', () => {
      tell.state({ kind: 'lost', since: serverNow() });
      // the browser comes again by itself, from the last byte it was told, unless it was refused
      if (opened.readyState === EventSource.CLOSED && events === opened) openLater();
    });
  };
  open();
  return { stop: close };
};
