/** What does Screwdriver know of a build? Its token is swapped for one of the build, then everything is asked that its run needs. */
import type { Access, BuildOf, Closed, ScrewdriverApi } from './api.js';
import { firstMeta } from './meta.js';
import type { BuildRecord, Plan } from './records.js';
import type { SealedValues } from './sealed.js';

export interface Planned {
  readonly plan: Plan;
  /** The token of the build, and its secrets in the order of their names in the plan. */
  readonly values: SealedValues;
}

export const isClosed = (answer: object | string): answer is Closed =>
  typeof answer === 'object' && 'closed' in answer;

/** A value of the environment as the shell has it: YAML may have made a number, or more, of it. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));

const metaOf = async (
  api: ScrewdriverApi,
  record: BuildRecord,
  access: Access,
  { meta = {}, sha = '' }: BuildOf,
): Promise<{ readonly meta: string } | Closed> => {
  const event = record.eventId === undefined ? { meta: {} } : await api.event(access, record.eventId);
  if (isClosed(event)) return event;
  return { meta: JSON.stringify(firstMeta(event.meta ?? {}, meta, { ...record, sha })) };
};

/** The meta that a build begins with, as JSON: what those that it waited for have left is in it when they are over. */
export const metaNow = async (
  api: ScrewdriverApi,
  record: BuildRecord,
  access: Access,
): Promise<{ readonly meta: string } | Closed> => {
  const build = await api.build(access);
  return isClosed(build) ? build : metaOf(api, record, access, build);
};

/** `first`: with the token of the start; `minutes`: how long the other one is good for. Rejects with `Away` when it may succeed later. */
export const planOf = async (
  api: ScrewdriverApi,
  record: BuildRecord,
  first: Access,
  minutes: number,
): Promise<Planned | Closed> => {
  const token = await api.exchange(first, minutes);
  if (isClosed(token)) return token;
  const access: Access = { ...first, token };
  const build = await api.build(access);
  if (isClosed(build)) return build;
  const pipeline = await api.pipeline(access, record.pipelineId);
  if (isClosed(pipeline)) return pipeline;
  const meta = await metaOf(api, record, access, build);
  if (isClosed(meta)) return meta;
  const secrets = await api.secrets(access);
  if (isClosed(secrets)) return secrets;
  const given = secrets.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]));
  const environment = [build.environment ?? {}].flat().flatMap((told) => Object.entries(told));
  const { sha = '' } = build;
  return {
    plan: {
      steps: (build.steps ?? []).flatMap(({ name, command }) =>
        command === undefined ? [] : [{ name, command }],
      ),
      environment: Object.fromEntries(environment.map(([name, value]) => [name, textOf(value)])),
      secretNames: given.map(({ name }) => name),
      ...meta,
      sha,
      branch: pipeline.scmRepo?.branch ?? 'main',
    },
    values: { token, secrets: given.map(({ value }) => value) },
  };
};
