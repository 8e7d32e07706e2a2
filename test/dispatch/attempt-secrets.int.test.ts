/** An attempt with secrets, its log in real files, and a store of secrets that loses what it was given. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appError } from '../../src/app/errors.js';
import { jobSecrets } from '../../src/app/job-secrets.js';
import type { AttemptSignal, AttemptState, SecretStore } from '../../src/app/ports.js';
import type { AttemptFacts } from '../../src/dispatch/drive.js';
import { performDeps } from './perform-deps.js';
import { performer } from '../../src/dispatch/perform.js';
import type { JobCommand } from '../../src/domain/job.js';
import { fileLogStore } from '../../src/logs/files.js';
import { memorySecrets } from '../app/memory-secrets.js';
import { anAssignment, aPromotion } from '../builders.js';

const SECRET = 'correct-horse-battery';
const OUTPUT = Buffer.from(`one\nthe word is ${SECRET}\n`);
const COPY = 'attempt/j.1';
const KEPT = JSON.stringify({ TOKEN: SECRET });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'baton-paused-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A server that has just started, and finds the attempt done on its runner. */
const restarted = (secrets: SecretStore) => {
  const recorded: JobCommand[] = [];
  const problems: string[] = [];
  const waiting = new Map<string, () => void>();
  /** Resolves when a command of that kind has been recorded. */
  const said = (kind: JobCommand['kind']): Promise<void> =>
    recorded.some((command) => command.kind === kind)
      ? Promise.resolve()
      : new Promise((resolve) => waiting.set(kind, resolve));
  let isClosed = false;
  const ends = (kind: string): boolean => kind === 'FinishJob';
  const facts = (): AttemptFacts => ({
    ...{
      promoted: aPromotion({ secretRefs: ['TOKEN'] }),
      phaseRunId: 'p',
      assigned: anAssignment(),
      assignedAt: '1',
    },
    started: true,
    current: !isClosed && !recorded.some(({ kind }) => ends(kind)),
  });
  const done: AttemptState = {
    ...{ state: 'done', logSize: OUTPUT.length },
    result: { exitCode: 0, why: 'exit', logTruncated: false, signals: [], survivors: [] },
  };
  const transport = {
    query: () => TE.right(done),
    cleanUp: () => TE.right(undefined),
    follow: async function* (_target: unknown, _ref: unknown, from: number): AsyncGenerator<AttemptSignal> {
      await Promise.resolve();
      yield { kind: 'bytes', offset: from, bytes: OUTPUT.subarray(from) };
      yield { kind: 'ended', state: done };
    },
  };
  const deps = performDeps(transport, {
    logs: fileLogStore(directory),
    secrets: jobSecrets(secrets),
    facts: () => Promise.resolve(E.right(facts())),
    record: (_job: string, _attempt: number, command: JobCommand) => {
      if (isClosed) return Promise.resolve(false);
      recorded.push(command);
      waiting.get(command.kind)?.();
      return Promise.resolve(true);
    },
    onProblem: (message: string) => void problems.push(message),
  });
  const effects = performer(deps);
  effects.drive({ target: 'effect', effect: 'drive', jobId: 'j', attempt: 1, runner: 'r1', fresh: false });
  return {
    ...{ recorded, problems, said, close: () => effects.close() },
    closeJob: (): void => void (isClosed = true),
  };
};
const logText = (): Promise<string> => readFile(join(directory, 'j.1.log'), 'utf8');

describe('an attempt whose secrets cannot be read', () => {
  it('stores nothing, the job says why, and it goes on once they are back', async () => {
    const { values, secrets } = memorySecrets();
    const server = restarted(secrets);
    await server.said('PauseCollection');
    expect(server.recorded).toMatchObject([
      { kind: 'PauseCollection', attempt: 1, why: 'job_secrets_missing' },
    ]);
    expect(JSON.stringify(server.recorded)).toContain('its log cannot be masked');
    expect(await readdir(directory)).toEqual([]);
    values.set(COPY, KEPT);
    await server.said('FinishJob');
    await server.close();
    expect(server.recorded.map(({ kind }) => kind)).toContain('ResumeCollection');
    expect(await logText()).toBe('one\nthe word is [masked]\n');
    expect(server.problems.join()).toContain('is not collected');
    expect(JSON.stringify([server.recorded, server.problems])).not.toContain(SECRET);
    // and what it was given is forgotten with it
    expect(values.has(COPY)).toBe(false);
  });

  it('given a store that fails instead, then the same, with its own reason', async () => {
    const { values, secrets } = memorySecrets();
    values.set(COPY, KEPT);
    let isBroken = true;
    const get: SecretStore['get'] = (ref) =>
      isBroken
        ? TE.left(appError('store_unavailable', 'secret_sealed_otherwise', 'Another key.'))
        : secrets.get(ref);
    const server = restarted({ ...secrets, get });
    await server.said('PauseCollection');
    expect(server.recorded).toMatchObject([{ why: 'secret_sealed_otherwise', detail: 'Another key.' }]);
    expect(await readdir(directory)).toEqual([]);
    isBroken = false;
    await server.said('FinishJob');
    await server.close();
    expect(await logText()).not.toContain(SECRET);
  });

  it('given a secret that was changed meanwhile, then its log is masked by what it was given', async () => {
    const { values, secrets } = memorySecrets();
    values.set(COPY, KEPT);
    values.set('secret/default/TOKEN', 'another value');
    const server = restarted(secrets);
    await server.said('FinishJob');
    await server.close();
    expect(server.recorded.map(({ kind }) => kind)).not.toContain('PauseCollection');
    expect(await logText()).toBe('one\nthe word is [masked]\n');
  });

  it('given a job that is closed while it waits, then it is let go, and nothing was stored', async () => {
    const { values, secrets } = memorySecrets();
    const server = restarted(secrets);
    await server.said('PauseCollection');
    // as forgetting does when the attempt is let go
    const forgotten = new Promise<void>((resolve) => {
      const remove = values.delete.bind(values);
      values.delete = (ref) => {
        resolve();
        return remove(ref);
      };
    });
    server.closeJob();
    await forgotten;
    await server.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
