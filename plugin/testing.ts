/** `baton/testing`: an in-memory host, and the rules that Baton and every host have to keep, for any test runner. */
import { burstRules } from './testing/bursts.js';
import { commandRules } from './testing/commands.js';
import { lifeRules } from './testing/life.js';
import { loadRules } from './testing/load.js';
import { logFailureRules } from './testing/log-failures.js';
import { logRules } from './testing/logs.js';
import { reportRules } from './testing/reports.js';
import { slotRules } from './testing/slots.js';
import type { Subject, SubjectOptions } from './testing/subject.js';

export { memoryHost } from './testing/memory-host.js';
export type { Behaviour, MemoryHost, MemoryHostOptions } from './testing/memory-host.js';
export type { LogBehaviour, MemoryLogs } from './testing/memory-logs.js';
export type { Recorder } from './testing/recorder.js';
export { TOKEN } from './testing/subject.js';
export type { JobKind, Subject, SubjectOptions } from './testing/subject.js';

export interface ConformanceTest {
  /** A sentence that holds. */
  readonly title: string;
  /** Rejects when it does not. */
  readonly run: () => Promise<void>;
}

/** Every rule, each with a subject of its own that is closed afterwards: `for (const { title, run } of …) test(title, run)`. */
export const hostConformance = (
  makeSubject: (options: SubjectOptions) => Promise<Subject>,
): readonly ConformanceTest[] =>
  [
    ...[...loadRules, ...commandRules, ...burstRules, ...reportRules],
    ...[...logRules, ...logFailureRules, ...slotRules, ...lifeRules],
  ].map(({ title, options = {}, check }) => ({
    title,
    run: async () => {
      const subject = await makeSubject(options);
      try {
        await check(subject);
      } finally {
        await subject.close();
      }
    },
  }));
