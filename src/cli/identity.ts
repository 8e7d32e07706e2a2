/** The private key that a person gives in a file. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Io } from './io.js';
import { usage } from './session.js';
import { plain } from './terminal.js';

const KEY_LIMIT_BYTES = 65_536;

/** Undefined: the file holds no private key. Rejects when it cannot be read. */
export const readKey = async (file: string): Promise<string | undefined> => {
  const { size } = await stat(file);
  const content = size <= KEY_LIMIT_BYTES ? await readFile(file, 'utf8') : '';
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(content) ? content : undefined;
};

/** The private key of `--identity`, as the request takes it; undefined after a complaint. */
export const identityOf = async (
  io: Io,
  file: string | undefined,
): Promise<{ readonly privateKey?: string } | undefined> => {
  if (file === undefined) return {};
  try {
    const privateKey = await readKey(resolve(io.cwd, file));
    if (privateKey !== undefined) return { privateKey };
    usage(io, `${plain(file)} is not a private key in PEM or OpenSSH form`);
  } catch {
    usage(io, `the file of --identity cannot be read: ${plain(file)}`);
  }
  return undefined;
};
