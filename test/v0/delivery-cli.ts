/**
 * What delivery-cli sends, byte for byte: its client (hyper 0.10) writes `Host` first, then the type of the content, which it names even
 * where there is none, then who asks; a method that may have a body gets a length, zero without one. No agent, no `Accept`.
 */
import { connect } from 'node:net';

export interface Asked {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Behind the enterprise: the argument of `delivery api`. */
  readonly path: string;
  readonly body?: string;
}

export interface Person {
  readonly port: number;
  readonly enterprise: string;
  readonly user?: string;
  readonly token?: string;
}

const bytesOf = ({ method, path, body = '' }: Asked, { port, enterprise, user, token }: Person): string =>
  [
    `${method} /api/v0/e/${enterprise}/${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    ...(user === undefined ? [] : [`chef-delivery-user: ${user}`]),
    ...(token === undefined ? [] : [`chef-delivery-token: ${token}`]),
    ...(method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    '',
    body,
  ].join('\r\n');

export interface Answered {
  readonly status: number;
  /** As they came, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** What `delivery api` prints: it takes every answer but 204 and 500 for JSON. */
  readonly json: () => unknown;
}

/** Pieces of a chunked body put together (RFC 9112 §7.1); undefined while the last one has not come. */
const unchunked = (body: Buffer): Buffer | undefined => {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(body.subarray(at, end).toString('latin1'), 16);
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
    if (at > body.length) return undefined;
  }
};

/** The whole answer, once it is there. */
const parsed = (bytes: Buffer): Answered | undefined => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(first.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  const length = Number(headers['content-length'] ?? 0);
  const body =
    headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : rest.length < length ? undefined : rest;
  if (body === undefined) return undefined;
  const text = body.toString('utf8');
  return { status, headers, text, json: () => JSON.parse(text) as unknown };
};

/** One request on a connection of its own, as each run of the program makes it. */
export const delivery = (person: Person, asked: Asked): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const socket = connect(person.port, '127.0.0.1', () => socket.write(bytesOf(asked, person)));
    let bytes = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      const answer = parsed(bytes);
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the answer broke off: ${bytes.toString('utf8')}`)));
  });
