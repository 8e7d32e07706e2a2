import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { AttemptSignal, AttemptState, RunnerTransport, StartAnswer } from '../../src/app/ports.js';
import { proveSlot } from '../../src/dispatch/prove.js';
import { differenceIn, isProof, PROOF_EXIT } from '../../src/domain/proof.js';
import { aTransport } from './perform-deps.js';

const word = 'c0ffee';
const lines = Array.from({ length: 400 }, (_, n) => `${word} line ${n + 1} of 400 \xc3\xa4\xff\n`).join('');
const outputOf = (home = 'home writable', user = 'ci'): Buffer =>
  Buffer.from(
    `user ${user}\n${home}\nworkspace writable\nprograms run there\nThis came in the source of the job.\n${lines}`,
    'latin1',
  );
const done = (exitCode: number, why: 'exit' | 'cancel', survivors = 0): AttemptState => ({
  state: 'done',
  logSize: 0,
  result: {
    ...{ exitCode, why, logTruncated: false, signals: [] },
    survivors: Array.from({ length: survivors }, () => ({ pid: 7 })),
  },
});
const started: StartAnswer = { kind: 'started', pid: 1, startTime: '1', bootId: 'boot' };

interface Machine {
  readonly output?: Buffer;
  readonly end?: AttemptState;
  readonly cancelled?: AttemptState;
  /** What is answered to starts, one after the other; then `started`. */
  readonly starts?: readonly StartAnswer[];
  readonly lost?: boolean;
}

/** The slot of a machine that does so. */
const provedOn = async (
  { output = outputOf(), end = done(PROOF_EXIT, 'exit'), cancelled = done(143, 'cancel'), ...rest }: Machine,
  user?: string,
) => {
  const asked: string[] = [];
  const starts = [...(rest.starts ?? [])];
  const endless = new Set<string>();
  const follow: RunnerTransport['follow'] = async function* (_, { jobId, attempt }) {
    await Promise.resolve();
    const isEndless = endless.has(`${jobId}.${attempt}`);
    const bytes = isEndless ? Buffer.from('waiting\n') : output;
    const half = Math.floor(bytes.length / 2);
    yield { kind: 'bytes', offset: 0, bytes: bytes.subarray(0, half) } satisfies AttemptSignal;
    if (rest.lost === true)
      throw Object.assign(new Error(), { error: { code: 'connection_lost', message: 'gone' } });
    yield { kind: 'bytes', offset: half, bytes: bytes.subarray(half) } satisfies AttemptSignal;
    yield { kind: 'ended', state: isEndless ? cancelled : end } satisfies AttemptSignal;
  };
  const transport = aTransport({
    start:
      (_, { jobId, attempt, script, environment }) =>
      () => {
        if (script.includes('while :')) endless.add(`${jobId}.${attempt}`);
        expect([isProof(jobId), environment['BATON_PROOF']]).toEqual([true, word]);
        asked.push(`start ${attempt}`);
        return Promise.resolve(E.right(starts.shift() ?? started));
      },
    follow,
    cancel:
      (_, { attempt }) =>
      () => {
        asked.push(`cancel ${attempt}`);
        return Promise.resolve(E.right({ kind: 'signalled' as const }));
      },
    cleanUp:
      (_, { attempt }) =>
      () => {
        asked.push(`cleanUp ${attempt}`);
        return Promise.resolve(E.right(undefined));
      },
  });
  const answer = await proveSlot(transport, {
    ...{ slot: 0, baseId: 'base', bootId: 'boot', fence: 1, commandId: 'c', word },
    target: {
      name: 'r1',
      host: 'h',
      port: 22,
      user: 'ci',
      base: '.baton',
      hostKeys: [],
      auth: { kind: 'agent' },
    },
    source: { key: 'k', tarFile: '/t' },
    ...(user === undefined ? {} : { user }),
  });
  return { asked, answer };
};

describe('the proof of a slot', () => {
  it('given a machine that does all as it must, then one job runs, one is cancelled, and nothing of both stays', async () => {
    const { asked, answer } = await provedOn({});
    expect(answer).toMatchObject(E.right({ user: 'ci', bytes: outputOf().length }));
    expect(asked).toEqual(['start 1', 'cleanUp 1', 'start 1', 'cancel 1', 'cleanUp 1']);
  });
  it('given what an earlier proof left under the same names, then that is ended, and the next name is taken', async () => {
    const exists: StartAnswer = { kind: 'exists', state: { state: 'claimed' } };
    const { asked, answer } = await provedOn({ starts: [exists] });
    expect(E.isRight(answer)).toBe(true);
    expect(asked.slice(0, 4)).toEqual(['start 1', 'cancel 1', 'cleanUp 1', 'start 2']);
  });
  it.each<[string, Machine, string]>([
    [
      'a byte that is another',
      { output: Buffer.concat([outputOf().subarray(0, -2), Buffer.from('\xfe\n', 'latin1')]) },
      'of 400',
    ],
    ['an output that is cut', { output: outputOf().subarray(0, 5000) }, 'should have written'],
    ['something after the end', { output: Buffer.concat([outputOf(), Buffer.from('x')]) }, 'and wrote "x"'],
    [
      'a home that cannot be written',
      { output: outputOf('home / not writable') },
      'should have written "home writable", and wrote "home / not writable"',
    ],
    ['another exit code', { end: done(0, 'exit') }, 'with the code 42, and ended with 0 (exit)'],
    ['no result', { end: { state: 'lost', why: 'vanished', logSize: 0 } }, 'no result (lost)'],
    ['a cancel that ends nothing', { cancelled: done(0, 'exit') }, 'and ended by exit with 0 left'],
    ['a process that survives the cancel', { cancelled: done(143, 'cancel', 1) }, 'with 1 left'],
    [
      'no room',
      { starts: [{ kind: 'not_started', why: 'disk_full', message: 'no space' }] },
      'disk_full, no space',
    ],
    ['a reboot', { starts: [{ kind: 'runner_changed', baseId: 'b', bootId: 'c' }] }, 'it was restarted'],
    ['another server', { starts: [{ kind: 'stale_fence', highest: 2 }] }, 'another server'],
  ])('given %s, then it is told what was expected and found', async (_, machine, text) => {
    const { answer } = await provedOn(machine);
    expect(answer).toMatchObject(
      E.left({ code: 'not_proved', detail: expect.stringContaining(text) as string }),
    );
  });
  it('given a link that is lost, then that is told, and the job is asked to end', async () => {
    const { asked, answer } = await provedOn({ lost: true });
    expect(answer).toEqual(E.left({ code: 'connection_lost', detail: 'gone' }));
    expect(asked).toEqual(['start 1', 'cancel 1', 'cleanUp 1']);
  });
  it('given an account that must be another, then the two are told', async () => {
    const { answer } = await provedOn({}, 'ci-1');
    expect(answer).toMatchObject(
      E.left({ detail: expect.stringContaining('"user ci-1", and wrote "user ci"') as string }),
    );
  });
});

it('given an output that names nobody, then it is not as it must be', () => {
  expect(differenceIn(outputOf('home writable', ''), word, undefined)?.found).toBe('"user "');
});
