/** The events that end a job; each has exactly one. */
export const TERMINAL: readonly string[] = [
  ...['JobSucceeded', 'JobFailed', 'JobCancelled', 'JobTimedOut'],
  ...['JobLost', 'JobExpired', 'JobUndeliverable'],
];
