/** The built pages, read once: what is answered later is found by name among these, and nothing of a URL reaches the file system. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { LICENCES } from '../../app/page-addresses.js';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ENCODINGS = ['br', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface WebFile {
  readonly type: string;
  /** Changes with the content. */
  readonly digest: string;
  readonly bytes: Buffer;
  /** The encodings it is to be had in, best first; none for what is packed already. */
  readonly encodings: readonly Encoding[];
  /** Made when it is first asked for, and kept. */
  readonly encoded: (encoding: Encoding) => Promise<Buffer>;
}

export interface WebFiles {
  /** The document, as it was built. */
  readonly html: string;
  /** By path, such as `/assets/index-3f2a.js`; the licences, too. */
  readonly assets: ReadonlyMap<string, WebFile>;
}

interface Type {
  readonly type: string;
  readonly isPacked?: boolean;
}

const TYPES: Readonly<Record<string, Type>> = {
  '.js': { type: 'text/javascript; charset=utf-8' },
  '.css': { type: 'text/css; charset=utf-8' },
  '.json': { type: 'application/json; charset=utf-8' },
  '.map': { type: 'application/json; charset=utf-8' },
  '.svg': { type: 'image/svg+xml' },
  '.md': { type: 'text/plain; charset=utf-8' },
  '.txt': { type: 'text/plain; charset=utf-8' },
  '.png': { type: 'image/png', isPacked: true },
  '.webp': { type: 'image/webp', isPacked: true },
  '.ico': { type: 'image/x-icon' },
  '.woff2': { type: 'font/woff2', isPacked: true },
};

const UNKNOWN: Type = { type: 'application/octet-stream', isPacked: true };

/** Packing less saves nothing. */
const SMALL = 512;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

const packers: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  // one step below the slowest: a tenth of the time for some percent
  br: (bytes) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }),
  gzip: (bytes) => gzipped(bytes, { level: 9 }),
};

export const fileFrom = (bytes: Buffer, { type, isPacked = false }: Type): WebFile => {
  const made = new Map<Encoding, Promise<Buffer>>();
  return {
    type,
    bytes,
    digest: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
    encodings: isPacked || bytes.length < SMALL ? [] : ENCODINGS,
    encoded: (encoding) => {
      const packed = made.get(encoding) ?? packers[encoding](bytes);
      made.set(encoding, packed);
      return packed;
    },
  };
};

const fileOf = (path: string): WebFile => fileFrom(readFileSync(path), TYPES[extname(path)] ?? UNKNOWN);

const assetsIn = (root: string): ReadonlyMap<string, WebFile> =>
  new Map(
    [
      ...readdirSync(root, { withFileTypes: true }).filter(({ name }) => `/${name}` === LICENCES),
      ...readdirSync(join(root, 'assets'), { recursive: true, withFileTypes: true }),
    ]
      // no links: they could lead anywhere
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [`/${relative(root, path).split(sep).join('/')}`, fileOf(path)]),
  );

/** Undefined when nothing was built there; throws when what is there cannot be read. */
export const readWebFiles = (root: string): WebFiles | undefined => {
  try {
    return { html: readFileSync(join(root, 'index.html'), 'utf8'), assets: assetsIn(root) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
