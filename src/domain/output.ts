/** Which outputs does a job have? */
import type { OutputForm } from '../events/shapes.js';

/** Both of a job whose outputs are kept apart, in the order in which they are told. */
export const splitOutputs = ['stdout', 'stderr'] as const;
export type SplitOutput = (typeof splitOutputs)[number];

/** What a job told of itself, beside what it wrote. */
export const REPORT = 'report' as const;

/** What can be asked for by name. */
export const outputNames = [...splitOutputs, REPORT] as const;
export type OutputName = (typeof outputNames)[number];

/** Undefined stands for the one log of a job whose outputs are not kept apart. */
export const outputsOf = (form: OutputForm | undefined): readonly (SplitOutput | undefined)[] =>
  form === 'split' ? splitOutputs : [undefined];
