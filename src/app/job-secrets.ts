/**
 * The secrets of one attempt. What it was given is kept, sealed, until its log is: so its log is masked by exactly those values, even
 * when a secret is changed or removed while it runs.
 */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { secretPlan } from '../domain/secret-ref.js';
import type { Scope } from '../events/shapes.js';
import { appError, type AppError } from './errors.js';
import type { AttemptRef, SecretStore } from './ports.js';
import { keptAs } from './secrets.js';

/** Variable → value. */
export type SecretValues = Readonly<Record<string, string>>;

export interface JobSecrets {
  /**
   * For a start: finds the values, and keeps a copy for `given`. The same attempt gets the same ones again. `own`: what Baton itself
   * gives it.
   */
  readonly take: (
    attempt: AttemptRef,
    refs: readonly string[],
    scope: Scope,
    own?: SecretValues,
  ) => Promise<E.Either<AppError, SecretValues>>;
  /** What the attempt was given; an error when that is no longer there. */
  readonly given: (attempt: AttemptRef) => Promise<E.Either<AppError, SecretValues>>;
  /** Its log is sealed, or it never ran. */
  readonly forget: (attempt: AttemptRef) => Promise<E.Either<AppError, void>>;
}

const copyOf = ({ jobId, attempt }: AttemptRef): string => `attempt/${jobId}.${attempt}`;
const Values = t.record(t.string, t.string);

const missing = (ref: string, { enterprise, organisation, project }: Scope, place: string): AppError =>
  appError(
    'not_found',
    'secret_missing',
    `The secret ${ref} was expected for project ${enterprise}/${organisation}/${project}, and there is none; store it with: baton secret set ${place}`,
  );

/** `secretOf`: a host's own secrets, asked for what the store has not; its rejection means that there is none. */
export const jobSecrets = (secrets: SecretStore, secretOf?: (ref: string) => Promise<string>): JobSecrets => {
  const kept = async (attempt: AttemptRef): Promise<E.Either<AppError, SecretValues | undefined>> => {
    const text = await secrets.get(copyOf(attempt))();
    if (E.isLeft(text) || text.right === undefined) return text as E.Either<AppError, undefined>;
    const values = Values.decode(JSON.parse(text.right));
    if (E.isLeft(values)) throw new Error('the copy of the secrets of an attempt is none');
    return values;
  };

  const find = async (refs: readonly string[], scope: Scope): Promise<E.Either<AppError, SecretValues>> => {
    const plan = secretPlan(refs, scope);
    if (E.isLeft(plan)) {
      const [first] = plan.left;
      return E.left(
        appError(
          'invalid',
          'secret_refused',
          `Secrets of the phase cannot be given to it: expected ${first?.expected ?? ''}, found ${first?.found ?? ''}.`,
          { problems: plan.left },
        ),
      );
    }
    const values: Record<string, string> = {};
    for (const { ref, name, places } of plan.right) {
      for (const place of places) {
        const value = await secrets.get(keptAs(place))();
        if (E.isLeft(value)) return value;
        if (value.right === undefined) continue;
        values[name] = value.right;
        break;
      }
      const fromHost = Object.hasOwn(values, name) ? undefined : await secretOf?.(ref).catch(() => undefined);
      if (fromHost !== undefined) values[name] = fromHost;
      if (!Object.hasOwn(values, name)) return E.left(missing(ref, scope, places[0] ?? ref));
    }
    return E.right(values);
  };

  return {
    take: async (attempt, refs, scope, own = {}) => {
      const before = await kept(attempt);
      if (E.isLeft(before)) return before;
      if (before.right !== undefined) return E.right(before.right);
      const found = await find(refs, scope);
      if (E.isLeft(found)) return found;
      const values = { ...found.right, ...own };
      const copied = await secrets.put(copyOf(attempt), JSON.stringify(values))();
      return E.isLeft(copied) ? copied : E.right(values);
    },
    given: async (attempt) => {
      const values = await kept(attempt);
      if (E.isLeft(values)) return values;
      return values.right === undefined
        ? E.left(
            appError(
              'store_unavailable',
              'job_secrets_missing',
              `What ${attempt.jobId}.${attempt.attempt} was given as secrets is no longer in the folder of secrets, so its log cannot be masked.`,
              {
                hint: 'Restore the folder of secrets from a backup; until then nothing of the log is stored.',
              },
            ),
          )
        : E.right(values.right);
    },
    forget: (attempt) => secrets.remove(copyOf(attempt))(),
  };
};
