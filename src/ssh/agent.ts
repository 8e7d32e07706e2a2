/** Does an ssh-agent answer, and has it anything to offer? Asked before anybody is logged in to. */
import { connect } from 'node:net';

/** draft-miller-ssh-agent §3.5: SSH_AGENTC_REQUEST_IDENTITIES, as a message of one byte. */
const REQUEST = Buffer.from([0, 0, 0, 1, 11]);
const ANSWER = 12;

/** Some ask a person first whether they may answer. */
const PATIENCE_MS = 20_000;

/** `socket`: its path. How many keys it holds; undefined when it does not answer, or is none. */
export const keysInAgent = (socket: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const link = connect({ path: socket });
    let received = Buffer.alloc(0);
    const settle = (count: number | undefined): void => {
      link.destroy();
      resolve(count);
    };
    link.setTimeout(PATIENCE_MS, () => settle(undefined));
    link.once('error', () => settle(undefined));
    link.once('close', () => settle(undefined));
    link.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (received.length >= 5 && received[4] !== ANSWER) settle(undefined);
      else if (received.length >= 9) settle(received.readUInt32BE(5));
    });
    link.write(REQUEST);
  });
