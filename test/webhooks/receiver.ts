/** A receiver of webhooks: a real HTTP server that checks each signature and keeps what it took. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

export const SECRET = Buffer.alloc(32, 7);
/** As it stands in a file. */
export const SECRET_TEXT = `whsec_${SECRET.toString('base64')}`;

export interface Message {
  readonly type: string;
  readonly data: { readonly id: string; readonly stream: string; readonly revision: number };
}

export interface Receiver {
  readonly url: string;
  readonly taken: Message[];
  /** Every request that came, taken or not. */
  readonly asked: () => number;
  /** What it answers from now on; 200 at first. `never`: nothing. */
  answer: (message: Message) => number | 'never';
  /** Resolves when that holds; it is looked at after each message. */
  readonly until: (holds: () => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** `port`: that of one which was closed. */
export const aReceiver = async (port = 0): Promise<Receiver> => {
  const verifier = new Verifier(SECRET_TEXT);
  const taken: Message[] = [];
  let asked = 0;
  let waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  const look = (): void => {
    for (const one of waiting.filter(({ holds }) => holds())) one.resolve();
    waiting = waiting.filter(({ holds }) => !holds());
  };
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      asked += 1;
      const headers = request.headers as Record<string, string>;
      const message = verifier.verify(text, headers) as Message;
      const status = receiver.answer(message);
      if (status === 200) taken.push(message);
      if (status !== 'never') response.writeHead(status, { location: '/elsewhere' }).end();
      look();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/T0K3N`,
    taken,
    asked: () => asked,
    answer: () => 200,
    until: (holds) =>
      new Promise((resolve) => {
        waiting.push({ holds, resolve });
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
};
