/** How a build ends that Baton is not to run: refused, collapsed into a newer one, stopped before anything began, or unknown to Screwdriver. */
import { hasEnded, type Access, type Closed, type ScrewdriverApi } from './api.js';
import type { BuildRecord, Records } from './records.js';
import { refused } from './status.js';
import { endIsSaved, type Patience } from './stopped.js';

interface LeavingDeps {
  readonly records: Records;
  readonly api: (record: BuildRecord) => ScrewdriverApi;
  /** Undefined: its token cannot be opened. */
  readonly accessOf: (record: BuildRecord) => Access | undefined;
  readonly close: (buildId: number) => Promise<void>;
  /** Those that waited for this one look whether they may begin. */
  readonly othersGoOn: (buildId: number) => void;
  /** Screwdriver saves the end of a build within so many milliseconds after it has asked to stop it. */
  readonly endSavedMs: number;
  readonly pause: Patience['pause'];
  readonly isOver: () => boolean;
  readonly say: (sentence: string) => void;
}

interface Leaving {
  readonly refuse: (record: BuildRecord, access: Access, refusal: string) => Promise<void>;
  /** `wait`: the newer one is not to run any more, so this one may. */
  readonly collapse: (record: BuildRecord, into: number) => Promise<'wait' | 'done'>;
  /** `wait`: the process ends first. */
  readonly leaveStopped: (record: BuildRecord) => Promise<'wait' | 'done'>;
  readonly leave: (buildId: number, why: string) => Promise<'done'>;
}

export const leaving = (deps: LeavingDeps): Leaving => {
  const { records, api, accessOf, close, othersGoOn, endSavedMs, pause, isOver, say } = deps;

  const sayClosed = (buildId: number, what: string, answer: 'ok' | Closed): void => {
    if (answer !== 'ok' && !hasEnded(answer))
      say(`Screwdriver does not take that build ${buildId} ${what}: ${answer.closed}`);
  };

  /** Screwdriver is told that it cannot be run. Recorded first: while it is told it asks us to stop the build. */
  const refuse = async ({ buildId }: BuildRecord, access: Access, refusal: string): Promise<void> => {
    const told = await records.change(buildId, (record) =>
      // aborted meanwhile: that is its end there, and Baton has not got it
      record.stopAsked === true ? undefined : { ...record, refusal, telling: 'FAILURE' },
    );
    if (told !== undefined)
      sayClosed(buildId, 'has failed', await api(told).end(access, refused(refusal), {}));
    await close(buildId);
  };

  /** It runs, or is to run. */
  const goesOn = (buildId: number): boolean => {
    const record = records.get(buildId);
    return (
      record !== undefined &&
      record.state !== 'closed' &&
      record.stopAsked !== true &&
      record.refusal === undefined
    );
  };

  /** A newer one runs instead. Recorded first, so that it cannot run after Screwdriver was told. */
  const collapse = async (record: BuildRecord, into: number): Promise<'wait' | 'done'> => {
    const { buildId } = record;
    if (record.collapsedInto === undefined) {
      const decided = await records.change(buildId, (asItIs) =>
        asItIs.stopAsked === true ? undefined : { ...asItIs, collapsedInto: into, telling: 'COLLAPSED' },
      );
      if (decided === undefined) return 'wait';
      // stopped while that was written, the newer one does not run instead; once Screwdriver may have been told it is too late
      if (!goesOn(into)) {
        await records.change(buildId, ({ collapsedInto: _, telling: __, ...asItWas }) => asItWas);
        return 'wait';
      }
    }
    const access = accessOf(record);
    if (access !== undefined)
      sayClosed(buildId, `is collapsed into ${into}`, await api(record).collapsed(access, into));
    await close(buildId);
    return 'done';
  };

  /** Nothing of it was begun, and nothing will be. */
  const leaveStopped = async (record: BuildRecord): Promise<'wait' | 'done'> => {
    const { buildId } = record;
    // of a build that was not made ready Screwdriver was told nothing
    const access = record.state === 'ready' ? accessOf(record) : undefined;
    if (access !== undefined) {
      // those that waited for it need not wait for Screwdriver
      othersGoOn(buildId);
      const patience = { savedMs: endSavedMs, pause, isOver };
      const isSaved = await endIsSaved(api(record), access, patience);
      if (isSaved === undefined) return 'wait';
      // recorded first: while it is told it asks us to stop the build
      if (!isSaved && (await records.change(buildId, { telling: 'ABORTED' })) !== undefined)
        sayClosed(buildId, 'is aborted', await api(record).end(access, { status: 'ABORTED' }, {}));
    }
    await close(buildId);
    return 'done';
  };

  /** Screwdriver does not know it as one that can go on. */
  const leave = async (buildId: number, why: string): Promise<'done'> => {
    say(`Screwdriver does not let build ${buildId} be run: ${why}`);
    await close(buildId);
    return 'done';
  };

  return { refuse, collapse, leaveStopped, leave };
};
