/** The wire form of server-sent events (HTML Living Standard §9.2), and how often a silent stream shows that it lives. */
import { appError, type AppError, type ErrorCode } from '../app/errors.js';
import type { Answer } from './answer.js';
import { problemOf } from './respond.js';

/** One event. JSON has no raw line breaks, so `data` is one line. */
export const frame = (event: string, data: unknown, id?: string): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** A line that readers ignore. */
export const comment = (word: string): string => `: ${word}\n\n`;

const isCode = (value: unknown): value is ErrorCode => typeof value === 'string';

const isAppError = (value: unknown): value is AppError =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  isCode(value.code) &&
  'reason' in value &&
  'message' in value;

/** The last event of a stream that failed; the reader may come back with `Last-Event-ID`. */
export const failure = (error: unknown, requestId: string): string =>
  frame(
    'problem',
    problemOf(
      isAppError(error) ? error : appError('internal', 'internal', 'stream failed', { cause: error }),
      requestId,
    ),
  );

/** The answer that carries the frames. */
export const sse = (
  frames: (signal: AbortSignal, requestId: string) => AsyncIterable<string | Buffer>,
): Answer => ({
  kind: 'stream',
  status: 200,
  isEvents: true,
  headers: {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // proxies such as nginx would hold the stream back
    'X-Accel-Buffering': 'no',
  },
  pieces: frames,
});
