/** Which phases a stage has, and which of them run together. Fixed, as in the original. */

/** The ten phases of a pipeline. */
export const phases = [
  'unit',
  'lint',
  'syntax',
  'quality',
  'security',
  'publish',
  'provision',
  'deploy',
  'smoke',
  'functional',
] as const;
export type Phase = (typeof phases)[number];

/** In the order in which a change comes through them. */
export const stages = ['verify', 'build', 'acceptance', 'union', 'rehearsal', 'delivered'] as const;
export type Stage = (typeof stages)[number];

export const isStage = (word: string): word is Stage => (stages as readonly string[]).includes(word);

export const isPhase = (word: string): word is Phase => (phases as readonly string[]).includes(word);

const checks = ['unit', 'lint', 'syntax'] as const;
const rollout = [['provision'], ['deploy'], ['smoke'], ['functional']] as const;

/** Stage → groups of phases: those of a group run together, the groups one after the other. */
export const stagePlan: Readonly<Record<Stage, readonly (readonly Phase[])[]>> = {
  verify: [checks],
  build: [checks, ['quality', 'security'], ['publish']],
  acceptance: rollout,
  union: rollout,
  rehearsal: rollout,
  delivered: rollout,
};

/** Stage → the one that starts by itself when it has passed; Verify waits for an approval, Acceptance for a delivery. */
export const nextStage: Readonly<Partial<Record<Stage, Stage>>> = {
  build: 'acceptance',
  union: 'rehearsal',
  rehearsal: 'delivered',
};
