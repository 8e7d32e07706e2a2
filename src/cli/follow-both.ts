/** Both outputs of a job that keeps them apart, as they come: line by line, so that neither breaks into a line of the other. */
import { splitOutputs } from '../domain/output.js';
import { followLog } from './follow.js';

/** A line that is longer is given in parts. */
const LONGEST_LINE = 64 * 1024;

/** Keeps back what has no line feed yet. */
const byLine = (give: (bytes: Buffer) => Promise<void>) => {
  let kept: Buffer = Buffer.alloc(0);
  return {
    give: async (bytes: Buffer): Promise<void> => {
      const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
      const end = all.length > LONGEST_LINE ? all.length : all.lastIndexOf(10) + 1;
      kept = all.subarray(end);
      if (end > 0) await give(all.subarray(0, end));
    },
    /** With a line feed that it lacked, since what follows is of the other output. */
    end: async (): Promise<void> => {
      if (kept.length > 0) await give(Buffer.concat([kept, Buffer.from('\n')]));
    },
  };
};

/** Gives each piece of either once; answers the refusal that ended one of them, if one did. */
export const followBoth: typeof followLog = async (client, jobId, which, signal, give) => {
  const enough = new AbortController();
  const both = AbortSignal.any([signal, enough.signal]);
  const problems = await Promise.all(
    splitOutputs.map(async (output) => {
      const lines = byLine(give);
      const problem = await followLog(client, jobId, { ...which, output }, both, lines.give);
      await lines.end();
      if (problem !== undefined) enough.abort();
      return problem;
    }),
  );
  return problems.find((problem) => problem !== undefined);
};
