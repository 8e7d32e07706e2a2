import * as E from 'fp-ts/lib/Either.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { jobSecrets } from '../../src/app/job-secrets.js';
import type { EventStore, SecretStore } from '../../src/app/ports.js';
import { keptAs, secretUseCases } from '../../src/app/secrets.js';
import type { CommandContext } from '../../src/app/use-cases.js';
import type { Grant } from '../../src/domain/grants.js';
import { systemClock } from '../../src/kernel/time.js';
import { memoryStore } from '../../src/store/memory.js';
import { memorySecrets } from './memory-secrets.js';

const REF = 'acme/shop/web/TOKEN';
const scope = { enterprise: 'acme', organisation: 'shop', project: 'web' };
const attempt = { jobId: 'j1', attempt: 1 };

const right = <A>(result: E.Either<unknown, A>): A =>
  E.isRight(result) ? result.right : expect.fail(JSON.stringify(result.left));
const reasonOf = (result: E.Either<{ readonly reason: string }, unknown>): string =>
  E.isLeft(result) ? result.left.reason : 'not refused';
const context = (commandId: string, grants: readonly Grant[] = [{ role: 'admin' }]): CommandContext => ({
  caller: { actor: 'ops', grants },
  commandId,
  bodySha256: 'plain digest of the body',
});

let store: EventStore;
let values: Map<string, string>;
let secrets: SecretStore;
let use: ReturnType<typeof secretUseCases>;
/** What a repeat would find. */
let before: string | undefined;
beforeEach(() => {
  store = memoryStore();
  ({ values, secrets } = memorySecrets());
  before = undefined;
  const repeats = { streamOf: () => Promise.resolve(E.right(before)) };
  use = secretUseCases({ store, clock: systemClock, secrets, repeats });
});

describe('secrets of people', () => {
  it('given a value, then it is kept apart from keys of runners, and history has the name alone', async () => {
    expect(right(await use.setSecret(context('c1'), REF, 'hunter22')()).value).toMatchObject({
      ref: REF,
      setBy: 'ops',
    });
    expect([...values]).toEqual([[`secret/${REF}`, 'hunter22']]);
    const [recorded] = right(await store.readAll('start')());
    expect(recorded).toMatchObject({
      stream: 'secrets',
      event: { type: 'SecretStored', data: { ref: REF } },
    });
    expect(JSON.stringify(recorded)).not.toContain('hunter22');
    // a digest of a body that holds a value could be guessed at
    expect(recorded?.metadata.bodySha256).toBe(`keyed ${'plain digest of the body'.length}`);
  });
  it('given a repeat that comes late, then a value set since stays', async () => {
    right(await use.setSecret(context('c1'), REF, 'old')());
    right(await use.setSecret(context('c2'), REF, 'new')());
    before = 'secrets';
    expect(right(await use.setSecret(context('c1'), REF, 'old')()).repeated).toBe(true);
    expect(values.get(keptAs(REF))).toBe('new');
  });
  it('lists those that the caller administers', async () => {
    for (const ref of [REF, 'acme/TOKEN', 'other/TOKEN'])
      right(await use.setSecret(context(ref), ref, 'x')());
    const refs = async (grants: readonly Grant[]): Promise<readonly string[]> =>
      right(await use.listSecrets({ actor: 'a', grants })()).map(({ ref }) => ref);
    expect(await refs([{ role: 'admin' }])).toEqual(['acme/TOKEN', REF, 'other/TOKEN']);
    expect(await refs([{ role: 'admin', ...scope }, { role: 'operator' }])).toEqual([REF]);
    expect(await refs([{ role: 'operator' }])).toEqual([]);
  });
  it('given a removal, then value and name are gone, once', async () => {
    right(await use.setSecret(context('c1'), REF, 'x')());
    right(await use.removeSecret(context('c2'), REF)());
    expect(values.size).toBe(0);
    expect(right(await use.listSecrets(context('c').caller)())).toEqual([]);
    expect(reasonOf(await use.removeSecret(context('c3'), REF)())).toBe('secret_unknown');
  });
});

describe('the secrets of an attempt', () => {
  it('given the same name in several places, then the nearest is given', async () => {
    values.set('secret/acme/TOKEN', 'of the enterprise').set('secret/acme/shop/TOKEN', 'of the organisation');
    expect(right(await jobSecrets(secrets).take(attempt, ['TOKEN'], scope))).toEqual({
      TOKEN: 'of the organisation',
    });
  });
  it('given a change and a removal meanwhile, then it still has what it was given, until it is forgotten', async () => {
    values.set(keptAs(REF), 'first');
    const jobs = jobSecrets(secrets);
    right(await jobs.take(attempt, ['TOKEN'], scope));
    values.set(keptAs(REF), 'second');
    expect(right(await jobs.take(attempt, ['TOKEN'], scope))).toEqual({ TOKEN: 'first' });
    values.delete(keptAs(REF));
    expect(right(await jobs.given(attempt))).toEqual({ TOKEN: 'first' });
    right(await jobs.forget(attempt));
    expect(reasonOf(await jobs.given(attempt))).toBe('job_secrets_missing');
    expect(values.size).toBe(0);
  });
  it.each([
    ['a missing one', ['TOKEN', 'OTHER'], 'secret_missing'],
    ['one of another project', ['acme/shop/api/TOKEN'], 'secret_refused'],
    ['the key of a runner', ['runner/r1'], 'secret_refused'],
  ])('given %s, then nothing is given', async (_, refs, reason) => {
    values.set(keptAs(REF), 'x').set('runner/r1', 'key').set('secret/acme/shop/api/TOKEN', 'y');
    const kept = values.size;
    expect(reasonOf(await jobSecrets(secrets).take(attempt, refs, scope))).toBe(reason);
    expect(values.size).toBe(kept);
  });
});
