/** Use cases of secrets: set, list, remove. A value goes in and never comes out again but into a job. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { roleAt, suffices } from '../domain/grants.js';
import { ownerOf } from '../domain/secret-ref.js';
import { secretsDecider, type SecretCommand } from '../domain/secrets.js';
import { appError, type AppError } from './errors.js';
import { handle, load, type Deps, type Handled } from './handle.js';
import type { SecretStore } from './ports.js';
import type { Repeats } from './repeats.js';
import type { CommandContext, Done, SecretView, UseCases } from './use-cases.js';

export interface SecretDeps extends Deps {
  readonly secrets: SecretStore;
  readonly repeats: Repeats;
}

const STREAM = 'secrets';

/** Where a secret of people is kept: keys of runners are beside it in the same store, and are none of theirs. */
export const keptAs = (ref: string): string => `secret/${ref}`;

const unknown = (ref: string): AppError =>
  appError('not_found', 'secret_unknown', `There is no secret ${ref}.`, { hint: 'baton secret list' });

export const secretUseCases = (
  deps: SecretDeps,
): Pick<UseCases, 'setSecret' | 'listSecrets' | 'removeSecret'> => {
  const list = async (): Promise<E.Either<AppError, readonly SecretView[]>> => {
    const history = await load(deps.store, STREAM);
    if (E.isLeft(history)) return history;
    const views = new Map<string, SecretView>();
    for (const { event, metadata } of history.right.events) {
      if (event.type === 'SecretStored') {
        const { ref } = event.data;
        const { recordedAt: setAt, actor: setBy, reason } = metadata;
        views.set(ref, { ref, setAt, setBy, ...(reason === undefined ? {} : { reason }) });
      } else if (event.type === 'SecretRemoved') views.delete(event.data.ref);
    }
    return E.right([...views.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1)));
  };

  const show = async (ref: string): Promise<E.Either<AppError, SecretView>> => {
    const all = await list();
    if (E.isLeft(all)) return all;
    const found = all.right.find((view) => view.ref === ref);
    return found === undefined ? E.left(unknown(ref)) : E.right(found);
  };

  /** The body's plain digest would let anyone who reads the history try guesses of the value. */
  const blind = (context: CommandContext): CommandContext => ({
    ...context,
    bodySha256: deps.secrets.digest(context.bodySha256),
  });

  const record = async (
    { commandId, bodySha256, caller, reason }: CommandContext,
    command: SecretCommand,
  ): Promise<E.Either<AppError, Handled>> => {
    const done = await handle(deps, STREAM, secretsDecider, command, {
      commandId,
      bodySha256,
      actor: caller.actor,
      correlationId: command.ref,
      ...(reason === undefined ? {} : { reason }),
    });
    if (E.isRight(done)) return done;
    return E.left(done.left.kind === 'failed' ? done.left.error : unknown(command.ref));
  };

  const set = async (
    given: CommandContext,
    ref: string,
    value: string,
  ): Promise<E.Either<AppError, Done<SecretView>>> => {
    const context = blind(given);
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    // a repeat that comes late must not bring back a value that was replaced since
    if (before.right === undefined) {
      const kept = await deps.secrets.put(keptAs(ref), value)();
      if (E.isLeft(kept)) return kept;
    }
    const done = await record(context, { kind: 'StoreSecret', ref });
    if (E.isLeft(done)) return done;
    const shown = await show(ref);
    return E.isLeft(shown) ? shown : E.right({ value: shown.right, repeated: done.right.repeated });
  };

  const remove = async (
    given: CommandContext,
    ref: string,
  ): Promise<E.Either<AppError, Done<{ readonly ref: string }>>> => {
    const context = blind(given);
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    if (before.right !== undefined) return E.right({ value: { ref }, repeated: true });
    const known = await show(ref);
    if (E.isLeft(known)) return known;
    const gone = await deps.secrets.remove(keptAs(ref))();
    if (E.isLeft(gone)) return gone;
    const done = await record(context, { kind: 'RemoveSecret', ref });
    return E.isLeft(done) ? done : E.right({ value: { ref }, repeated: done.right.repeated });
  };

  return {
    setSecret: (context, ref, value) => () => set(context, ref, value),
    listSecrets: ({ grants }) =>
      TE.map((all: readonly SecretView[]) =>
        all.filter(({ ref }) => suffices(roleAt(grants, ownerOf(ref)), 'admin')),
      )(list),
    removeSecret: (context, ref) => () => remove(context, ref),
  };
};
