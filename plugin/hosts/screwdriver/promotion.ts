/** What Baton is told of a build: one phase, one job for each row, whose script runs all steps. The same record gives the same promotion. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { branch, line, name } from '../../../src/domain/checks.js';
import type { HostCommand } from '../../contract.js';
import { wishesOf } from './annotations.js';
import type { ShimOptions } from './options.js';
import type { BuildRecord, Plan } from './records.js';
import { scriptOf } from './script.js';

export const hostKeyOf = (buildId: number): string => `sd:${buildId}`;

/** Undefined for what is no key of ours. */
export const buildIdOf = (hostKey: string): number | undefined => {
  const [, id] = /^sd:(\d{1,15})$/.exec(hostKey) ?? [];
  return id === undefined ? undefined : Number(id);
};

/** Variable in which Baton gives a secret: it is asked for by this name alone, so the name tells whose it is. */
const variableOf = (buildId: number, index: number): string => `SD_BUILD_${buildId}_${index}`;

/** `SD_BUILD_12_0`: the token of build 12; `SD_BUILD_12_3`: its third secret. */
export const secretAsked = (
  ref: string,
): { readonly buildId: number; readonly index: number } | undefined => {
  const [, id, index] = /^SD_BUILD_(\d{1,15})_(\d{1,3})$/.exec(ref) ?? [];
  return id === undefined ? undefined : { buildId: Number(id), index: Number(index) };
};

/** A phase has at most a hundred, and one is the token. */
const MOST_SECRETS = 99;

/** Characters of JSON: they are sent with the script. */
const MOST_META = 32_000;

const worded = (text: string): string =>
  text
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 80);

const FROZEN =
  'undeliverable: this job has freezeWindows, which Baton does not know; leave them out, or run it by the queue executor of Screwdriver';

type Promoted = Extract<HostCommand, { type: 'phase.promoted' }>;

/** Of how many minutes a build may run: what it wants, within what the options allow. */
export const timeoutOf = (
  record: BuildRecord,
  { buildTimeoutMinutes, maxBuildTimeoutMinutes }: ShimOptions,
): number => {
  const wishes = wishesOf(record.annotations);
  const wanted = E.isRight(wishes) ? wishes.right.timeoutMinutes : undefined;
  return Math.min(wanted ?? buildTimeoutMinutes, maxBuildTimeoutMinutes);
};

/** `PR-12:main`: 12. Empty for a job of no pull request, as the launcher has it. */
const pullRequestOf = (jobName: string): string => /^PR-(\d{1,10})(?::|$)/.exec(jobName)?.[1] ?? '';

/** What a step finds as environment, beside what the build itself says. */
const factsOf = (
  record: BuildRecord,
  plan: Plan,
  sha: string,
  addresses: Addresses,
): Record<string, string> => ({
  SCREWDRIVER: 'true',
  CI: 'true',
  CONTINUOUS_INTEGRATION: 'true',
  SD_BUILD_ID: String(record.buildId),
  SD_JOB_ID: String(record.jobId),
  SD_JOB_NAME: record.jobName,
  SD_EVENT_ID: String(record.eventId ?? ''),
  SD_PIPELINE_ID: String(record.pipelineId),
  SD_PIPELINE_NAME: record.pipelineName,
  SD_BUILD_SHA: sha,
  SD_PULL_REQUEST: pullRequestOf(record.jobName),
  SD_PR_PARENT_JOB_ID: String(record.prParentJobId ?? 0),
  SD_API_URL: `${addresses.apiUri}/v4/`,
  SD_BUILD_URL: `${addresses.apiUri}/v4/builds/${record.buildId}`,
  SD_STORE_URL: `${addresses.storeUri}/v1/`,
  GIT_BRANCH: plan.branch,
});

/** As the build reaches them. */
export interface Addresses {
  readonly apiUri: string;
  readonly storeUri: string;
}

/** The command, or the sentence that Screwdriver is told instead. */
export const promotionOf = (
  record: BuildRecord,
  plan: Plan,
  options: ShimOptions,
  addresses: Addresses,
): E.Either<string, Promoted> => {
  const { buildId, pipelineId, pipelineName, jobName, word, causeMessage } = record;
  const wishes = wishesOf(record.annotations);
  if (E.isLeft(wishes))
    return E.left(
      `undeliverable: ${wishes.left.map(({ path, expected, found }) => `${path}: expected ${expected}, found ${found}`).join('; ')}`,
    );
  if (record.freezes) return E.left(FROZEN);
  if (plan.secretNames.length > MOST_SECRETS)
    return E.left(
      `undeliverable: this build has ${plan.secretNames.length} secrets, and at most ${MOST_SECRETS} can be given to it`,
    );
  if (plan.meta.length > MOST_META)
    return E.left(
      `undeliverable: the meta that the builds before this one left is ${plan.meta.length} characters of JSON, and at most ${MOST_META} can be given to a build; leave files elsewhere`,
    );
  const given = ['SD_TOKEN', ...plan.secretNames];
  const script = scriptOf({
    word,
    steps: plan.steps,
    environment: { ...factsOf(record, plan, plan.sha, addresses), ...plan.environment },
    secrets: Object.fromEntries(given.map((known, i) => [variableOf(buildId, i), known])),
    meta: plan.meta,
  });
  if ('cannot' in script) return E.left(script.cannot);
  const { rows, priority, slots, cache, graceSeconds } = wishes.right;
  const [organisation = '', repository = ''] = pipelineName.split('/');
  const title = causeMessage.split('\n')[0]?.trim() ?? '';
  return E.right({
    type: 'phase.promoted',
    commandId: `${hostKeyOf(buildId)}:start`,
    actor: 'screwdriver',
    promotion: {
      hostKey: hostKeyOf(buildId),
      scope: {
        enterprise: options.enterprise,
        organisation: worded(organisation) || 'default',
        // pipelines of the same name may come from several places, and must not meet in a cache
        project: `${worded(repository) || 'pipeline'}-${pipelineId}`,
      },
      pipeline: branch.is(plan.branch) ? plan.branch : 'main',
      stage: 'build',
      phase: name.is(jobName) ? jobName : worded(jobName) || 'job',
      steps: [{ name: 'build', run: script.run }],
      rows,
      limits: {
        totalMs: timeoutOf(record, options) * 60_000,
        queueMs: options.maxQueueMinutes * 60_000,
        ...(graceSeconds === undefined ? {} : { cancelGraceMs: graceSeconds * 1000 }),
      },
      secretRefs: given.map((_, i) => variableOf(buildId, i)),
      ...(priority === undefined ? {} : { priority }),
      ...(slots === undefined ? {} : { slots }),
      ...(cache === undefined ? {} : { workspace: { cache } }),
      ...(record.eventId === undefined
        ? {}
        : {
            change: {
              id: `event-${record.eventId}`,
              title: line(500).is(title) ? title : `event ${record.eventId}`,
            },
          }),
    },
  });
};
