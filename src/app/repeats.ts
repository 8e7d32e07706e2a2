/** Was this command carried out before? A repeat never meets `decide` again, nor git, nor a runner. */
import * as E from 'fp-ts/lib/Either.js';
import type { CommandsView } from '../../projections/commands.js';
import { appError, type AppError } from './errors.js';
import type { ReadModel } from './read-models.js';
import type { CommandContext } from './use-cases.js';

export interface Repeats {
  /** The stream that the first one wrote to; undefined when there was none; a refusal when it had another body. */
  readonly streamOf: (context: CommandContext) => Promise<E.Either<AppError, string | undefined>>;
}

export const repeats = (model: ReadModel<CommandsView>): Repeats => ({
  streamOf: async ({ commandId, bodySha256 }) => {
    await model.caughtUp();
    const { known } = model.view();
    const before = Object.hasOwn(known, commandId) ? known[commandId] : undefined;
    return before !== undefined && before.bodySha256 !== bodySha256
      ? E.left(
          appError(
            'idempotency_conflict',
            'same_key_other_body',
            'This key was used before with another body.',
            {
              hint: 'Use a new Idempotency-Key for a new command.',
            },
          ),
        )
      : E.right(before?.stream);
  },
});
