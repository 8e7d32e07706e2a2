/** Processes that leave their job in every way there is: who of them is still there when it was cancelled, or has ended? */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../bench/fleet/processes.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { aFaultyRunner } from './runner.js';
import { tallyOf, type Tally } from './tally.js';

let world: World;
let tally: Tally;
beforeEach(async () => {
  world = await aWorld();
  tally = tallyOf(world);
  await world.start();
  await aFaultyRunner(world, 'runner');
});
afterEach(() => world.close());

/** How each gets away; `run` becomes a process that says its number and stays. */
const escapes: Readonly<Record<string, (run: string) => string>> = {
  'a child': (run) => `${run} &`,
  'a child without the job for a parent': (run) => `(${run} &)`,
  'one that a hang-up does not end': (run) => `nohup ${run} &`,
  'a session of its own': (run) => `setsid ${run} &`,
  'a session of its own, without a parent': (run) => `(setsid ${run} &)`,
  'without the environment': (run) => `setsid env -i PATH="$PATH" ${run} &`,
  'without environment and parent, with the output': (run) => `(setsid env -i PATH="$PATH" ${run} &)`,
  'in another folder': (run) => `(cd /; setsid ${run} &)`,
  'without output': (run) => `setsid ${run} </dev/null >/dev/null 2>&1 &`,
};
/** Found by a control group only. */
const HIDDEN = 'without anything';
const hide = (run: string): string =>
  `setsid env -i PATH="$PATH" sh -c '(cd /; exec </dev/null >/dev/null 2>&1; setsid sh "$0" "$1" &)' ${run.replace(/^sh /, '')}`;

/** Starts all of them; each writes its number into a file. */
const breakOut = (pids: string, names: readonly (readonly [string, (run: string) => string])[]): string =>
  names.map(([, how], i) => how(`sh '${world.folder}/stay' '${pids}/${i}'`)).join('\n');

const inControlGroup = async (): Promise<boolean> =>
  (await world.ask('POST', '/runners/runner/test', {})).bytes.includes('a control group for each slot');

it.each([
  // some of a job's own may be deaf to what a cancel says first
  ['cancelled', 'JobCancelled', 'echo waits; sleep 300', `trap '' TERM`],
  ['ended', 'JobSucceeded', 'true', ':'],
])(
  'given all of them when the job is %s, then none is left, and nobody is said to be',
  async (_, ends, last, first) => {
    world.file('stay', `${first}\necho $$ > "$1.new"\nmv "$1.new" "$1"\nwhile :; do sleep 1; done\n`);
    const pids = join(world.folder, 'pids');
    await mkdir(pids);
    const all = [...Object.entries(escapes), ...((await inControlGroup()) ? [[HIDDEN, hide] as const] : [])];
    const there = `until [ "$(ls '${pids}' | grep -vc new)" -eq ${all.length} ]; do sleep 0.05; done`;
    const project = tally.project('true');
    const script = `${breakOut(pids, all)}\n${there}\n${last}`;
    const change = await tally.submit({ ...project, commands: { unit: script } }).change();
    const numbers = await until('all have got away', async () => {
      const there = (await readdir(pids)).filter((name) => !name.endsWith('.new'));
      return there.length === all.length
        ? Promise.all(all.map(async (_one, i) => Number(await readFile(join(pids, String(i)), 'utf8'))))
        : undefined;
    });
    const [job] = await world.jobsOf(change);
    if (ends === 'JobCancelled') await world.ask('POST', `/jobs/${job?.id ?? ''}/cancel`, {});
    const [end] = await tally.ends(change);
    expect(end?.terminal.type).toBe(ends);
    if (ends === 'JobCancelled') expect(end?.terminal.data).toMatchObject({ evidence: { survivors: [] } });
    const alive = await Promise.all(numbers.map(isAlive));
    expect(all.map(([name]) => name).filter((_name, i) => alive[i])).toEqual([]);
  },
);
