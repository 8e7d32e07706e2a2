/** Secrets that a host keeps itself: asked for only where the store has none, and kept for the attempt like any other. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { appError, type AppError } from '../../src/app/errors.js';
import { jobSecrets, type JobSecrets } from '../../src/app/job-secrets.js';
import type { SecretStore } from '../../src/app/ports.js';
import { keptAs } from '../../src/app/secrets.js';
import { memorySecrets } from './memory-secrets.js';

const scope = { enterprise: 'acme', organisation: 'shop', project: 'web' };
const attempt = { jobId: 'j1', attempt: 1 };

let values: Map<string, string>;
let secrets: SecretStore;
/** What the host has, and what it was asked for. */
let host: Map<string, string>;
let asked: string[];
let jobs: JobSecrets;
beforeEach(() => {
  ({ values, secrets } = memorySecrets());
  host = new Map();
  asked = [];
  jobs = jobSecrets(secrets, (ref) => {
    asked.push(ref);
    const value = host.get(ref);
    return value === undefined ? Promise.reject(new Error(`none called ${ref}`)) : Promise.resolve(value);
  });
});

const right = <A>(result: E.Either<AppError, A>): A =>
  E.isRight(result) ? result.right : expect.fail(result.left.message);
const left = (result: E.Either<AppError, unknown>): AppError =>
  E.isLeft(result) ? result.left : expect.fail('not refused');

describe('the own secrets of a host', () => {
  it('given the store has none, then the host is asked, by the name that the phase gave', async () => {
    host.set('TOKEN', 'of the host').set('acme/shop/KEY', 'by its reference');
    expect(right(await jobs.take(attempt, ['TOKEN', 'acme/shop/KEY'], scope))).toEqual({
      ...{ TOKEN: 'of the host', KEY: 'by its reference' },
    });
    expect(asked).toEqual(['TOKEN', 'acme/shop/KEY']);
  });

  it.each(['acme/shop/web/TOKEN', 'acme/shop/TOKEN', 'acme/TOKEN'])(
    'given the store has %s, then that value is given, and the host is not asked',
    async (place) => {
      values.set(keptAs(place), 'of the store');
      host.set('TOKEN', 'of the host');
      expect(right(await jobs.take(attempt, ['TOKEN'], scope))).toEqual({ TOKEN: 'of the store' });
      expect(asked).toEqual([]);
    },
  );

  it('given some here and some there, then the host is asked for what is missing only', async () => {
    values.set(keptAs('acme/shop/web/HERE'), 'of the store');
    host.set('THERE', 'of the host');
    expect(right(await jobs.take(attempt, ['HERE', 'THERE'], scope))).toEqual({
      ...{ HERE: 'of the store', THERE: 'of the host' },
    });
    expect(asked).toEqual(['THERE']);
  });

  it('given the host has an empty one, then that is a value', async () => {
    host.set('TOKEN', '');
    expect(right(await jobs.take(attempt, ['TOKEN'], scope))).toEqual({ TOKEN: '' });
  });

  it('given a host that rejects, then secret_missing with the way out, nothing of its error, and nothing is kept', async () => {
    host.set('OTHER', 'of the host');
    const error = left(await jobs.take(attempt, ['OTHER', 'TOKEN'], scope));
    expect([error.code, error.reason]).toEqual(['not_found', 'secret_missing']);
    expect(error.message).toContain('baton secret set acme/shop/web/TOKEN');
    expect(JSON.stringify(error)).not.toMatch(/none called|of the host/);
    expect(values.size).toBe(0);
    expect(left(await jobs.given(attempt)).reason).toBe('job_secrets_missing');
  });

  it('given no such host, then secret_missing as well', async () => {
    expect(left(await jobSecrets(secrets).take(attempt, ['TOKEN'], scope)).reason).toBe('secret_missing');
  });

  it('given a name that the scope may not have, then the host is not even asked', async () => {
    host.set('other/TOKEN', 'of others');
    expect(left(await jobs.take(attempt, ['other/TOKEN'], scope)).reason).toBe('secret_refused');
    expect(asked).toEqual([]);
  });

  it('given a store that cannot be read, then its refusal, and the host is not asked instead', async () => {
    const broken: SecretStore = {
      ...secrets,
      get: (ref) =>
        ref.startsWith('secret/')
          ? TE.left(appError('store_unavailable', 'secret_unreadable', 'The file cannot be read.'))
          : secrets.get(ref),
    };
    host.set('TOKEN', 'of the host');
    const asking = jobSecrets(broken, (ref) => {
      asked.push(ref);
      return Promise.resolve('of the host');
    });
    expect(left(await asking.take(attempt, ['TOKEN'], scope)).reason).toBe('secret_unreadable');
    expect(asked).toEqual([]);
  });
});

describe('the kept copy of what the host gave', () => {
  it('given the host changed or lost it since, then the attempt has what it was given, and is asked about no more', async () => {
    host.set('TOKEN', 'first');
    right(await jobs.take(attempt, ['TOKEN'], scope));
    host.set('TOKEN', 'second');
    expect(right(await jobs.given(attempt))).toEqual({ TOKEN: 'first' });
    expect(right(await jobs.take(attempt, ['TOKEN'], scope))).toEqual({ TOKEN: 'first' });
    host.clear();
    values.set(keptAs('acme/shop/web/TOKEN'), 'of the store by now');
    expect(right(await jobs.given(attempt))).toEqual({ TOKEN: 'first' });
    expect(asked).toEqual(['TOKEN']);
  });

  it('given a next attempt, then it gets the value of today', async () => {
    host.set('TOKEN', 'first');
    right(await jobs.take(attempt, ['TOKEN'], scope));
    host.set('TOKEN', 'second');
    expect(right(await jobs.take({ ...attempt, attempt: 2 }, ['TOKEN'], scope))).toEqual({ TOKEN: 'second' });
    expect(right(await jobs.given(attempt))).toEqual({ TOKEN: 'first' });
  });
});
