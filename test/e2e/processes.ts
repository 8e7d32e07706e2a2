/** Which processes still belong to a folder, and how is waited for what nobody announces? */
export { isAlive, killIfThere, processesOf } from '../../bench/fleet/processes.js';

/** Polls until `look` gives something; the error names what was expected. */
export const until = async <A>(
  what: string,
  look: () => Promise<A | undefined> | A | undefined,
  patienceMs = 45_000,
): Promise<A> => {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`expected within ${patienceMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};
