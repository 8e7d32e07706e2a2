/** A runner beside the rules of compatibility as they are now: they may be others than at its last probe. Pure. */
import { brokenBy, type Compatibility } from '../domain/compatibility.js';
import type { RunnerView } from '../../projections/runner-health.js';
import type { RunnerStatus } from './evidence.js';
import type { Standing } from './runner-window.js';

/** Of each machine as it was read the last time: that is judged once, and asked for in every list. */
const brokenByEach = (compatibility: Compatibility): ((runner: RunnerView) => string) => {
  const known = new WeakMap<RunnerView['attributes'], string>();
  return (runner) => {
    const before = known.get(runner.attributes);
    if (before !== undefined) return before;
    const broken = brokenBy(compatibility, runner);
    known.set(runner.attributes, broken);
    return broken;
  };
};

const standingWith = ({ state }: RunnerView, incompatible: string): Standing =>
  state === 'retired' || incompatible === ''
    ? { state }
    : { state: state === 'ready' ? 'unfit' : state, incompatible };

/** In which state runners of a live view are shown. */
export const standingsBy = (compatibility: Compatibility): ((runner: RunnerView) => Standing) => {
  const broken = brokenByEach(compatibility);
  return (runner) => standingWith(runner, broken(runner));
};

/** One that would be ready is unfit when it breaks a rule, since it gets no job then. */
export const judgedBy =
  (compatibility: Compatibility) =>
  (runner: RunnerStatus): RunnerStatus => {
    const standing = standingWith(runner, brokenBy(compatibility, runner));
    return {
      ...runner,
      ...standing,
      ...(standing.state === runner.state || standing.incompatible === undefined
        ? {}
        : { detail: standing.incompatible }),
    };
  };
