/** What several operations of the description have in common. */
import type { JsonSchema } from './closed.js';
import { problemStatuses } from './respond.js';
import { ref } from './view-schemas.js';

const problem = (description: string): JsonSchema => ({
  description,
  content: { 'application/problem+json': { schema: ref('Problem') } },
});

/** The refusals with these statuses, each in its words. */
export const refusalsWith = (statuses: readonly number[]): Record<string, unknown> =>
  Object.fromEntries(
    statuses.map((status) => [String(status), problem(problemStatuses.get(status) ?? 'Refused')]),
  );
