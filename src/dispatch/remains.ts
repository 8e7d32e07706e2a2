/** What a closed job may have left on its runner is ended there, whenever the runner answers; then it is recorded. */
import * as E from 'fp-ts/lib/Either.js';
import type { AttemptRef, RunnerTarget, RunnerTransport } from '../app/ports.js';
import { evidenceOf } from '../domain/outcome.js';
import type { EndEvidence } from '../events/shapes.js';
import type { EndRemains } from './commands.js';
import { BACK_OFF_MS, targetOfAttempt, type Patience, type PerformDeps } from './drive.js';
import { asTransportError, orThrow } from './link.js';

/** Whether it is over, and how; asks for its end where it is not. */
const look = async (
  transport: RunnerTransport,
  target: RunnerTarget,
  attempt: AttemptRef,
  graceMs: number,
): Promise<EndEvidence | undefined> => {
  const found = await orThrow(transport.query(target, attempt));
  switch (found.state) {
    case 'tombstone':
      return { how: 'already_ended' };
    case 'lost':
      return found.ended === undefined ? { how: 'already_ended' } : evidenceOf(found.ended);
    case 'revoked':
      return { how: 'revoked' };
    case 'done':
      return evidenceOf(found.result);
    case 'absent':
    case 'claimed':
    case 'running':
    case 'orphan':
      // an absent one as well: a start that is still on its way must find it taken
      await orThrow(transport.cancel(target, attempt, graceMs));
      return undefined;
  }
};

export const endRemains = async (
  deps: PerformDeps,
  { insist, pause, signal }: Patience,
  { jobId, attempt, runner, graceMs }: EndRemains,
): Promise<void> => {
  const { transport, secrets, record, onProblem } = deps;
  const ref: AttemptRef = { jobId, attempt };
  const name = `${jobId}.${attempt}`;
  // nothing more of its log is stored, so nothing needs to be masked
  const forgotten = await secrets.forget(ref);
  if (E.isLeft(forgotten)) onProblem(`forgetting the secrets of ${name} failed`, forgotten.left);
  for (let n = 0; !signal.aborted; n++) {
    const facts = await insist('reading what was recorded', () => deps.facts(jobId, attempt));
    const target = facts && (await targetOfAttempt(deps, insist, facts));
    if (target === undefined) return;
    try {
      const evidence = await look(transport, target, ref, graceMs);
      if (evidence !== undefined) {
        await orThrow(transport.cleanUp(target, ref));
        await record(jobId, attempt, { kind: 'RecordRemains', attempt, evidence });
        return;
      }
    } catch (cause) {
      const error = asTransportError(cause);
      if (error === undefined) throw cause;
      onProblem(`ending what ${name} left on ${runner} is tried again`, error);
      // the runner was removed; should its key only be lost for now, the next start asks again
      if (error.code === 'no_key') return;
    }
    await pause(BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] ?? 30_000);
  }
};
