/** How fast is history folded into all views, beside a loop that only reads it, and does it matter how many jobs are under way? */
import { readModels } from '../src/app/read-models.js';
import { projections } from '../src/projections.js';
import { fill, orThrow, type Filled } from './replay/fill.js';
import { atLeast, atMost, inTurn, machine, ratioOf, stopwatch, type Report, type Subject } from './report.js';

/** Reads all of it, page by page; the store parses the JSON. */
const reading = (name: string, { store, events }: Filled): Subject => ({
  name,
  unit: 'events/s',
  measure: async () => {
    const spent = stopwatch();
    let seen = 0;
    let from: string | undefined;
    for (;;) {
      const page = orThrow(await store.readAll(from ?? 'start', { maxCount: 500 })());
      const last = page.at(-1)?.position;
      seen += page.length - (from === undefined ? 0 : 1);
      if (last === undefined || last === from) break;
      from = last;
    }
    if (seen !== events) throw new Error(`${seen} of ${events} events were read`);
    return (events * 1000) / spent();
  },
});

/** As a server without checkpoints starts. */
const replaying = (name: string, { store, events }: Filled): Subject => ({
  name,
  unit: 'events/s',
  measure: async () => {
    const spent = stopwatch();
    const { models, close } = readModels(projections, store, {
      onProblem: ({ message }) => {
        throw new Error(message);
      },
    });
    await Promise.all(Object.values(models).map((model) => model.caughtUp()));
    const ms = spent();
    await close();
    return (events * 1000) / ms;
  },
});

export const replayBench = async (quick: boolean): Promise<Report> => {
  const phases = quick ? 300 : 15_000;
  const [few, many] = quick ? [10, 100] : [1_000, 10_000];
  const usual = await fill(phases, few);
  const busy = await fill(phases, many);
  const named = (what: string, live: number): string => `${what}, ${live} jobs under way`;
  const rows = await inTurn([
    reading(named('only read', few), usual),
    replaying(named('replay into all views', few), usual),
    replaying(named('replay into all views', many), busy),
  ]);
  await usual.close();
  await busy.close();
  return {
    bench: 'replay',
    machine: machine(),
    rows,
    goals: [
      atLeast(
        'replay / only read',
        ratioOf(rows, named('replay into all views', few), named('only read', few)),
        0.7,
      ),
      atMost(
        `replay with ${few} / with ${many} under way`,
        ratioOf(rows, named('replay into all views', few), named('replay into all views', many)),
        1.3,
      ),
    ],
  };
};
