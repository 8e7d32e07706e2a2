/** The source of the job that proves a runner: a tar with one small file, since unpacking is a part of what is proved. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PROOF_SOURCE } from '../domain/proof.js';
import type { Archive } from './ports.js';
import { writeAtomically } from './write-atomically.js';

const BLOCK = 512;

/** One regular file, as POSIX pax(1) describes the ustar format. */
const tarOf = (name: string, content: Buffer): Buffer => {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1');
  const octal = (value: number, width: number): string => value.toString(8).padStart(width - 1, '0');
  put(name, 0);
  put(octal(0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(content.length, 12), 124);
  put(octal(0, 12), 136);
  put('0', 156);
  put('ustar\u000000', 257);
  // the checksum is taken with blanks in its own place
  header.fill(' ', 148, 156);
  put(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )}\0 `,
    148,
  );
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  // two empty blocks are the end
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
};

const tar = tarOf('proof.txt', Buffer.from(PROOF_SOURCE));
const key = `proof-${createHash('sha256').update(tar).digest('hex').slice(0, 32)}`;

/** Written into the folder when it is not there yet. Throws what the file system says. */
export const proofSource = async (folder: string): Promise<Archive> => {
  const tarFile = join(folder, `${key}.tar`);
  const there = await stat(tarFile).catch(() => undefined);
  if (there?.size !== tar.length) await writeAtomically(tarFile, tar, 0o600);
  return { key, tarFile };
};
