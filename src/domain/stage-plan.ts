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

export type Stage = 'verify' | 'build' | 'acceptance' | 'union' | 'rehearsal' | 'delivered';

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
