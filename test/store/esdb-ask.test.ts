/** How often is one question put to a server whose connection breaks? */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { askOf } from '../../src/store/esdb/ask.js';
import type { Client } from '../../src/store/esdb/client.js';
import { openConnection } from '../../src/store/esdb/connection.js';
import { ConnectionGone, failuresOf } from '../../src/store/esdb/failures.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks for what breaks after so long, each time; answers how often that was tried. */
const triesOf = async (
  patienceMs: number,
  breaksAfterMs: number,
  gives: 'a sign' | 'no sign' = 'no sign',
): Promise<number> => {
  const client = { dispose: () => Promise.resolve() } as Client;
  const connection = openConnection(() => client);
  const toError = failuresOf('esdb://here', (text) => text);
  const ask = askOf({ connection, patienceMs, toError, isClosed: () => false });
  let tries = 0;
  const answer = await ask({ what: 'a read' }, async (_, alive) => {
    tries += 1;
    await pause(breaksAfterMs / 2);
    if (gives === 'a sign') alive();
    await pause(breaksAfterMs / 2);
    throw new ConnectionGone('the connection broke');
  });
  expect(E.isLeft(answer)).toBe(true);
  await connection.close();
  return tries;
};

describe('a question whose connection breaks', () => {
  it('is put three times more', async () => {
    expect(await triesOf(10_000, 0)).toBe(4);
  });

  it('given that each try takes nearly all our patience, then it is put once more and not again', async () => {
    expect(await triesOf(400, 320)).toBe(2);
  });

  it('given signs of life, then patience counts from the last of them', async () => {
    expect(await triesOf(400, 320, 'a sign')).toBe(4);
  });
});
