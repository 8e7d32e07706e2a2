/** Meta that a build begins with, as Screwdriver's launcher makes it: what the builds of its event left, its own, and who it is. Pure. */

export type Meta = Readonly<Record<string, unknown>>;

export const isMeta = (value: unknown): value is Meta =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of objects one by one, whatever else as a whole: what `over` says counts. Names as JSON has them: `__proto__` is one of them. */
const merged = (under: Meta, over: Meta): Meta =>
  Object.fromEntries(
    [...new Set([...Object.keys(under), ...Object.keys(over)])].map((name) => {
      const [below, above] = [under, over].map((meta) =>
        Object.hasOwn(meta, name) ? meta[name] : undefined,
      );
      return [
        name,
        isMeta(below) && isMeta(above) ? merged(below, above) : above === undefined ? below : above,
      ];
    }),
  );

export interface WhoItIs {
  readonly buildId: number;
  readonly jobId: number;
  readonly pipelineId: number;
  readonly jobName: string;
  readonly eventId?: number | undefined;
  readonly sha: string;
}

/** `ofEvent`: Screwdriver adds to it what each build of the event has left. */
export const firstMeta = (ofEvent: Meta, ofBuild: Meta, who: WhoItIs): Meta =>
  merged(merged(ofEvent, ofBuild), {
    build: {
      ...{ buildId: String(who.buildId), jobId: String(who.jobId), pipelineId: String(who.pipelineId) },
      ...{ eventId: String(who.eventId ?? ''), jobName: who.jobName, sha: who.sha },
    },
  });
