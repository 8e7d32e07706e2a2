/** In the place of screwdriver-store: keeps what is PUT and gives it back. It records, checks no token, and is no store. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingStore {
  readonly url: string;
  /** Path → what was PUT there last. */
  readonly kept: ReadonlyMap<string, string>;
  /** Scheme of what came as authorisation, and types of what was PUT, without repeats. */
  readonly told: ReadonlySet<string>;
  /** From now on: 202, or 503 for everything. */
  readonly work: (works: boolean) => void;
  readonly close: () => Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

export const recordingStore = async (): Promise<RecordingStore> => {
  const kept = new Map<string, string>();
  const told = new Set<string>();
  let works = true;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url ?? '';
      if (!works) return response.writeHead(503).end();
      if (request.method === 'PUT') {
        told.add(
          `${(request.headers.authorization ?? '').split(' ')[0] ?? ''} ${request.headers['content-type'] ?? ''}`,
        );
        kept.set(path, body);
        return response.writeHead(202).end();
      }
      const found = kept.get(path);
      return found === undefined ? response.writeHead(404).end() : response.writeHead(200).end(found);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ kept, told },
    work: (next) => (works = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
