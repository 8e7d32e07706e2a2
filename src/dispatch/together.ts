/** Several things at once of which none is worth anything without the others. */

/**
 * What each gives, in order; nothing when one gives nothing. When one fails or gives nothing, or `signal` aborts, the others are told by
 * theirs to stop, and are waited for.
 */
export const together = async <A, B>(
  signal: AbortSignal,
  things: readonly A[],
  work: (thing: A, until: AbortSignal) => Promise<B | undefined>,
): Promise<readonly B[]> => {
  const enough = new AbortController();
  const stop = (): void => {
    enough.abort();
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    const ends = await Promise.allSettled(
      things.map(async (thing) => {
        try {
          const given = await work(thing, enough.signal);
          if (given === undefined) stop();
          return given;
        } catch (cause) {
          stop();
          throw cause;
        }
      }),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const given = ends.flatMap((end) =>
      end.status === 'fulfilled' && end.value !== undefined ? [end.value] : [],
    );
    return given.length === things.length ? given : [];
  } finally {
    signal.removeEventListener('abort', stop);
  }
};
