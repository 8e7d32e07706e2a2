/** What the runner's shell is given: the steps as one script, and the environment that names the job. Pure. */
import type { ReportOffer } from '../app/reports.js';
import type { AttemptRef } from '../app/ports.js';
import { quote } from '../domain/shell-word.js';
import type { PhasePromoted } from '../events/phase-run.js';
import type { Step } from '../events/shapes.js';

/** Steps run in order, each in a shell of its own; the first that fails ends the script with its exit code. */
export const scriptOf = (steps: readonly Step[]): string =>
  steps.length === 1
    ? `${steps[0]?.run ?? ''}\n`
    : steps.map(({ run }) => `sh -c ${quote(run)} || exit $?\n`).join('');

/** Plain facts only; secrets come another way. */
export const environmentOf = (
  promoted: PhasePromoted,
  { jobId, attempt }: AttemptRef,
  runner: string,
  offer?: Pick<ReportOffer, 'url'>,
): Readonly<Record<string, string>> => ({
  CI: 'true',
  BATON: 'true',
  BATON_JOB_ID: jobId,
  BATON_ATTEMPT: String(attempt),
  BATON_RUNNER: runner,
  BATON_ENTERPRISE: promoted.scope.enterprise,
  BATON_ORGANISATION: promoted.scope.organisation,
  BATON_PROJECT: promoted.scope.project,
  BATON_PIPELINE: promoted.pipeline,
  BATON_STAGE: promoted.stage,
  BATON_PHASE: promoted.phase,
  ...(promoted.source === undefined ? {} : { BATON_SHA: promoted.source.sha }),
  ...(promoted.change === undefined ? {} : { BATON_CHANGE: promoted.change.id }),
  ...(offer === undefined ? {} : { BATON_REPORT_URL: offer.url }),
});

/** A host that runs stages names a phase run `<stage run>/<phase>`, of a consumer `<stage run>/<its change>/<phase>`. */
const stageRunIn = ({ hostKey, phase }: PhasePromoted): string | undefined =>
  hostKey.endsWith(`/${phase}`) ? hostKey.slice(0, hostKey.indexOf('/')) : undefined;

/**
 * What a job may read of itself, as JSON: by the names that the original's `change.json` has, and what is Baton's own. No secrets but
 * the token with which it may report, where it may: that is worth nothing when the attempt is over.
 */
export const factsOf = (
  promoted: PhasePromoted,
  phaseRunId: string,
  { jobId, attempt }: AttemptRef,
  runner: string,
  offer?: ReportOffer,
): string => {
  const { scope, pipeline, stage, phase, change, source } = promoted;
  const facts: Readonly<Record<string, string | number | null | undefined>> = {
    ...{ enterprise: scope.enterprise, organization: scope.organisation, project: scope.project },
    pipeline,
    ...{ change_id: change?.id, patchset_number: change?.patchset, change_title: change?.title },
    delivery_change_url: change?.url,
    ...{ delivery_api_url: offer?.apiUrl(scope.enterprise), token: offer?.token },
    ...{ stage, stage_run_id: stageRunIn(promoted), phase, phase_run_id: phaseRunId },
    ...{ git_url: source?.repository, sha: source?.sha },
    // as there: none once it is merged
    patchset_branch: stage === 'verify' ? source?.branch : null,
    ...{ job_id: jobId, attempt, runner, host: promoted.host, host_key: promoted.hostKey },
  };
  return JSON.stringify(facts);
};
