/** What a job may tell of itself, and who asks for that: the HTTP edge, and whoever drives an attempt. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { SealedOutput } from '../events/shapes.js';
import type { AppError } from './errors.js';
import type { AttemptRef, LogError } from './ports.js';

export interface ProgressReport {
  /** Whether it passed; counts only with `complete`. */
  readonly success: boolean;
  /** Everything that it has logged so far. */
  readonly log: string;
  /** Its own word for where it is, one line. */
  readonly status: string;
  /** It is the last one. */
  readonly complete: boolean;
}

/** What a job finds in its environment. */
export interface ReportOffer {
  readonly url: string;
  readonly token: string;
  /** Where the API of the original is, for programs that know that. */
  readonly apiUrl: (enterprise: string) => string;
}

/** For whoever drives an attempt. */
export interface AttemptReports {
  /** Undefined where nobody has said at which address runners reach the server. */
  readonly offer: (attempt: AttemptRef) => ReportOffer | undefined;
  /** Nothing more is taken of it. Nothing is answered where nothing was told. */
  readonly seal: (attempt: AttemptRef) => TaskEither<LogError, readonly SealedOutput[]>;
  /** It is over, and that is recorded or about to be. */
  readonly forget: (attempt: AttemptRef) => Promise<void>;
}

export interface ReportUseCases {
  /** Whether the token is that of the attempt; looks at nothing else. */
  readonly mayReport: (attempt: AttemptRef, token: string) => boolean;
  /** The attempt that the token is of, among those of this job, or of all jobs of this phase run. */
  readonly attemptWith: (
    of: { readonly jobId: string } | { readonly phaseRunId: string },
    token: string,
  ) => Promise<AttemptRef | undefined>;
  /** `storedBytes`: of all that it has told. Refused when the attempt is over; that is recorded, once. */
  readonly reportProgress: (
    attempt: AttemptRef,
    token: string,
    report: ProgressReport,
  ) => TaskEither<AppError, { readonly storedBytes: number }>;
}
