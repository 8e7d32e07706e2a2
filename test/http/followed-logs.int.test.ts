import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import { followedLogs, type FollowedLogs } from '../../src/http/followed-logs.js';
import { logFrames } from '../../src/http/log-stream.js';
import type { UseCases } from '../../src/app/use-cases.js';
import { fakeUseCases, growingLog, until } from './edge.js';

const pace = { heartbeatMs: 60_000, checkMs: 20_000 };

/** A log of `text`, and how many of its bytes were read in all. */
const given = (text: string, apartMs: number) => {
  const log = growingLog(Buffer.from(text));
  let bytesRead = 0;
  const { use } = fakeUseCases({
    readLog: (_id, offset, max) => async () => {
      // as a file: what is there is looked at later than it is asked for
      await new Promise(setImmediate);
      const found = log.read(offset, max);
      bytesRead += found.bytes.length;
      return E.right(found);
    },
    watchLog: () => log.watch(),
  });
  return { log, use, logs: followedLogs(use, apartMs), bytesRead: () => bytesRead };
};

/** Follows from there; each piece has to begin where the one before ended. */
const reader = (use: UseCases, logs: FollowedLogs, from: number, slow: () => Promise<unknown>) => {
  const abort = new AbortController();
  let got = '';
  const done = (async () => {
    const frames = logFrames(
      use,
      logs,
      { jobId: 'job', attempt: 1, from, pace, requestId: 'r' },
      abort.signal,
    );
    let at = from;
    for await (const piece of frames) {
      const [, event, , data] = /^event: (\w+)\n(id: .*\n)?data: (.*)\n\n$/.exec(String(piece)) ?? [];
      if (event === 'end') return 'end';
      if (event !== 'bytes') continue;
      const { offset, base64 } = JSON.parse(data ?? '') as { offset: number; base64: string };
      expect(offset).toBe(at);
      const text = Buffer.from(base64, 'base64').toString();
      at += text.length;
      got += text;
      await slow();
    }
    return 'left';
  })();
  return { got: () => got, done, leave: () => abort.abort() };
};

const DIGITS = '0123456789'.repeat(10_000);

const atOnce = (): Promise<void> => Promise.resolve();

describe('a log that is followed by many', () => {
  it('given 20 at its end, then what comes is read once for all of them', async () => {
    const { log, use, logs, bytesRead } = given('one\n', 5);
    const readers = Array.from({ length: 20 }, () => reader(use, logs, 0, atOnce));
    const all = (text: string) => until(text, () => readers.every(({ got }) => got() === text));
    await all('one\n');
    for (let [text, before] = ['one\n', bytesRead()]; text.length < 60; before = bytesRead()) {
      log.add(Buffer.from('more\n'));
      text += 'more\n';
      await all(text);
      expect(bytesRead() - before).toBe(5);
    }
    log.seal();
    expect(new Set(await Promise.all(readers.map(({ done }) => done)))).toEqual(new Set(['end']));
    expect(log.readers()).toBe(0);
  });

  it('given one that does not read on, then the others go on, and it has everything later', async () => {
    const { log, use, logs } = given('a', 1);
    let wake: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (wake = resolve));
    const slow = reader(use, logs, 0, () => held);
    const quick = reader(use, logs, 0, atOnce);
    let text = 'a';
    await until('both have begun', () => slow.got() === 'a' && quick.got() === 'a');
    // more than is kept
    for (let n = 0; n < 40; n++) {
      log.add(Buffer.from(`${n},`));
      text += `${n},`;
      await until('it goes on', () => quick.got() === text);
    }
    expect(slow.got()).toBe('a');
    wake();
    await until('it has all', () => slow.got() === text);
    for (const one of [slow, quick]) one.leave();
    expect([await slow.done, await quick.done]).toEqual(['left', 'left']);
    expect(log.readers()).toBe(0);
  });

  it('given readers that come anywhere and whenever, quick and slow, then each has every byte once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ add: fc.integer({ min: 1, max: 90_000 }) }),
            fc.record({ from: fc.integer({ min: 0, max: 100_000 }), turns: fc.nat(5) }),
            fc.record({ turns: fc.nat(6) }),
          ),
          { minLength: 3, maxLength: 25 },
        ),
        async (steps) => {
          const { log, use, logs } = given('', 1);
          const readers: { readonly from: number; readonly one: ReturnType<typeof reader> }[] = [];
          let text = '';
          const wait = async (turns: number): Promise<void> => {
            for (let n = 0; n < turns; n++) await new Promise(setImmediate);
          };
          for (const step of steps) {
            if ('add' in step) {
              const piece = DIGITS.slice(text.length % 10, (text.length % 10) + step.add);
              text += piece;
              log.add(Buffer.from(piece));
            } else if ('from' in step) {
              const from = Math.min(step.from, text.length);
              readers.push({ from, one: reader(use, logs, from, () => wait(step.turns)) });
            } else await wait(step.turns);
          }
          log.seal();
          for (const { from, one } of readers) {
            expect(await one.done).toBe('end');
            expect(one.got() === text.slice(from)).toBe(true);
          }
          expect(log.readers()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('given that the last one has left, then who comes later begins to watch anew', async () => {
    let watches = 0;
    const { use } = fakeUseCases({
      readLog: () => TE.right({ bytes: Buffer.alloc(0), size: 0, sealed: false }),
      watchLog: () => {
        watches++;
        return growingLog().watch();
      },
    });
    const logs = followedLogs(use, 1);
    const first = reader(use, logs, 0, atOnce);
    await until('it is watched', () => watches === 1);
    const second = reader(use, logs, 0, atOnce);
    first.leave();
    await first.done;
    second.leave();
    await second.done;
    expect(watches).toBe(1);
    const third = reader(use, logs, 0, atOnce);
    await until('it is watched anew', () => watches === 2);
    third.leave();
    await third.done;
  });
});
