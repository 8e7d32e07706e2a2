/** Old shape → next shape, one step per version, in order. Recorded shapes are never edited; a change adds a step here. */
import type { RawEvent } from '../kernel/recorded.js';

type Step = (event: RawEvent) => RawEvent;

/** `steps[type][n]` turns version n+1 of that type into version n+2. */
const steps: Readonly<Record<string, readonly Step[]>> = {};

/** Version that events of this type are written with today. */
export const currentSchema = (type: string): number => (steps[type]?.length ?? 0) + 1;

/** The event in its current shape; `schema` is the version that it was written with. */
export const upcast = (event: RawEvent, schema: number): RawEvent =>
  (steps[event.type] ?? []).slice(schema - 1).reduce((current, step) => step(current), event);
