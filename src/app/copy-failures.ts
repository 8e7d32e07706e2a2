/** How is it told that a copy failed, and what is to be done? */
import { differencesOf, type CopiedEvent } from './copied-event.js';
import type { CopyFailure } from './copy-events.js';
import { appError, type AppError } from './errors.js';
import type { StoreError } from './ports.js';

/** The reason of a refusal that says: the two do not hold the same. */
export const HISTORIES_DIFFER = 'histories_differ';

interface Names {
  readonly from: string;
  readonly to: string;
}

const named = ({ type, stream, revision }: CopiedEvent): string =>
  `${type} at revision ${revision} of ${JSON.stringify(stream)}`;

const differ = (message: string, hint: string): AppError =>
  appError('conflict', HISTORIES_DIFFER, message, { hint });

const goOn = (written: number): string =>
  written === 0
    ? 'nothing was written; the same command can be given again'
    : `${written} events were written; the same command goes on after them`;

const BEFORE =
  'nothing was written: copy to an empty store, or to one that holds a beginning of this history';
const AFTER = 'do not use it; see that nothing else writes there, then copy to an empty store';

const told = (place: number, expected: CopiedEvent | undefined, found: CopiedEvent | undefined): string => {
  if (expected === undefined || found === undefined)
    return `event ${place} was expected to be ${expected === undefined ? 'none' : named(expected)}, found ${found === undefined ? 'none' : named(found)}`;
  return `event ${place} was expected to be ${named(expected)}, found ${named(found)}, with another ${differencesOf(expected, found).join(', ')}`;
};

const storeFailed = (side: keyof Names, name: string, error: StoreError, written: number): AppError => {
  switch (error.code) {
    case 'store_unavailable':
      return appError(
        'store_unavailable',
        error.why,
        // a server names itself
        error.message.includes(name) ? error.message : `${name}: ${error.message}`,
        { hint: goOn(written) },
      );
    case 'wrong_expected_revision':
      return differ(
        `${name}: the stream ${JSON.stringify(error.stream)} was expected to end at revision ${error.expected}, found ${error.current}`,
        `something else writes there: stop it; ${goOn(written)}`,
      );
    case 'append_too_large':
    case 'stream_not_found':
      return appError(
        'store_unavailable',
        error.code,
        `${name} could not be ${side === 'from' ? 'read' : 'written'}: ${error.code}`,
        {
          hint: goOn(written),
        },
      );
  }
};

export const copyFailed = (failure: CopyFailure, names: Names): AppError => {
  const { from, to } = names;
  switch (failure.code) {
    case 'store':
      return storeFailed(failure.side, names[failure.side], failure.error, failure.written);
    case 'differs': {
      const { when, place, expected, found } = failure;
      if (when === 'before')
        return differ(`${to} holds another history than ${from}: ${told(place, expected, found)}.`, BEFORE);
      return expected === undefined && found === undefined
        ? differ(
            `${to} was read back with another digest than ${from}, and the next time with the same one.`,
            'see that nothing else writes there, then give the same command again',
          )
        : differ(`${to} was not read back as it was written: ${told(place, expected, found)}.`, AFTER);
    }
    case 'unfit':
      return appError(
        'source',
        'unfit_event',
        `${to} cannot hold ${named(failure.event)} of ${from}: ${failure.why}.`,
        { hint: `${failure.written} events were written before it; what is there is no whole history` },
      );
    case 'used_stream':
      return differ(
        `${to} was expected to write up to revision ${failure.expected} of ${JSON.stringify(failure.stream)}, but wrote up to ${failure.found}: the stream was used before.`,
        'copy to a store that never held anything',
      );
  }
};
