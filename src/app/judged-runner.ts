/** A runner beside the rules of compatibility as they are now: they may be others than at its last probe. Pure. */
import { brokenBy, type Compatibility } from '../domain/compatibility.js';
import type { RunnerStatus } from './evidence.js';

/** One that would be ready is unfit when it breaks a rule, since it gets no job then. */
export const judgedBy =
  (compatibility: Compatibility) =>
  (runner: RunnerStatus): RunnerStatus => {
    const incompatible = runner.state === 'retired' ? '' : brokenBy(compatibility, runner);
    if (incompatible === '') return runner;
    return {
      ...runner,
      incompatible,
      ...(runner.state === 'ready' ? { state: 'unfit', detail: incompatible } : {}),
    };
  };
