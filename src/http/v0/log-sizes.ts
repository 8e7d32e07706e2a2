/** How far the logs of what runs have grown: what tells a listener that there is more of them. */
import { catchError, combineLatest, EMPTY, map, startWith, type Subscription } from 'rxjs';
import type { LogChoice, UseCases } from '../../app/use-cases.js';
import { REPORT } from '../../domain/output.js';
import type { JobView } from '../../../projections/jobs.js';

/** What of it grows while it runs: what it prints, where that is shown, and what it tells. */
const growing = ({ output, reports }: JobView): readonly LogChoice[] => [
  ...(output === 'split' ? [] : [{}]),
  ...(reports === undefined ? [] : [{ output: REPORT }]),
];

/** `stir`: called each time that one has grown. */
export const logSizes = (use: UseCases, stir: () => void) => {
  const sizes = new Map<string, readonly number[]>();
  const readers = new Map<string, Subscription>();
  const stop = (id: string): void => {
    readers.get(id)?.unsubscribe();
    readers.delete(id);
  };
  return {
    /** Of all of it together. */
    sizeOf: (id: string): number => (sizes.get(id) ?? []).reduce((sum, size) => sum + size, 0),
    /** Reads these, and no others. */
    follow: (jobs: readonly JobView[]): void => {
      const ids = new Set(jobs.map(({ id }) => id));
      for (const id of readers.keys()) if (!ids.has(id)) stop(id);
      for (const job of jobs) {
        if (readers.has(job.id)) continue;
        const outputs = growing(job).map((which) =>
          use.watchLog(job.id, which).pipe(
            map(({ size }) => size),
            // whoever asks for the log is told why it cannot be read
            catchError(() => EMPTY),
            startWith(0),
          ),
        );
        readers.set(
          job.id,
          combineLatest(outputs).subscribe((now) => {
            sizes.set(job.id, now);
            stir();
          }),
        );
      }
    },
    close: (): void => {
      for (const id of [...readers.keys()]) stop(id);
    },
  };
};
