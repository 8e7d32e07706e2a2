/** More slots than sshd allows sessions on one connection: does every job come through, and as fast as without that limit? */
import { openEngine, runAtOnce, type Engine } from '../fleet/engine.js';
import { startMachine } from '../fleet/machine.js';
import type { Group } from '../report.js';
import type { Undoing } from '../store/tidily.js';

const USUAL = 10;
const AMPLE = 500;

const named = (slots: number, maxSessions: number): string => `${slots} at once, MaxSessions ${maxSessions}`;

export const MANY = {
  usual: (slots: number) => named(slots, USUAL),
  ample: (slots: number) => named(slots, AMPLE),
  failed: (slots: number) => `${named(slots, USUAL)}: jobs that did not succeed`,
  requeued: (slots: number) => `${named(slots, USUAL)}: attempts that came to nothing`,
};

const wave = async (engine: Engine, slots: number) => {
  const { ended, ms } = await runAtOnce(engine, 'true', slots);
  return {
    rate: (slots * 1000) / ms,
    failed: ended.filter(({ outcome }) => outcome !== 'JobSucceeded').length,
    requeued: ended.reduce((sum, job) => sum + job.requeued, 0),
  };
};

export const manyAtOnce = async (slots: number, undoing: Undoing): Promise<readonly Group[]> => {
  const [usual, ample] = [
    await openEngine(await startMachine(undoing, { maxSessions: USUAL }), slots, undoing),
    await openEngine(await startMachine(undoing, { maxSessions: AMPLE }), slots, undoing),
  ];
  return [
    {
      rows: [
        [MANY.usual(slots), 'jobs/s'],
        [MANY.failed(slots), 'jobs'],
        [MANY.requeued(slots), 'attempts'],
      ],
      measure: async () => {
        const { rate, failed, requeued } = await wave(usual, slots);
        return [rate, failed, requeued];
      },
    },
    {
      rows: [[MANY.ample(slots), 'jobs/s']],
      measure: async () => [(await wave(ample, slots)).rate],
    },
  ];
};
