/** The identity of this installation, and the epoch with which it owns its runners where nobody else can. */
import { createHash, randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { BatonEvent } from '../events/catalog.js';
import { appError, type AppError } from './errors.js';
import { handle, type Deps } from './handle.js';
import { OWNER_STREAM } from './ownership.js';

export interface Installation {
  /** Names Baton's folder on each runner. */
  readonly installationId: string;
}

const envelope = () => ({
  commandId: randomUUID(),
  bodySha256: createHash('sha256').update('').digest('hex'),
  actor: 'baton',
});

/** Writes `make(found)` when the stream lacks it; answers what the stream says afterwards. */
const ensure = async <A>(
  deps: Deps,
  stream: string,
  read: (event: BatonEvent) => A | undefined,
  make: () => BatonEvent,
): Promise<E.Either<AppError, A>> => {
  let found: A | undefined;
  const written = await handle(
    deps,
    stream,
    {
      initial: undefined as A | undefined,
      evolve: (state: A | undefined, event: BatonEvent) => (found = read(event) ?? state),
      decide: (_: 'Ensure', state): E.Either<never, readonly BatonEvent[]> =>
        E.right(state === undefined ? [make()] : []),
    },
    'Ensure',
    envelope(),
  );
  if (E.isLeft(written) && written.left.kind === 'failed') return E.left(written.left.error);
  if (E.isRight(written)) for (const { event } of written.right.events) found = read(event) ?? found;
  return found === undefined
    ? E.left(appError('internal', 'installation', `The stream ${stream} is not readable.`))
    : E.right(found);
};

/** Made with the first event of every store. */
export const openInstallation = (deps: Deps): Promise<E.Either<AppError, Installation>> =>
  ensure(
    deps,
    'installation',
    (event) => (event.type === 'InstallationCreated' ? event.data : undefined),
    () => ({ type: 'InstallationCreated', data: { installationId: randomUUID() } }),
  );

/** The fence that runners check. With the embedded store one installation owns every runner for ever, so it stays 1. */
export const embeddedEpoch = (
  deps: Deps,
  { installationId }: Installation,
): Promise<E.Either<AppError, number>> =>
  ensure(
    deps,
    OWNER_STREAM,
    (event) => (event.type === 'ShardTaken' ? event.data.epoch : undefined),
    () => ({ type: 'ShardTaken', data: { dispatcher: installationId, epoch: 1 } }),
  );
