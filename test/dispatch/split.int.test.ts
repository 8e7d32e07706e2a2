import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptSignal, AttemptState, OutputRef } from '../../src/app/ports.js';
import type { AttemptFacts } from '../../src/dispatch/drive.js';
import { performer } from '../../src/dispatch/perform.js';
import type { JobCommand } from '../../src/domain/job.js';
import { fileLogStore } from '../../src/logs/files.js';
import { LinkError, transportError } from '../../src/ssh/errors.js';
import { anAssignment, aPromotion } from '../builders.js';
import { performDeps } from './perform-deps.js';

const OUTPUTS = { stdout: 'one\ntwo\n', stderr: 'oh no\n' };
const LIMIT = 6;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-split-'));
});
afterEach(() => rm(directory, { recursive: true }));

const done: AttemptState = {
  ...{ state: 'done', logSize: OUTPUTS.stdout.length, errSize: OUTPUTS.stderr.length },
  result: {
    ...{ exitCode: 0, why: 'exit', logTruncated: true, errTruncated: false, signals: [], survivors: [] },
  },
};

/** A server that has just started, and finds the attempt done. `linkEnds`: the first time that this output is followed. */
const restarted = async (linkEnds?: 'stdout' | 'stderr', secret?: string) => {
  const recorded: JobCommand[] = [];
  const followed: string[] = [];
  let tell: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (tell = resolve));
  let isLost = linkEnds === undefined;
  const facts = (): AttemptFacts => ({
    ...{
      phaseRunId: 'p',
      assigned: anAssignment(),
      assignedAt: '1',
      started: true,
      current: recorded.length === 0,
    },
    promoted: aPromotion({
      ...{ output: 'split', limits: { cancelGraceMs: 1, logBytes: LIMIT } },
      secretRefs: secret === undefined ? [] : ['TOKEN'],
    }),
  });
  const transport = {
    query: () => TE.right(done),
    cleanUp: () => TE.right(undefined),
    follow: async function* (
      target: Parameters<typeof transportError>[1],
      { output }: OutputRef,
      from: number,
    ): AsyncGenerator<AttemptSignal> {
      await Promise.resolve();
      if (output === undefined) throw new Error('it has no output in exact order');
      followed.push(`${output} ${from}`);
      if (output === linkEnds && !isLost) {
        isLost = true;
        throw new LinkError(transportError('connection_lost', target));
      }
      yield { kind: 'bytes', offset: from, bytes: Buffer.from(OUTPUTS[output].slice(from)) };
      yield { kind: 'ended', state: done };
    },
  };
  const effects = performer(
    performDeps(transport, {
      logs: fileLogStore(directory),
      facts: () => Promise.resolve(E.right(facts())),
      secrets: {
        take: () => Promise.reject(new Error('nothing is started')),
        given: () => Promise.resolve(E.right({ TOKEN: secret ?? '' })),
        forget: () => Promise.resolve(E.right(undefined)),
      },
      record: (_job: string, _attempt: number, command: JobCommand) => {
        if (command.kind !== 'FinishJob') return Promise.resolve(true);
        recorded.push(command);
        tell();
        return Promise.resolve(true);
      },
    }),
  );
  effects.drive({ target: 'effect', effect: 'drive', jobId: 'j', attempt: 1, runner: 'r1', fresh: false });
  await over;
  await effects.close();
  return { recorded, followed };
};
const textOf = (output: string): Promise<string> => readFile(join(directory, `j.1.${output}.log`), 'utf8');

const CUT = `${OUTPUTS.stdout.slice(0, LIMIT)}\n[baton: the log was cut at ${LIMIT} bytes]\n`;
const both = [
  { name: 'stdout', sourceBytes: LIMIT, truncated: true },
  { name: 'stderr', sourceBytes: LIMIT, truncated: false },
];

describe('an attempt whose outputs are kept apart', () => {
  it('ends with both, each complete and each with what is true of it alone', async () => {
    const { recorded } = await restarted();
    expect(recorded).toMatchObject([{ kind: 'FinishJob', outputs: both }]);
    expect([await textOf('stdout'), await textOf('stderr')]).toEqual([CUT, OUTPUTS.stderr]);
  });

  it.each(['stdout', 'stderr'] as const)(
    'given a link that is lost while %s is collected, then both are collected to the end, and neither twice',
    async (output) => {
      const { recorded } = await restarted(output);
      expect(recorded).toMatchObject([{ kind: 'FinishJob', outputs: both }]);
      expect([await textOf('stdout'), await textOf('stderr')]).toEqual([CUT, OUTPUTS.stderr]);
    },
  );

  /** As a server leaves it that was killed when one output was complete and the other was not. */
  const sealedFirst = async (): Promise<void> => {
    const store = fileLogStore(directory);
    const output: OutputRef = { jobId: 'j', attempt: 1, output: 'stdout' };
    const writer = await store.open(output, [], { limitBytes: LIMIT })();
    if (E.isLeft(writer)) expect.fail(writer.left.message);
    await writer.right.write(0, Buffer.from(OUTPUTS.stdout))();
    await writer.right.seal(true)();
  };

  it('given a server that was killed when one was sealed, then what the runner has beyond the limit does not hold it up', async () => {
    await sealedFirst();
    const { recorded, followed } = await restarted();
    expect(followed.sort()).toEqual(['stderr 0', `stdout ${LIMIT}`]);
    expect(recorded).toMatchObject([{ kind: 'FinishJob', outputs: both }]);
    expect(await textOf('stdout')).toBe(CUT);
  });

  it('given a server that was killed when one was sealed, then the other is masked all the same', async () => {
    await sealedFirst();
    await restarted(undefined, 'oh no');
    expect(await textOf('stderr')).toBe('[masked]\n');
  });
});
