/** `baton history --format`: the bytes of the export, to a file or to standard output. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as E from 'fp-ts/lib/Either.js';
import { localProblem } from './client.js';
import { note, write, type Io } from './io.js';
import { fail } from './print.js';
import type { Session } from './session.js';
import { logFilter, plain } from './terminal.js';

type Query = Readonly<Record<string, string | undefined>>;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The file appears when it is whole; before that it has another name. */
const toFile = async (io: Io, body: Readable, file: string): Promise<void> => {
  const whole = resolve(io.cwd, file);
  const part = `${whole}.part`;
  try {
    await pipeline(body, createWriteStream(part, { mode: 0o600 }));
    await rename(part, whole);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};

const isTerminal = (stream: object): boolean => 'isTTY' in stream && stream.isTTY === true;

/** As it is into a pipe; fit for a terminal on one. */
const toOutput = async (io: Io, body: Readable): Promise<void> => {
  const filter = isTerminal(io.stdout) ? logFilter(false) : undefined;
  for await (const bytes of body as AsyncIterable<Uint8Array>)
    await write(io.stdout, filter === undefined ? bytes : filter.push(bytes));
  if (filter !== undefined) await write(io.stdout, filter.end());
};

/** Fetches all rows that fit. */
export const exportHistory = async (
  io: Io,
  session: Session,
  query: Query,
  output: string | undefined,
): Promise<void> => {
  const response = await session.client.exportHistory(query);
  if (E.isLeft(response)) {
    fail(io, session.asJson, response.left);
    return;
  }
  const body = Readable.fromWeb(response.right.body ?? new ReadableStream());
  try {
    if (output === undefined) {
      await toOutput(io, body);
      return;
    }
    await toFile(io, body, output);
    if (!session.asJson) note(io, plain(`Written to ${output}.`));
  } catch (error) {
    fail(
      io,
      session.asJson,
      localProblem(
        'export_failed',
        'export_failed',
        `The history could not be written to the end: ${messageOf(error)}.`,
        'What was written is not whole; try again.',
      ),
    );
  }
};
