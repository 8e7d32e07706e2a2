/** What did git mean? Turns its exit codes and words into sentences with a way out. */
import { appError, type AppError } from '../app/errors.js';

/** One run of git that did not give what was asked for. `stderr` is bounded and has no control characters. */
export interface GitFailure {
  readonly why: 'exit' | 'missing' | 'timed_out' | 'too_much_output' | 'io';
  readonly exitCode?: number;
  readonly stderr: string;
  readonly cause?: unknown;
}

/** An address that will not be used, before git has seen it. */
export const addressRefused = (found: string, expected: string, mend: string): AppError =>
  appError('invalid', 'repository_refused', `The repository must be ${expected}; found ${found}.`, {
    hint: mend,
    problems: [{ path: 'repository', expected, found, mend }],
  });

/** A branch name that git would not accept, or might take for something else. */
export const branchRefused = (path: 'branch' | 'target', found: string, expected: string): AppError =>
  appError('invalid', 'branch_refused', `The ${path} must be ${expected}; found ${found}.`, {
    hint: 'Give the name of a branch as `git branch` prints it.',
    problems: [{ path, expected, found }],
  });

/** Git's words → reason, sentence, hint. The words are those of LC_ALL=C, unchanged for years; no match is no harm. */
const words: readonly (readonly [RegExp, string, string, string])[] = [
  [
    /dubious ownership|not owned by/i,
    'repository_of_another_user',
    'belongs to another user of this machine, and git refuses it',
    'Give the repository to the user that runs Baton (chown -R), or use its https or ssh address.',
  ],
  [
    /host key verification failed|known_hosts/i,
    'host_key_unknown',
    'is on a host whose SSH key is not known here',
    'Add the host to known_hosts of the user that runs Baton (ssh-keyscan, then compare the fingerprint).',
  ],
  [
    /terminal prompts disabled|authentication failed|permission denied \(|could not read (username|password)/i,
    'authentication_needed',
    'asks for a login that Baton does not have',
    'Use an ssh address and give the user that runs Baton a key that may read the repository.',
  ],
  [
    /could not resolve host|connection (refused|timed out|reset)|no route to host|network is unreachable|failed to connect/i,
    'repository_unreachable',
    'could not be reached',
    'Check the address and the network, then submit again.',
  ],
  [
    /not found|does not exist|no such file|repository '.*' not|does not appear to be a git repository/i,
    'repository_missing',
    'does not exist, or is not for this user to see',
    'Check the address; a private repository needs a key.',
  ],
];

const lastLine = (stderr: string): string => stderr.split('\n').findLast((line) => line.trim() !== '') ?? '';

/** Why the repository could not be used. `shownAs`: its address, checked before, so free of secrets. */
export const repositoryFailed = (shownAs: string, failure: GitFailure): AppError => {
  const general = generalFailure(failure);
  if (general) return general;
  const known = words.find(([pattern]) => pattern.test(failure.stderr));
  const detail = lastLine(failure.stderr);
  return known
    ? appError('source', known[1], `The repository ${shownAs} ${known[2]}.`, {
        hint: known[3],
        cause: failure,
      })
    : appError(
        'source',
        'git_failed',
        `Git could not read the repository ${shownAs}: ${detail || `exit code ${failure.exitCode ?? 'unknown'}`}.`,
        { hint: 'Run `git ls-remote` with this address on the server to see more.', cause: failure },
      );
};

/** A step inside our own copy went wrong. */
export const mirrorFailed = (doing: string, failure: GitFailure): AppError =>
  generalFailure(failure) ??
  appError('source', 'git_failed', `Git could not ${doing}: ${lastLine(failure.stderr) || failure.why}.`, {
    hint: "Look into the server's log; the folder of mirrors may be removed while the server is stopped, it is filled again.",
    cause: failure,
  });

const generalFailure = (failure: GitFailure): AppError | undefined => {
  switch (failure.why) {
    case 'missing':
      return appError(
        'source',
        'git_missing',
        'Git was expected on the server, but there is no `git` in its PATH.',
        {
          hint: 'Install git 2.38 or newer.',
          cause: failure,
        },
      );
    case 'timed_out':
      return appError('source', 'git_timed_out', 'Git took too long and was stopped.', {
        hint: 'Check that the repository answers, then submit again.',
        cause: failure,
      });
    case 'too_much_output':
      return appError(
        'source',
        'git_too_much_output',
        'Git gave more output than the limit allows and was stopped.',
        {
          hint: 'Make the repository or the file smaller.',
          cause: failure,
        },
      );
    case 'io':
      return appError('source', 'io', 'A file of the source could not be read or written on the server.', {
        hint: 'Check free space and permissions of the data folder.',
        cause: failure.cause,
      });
    case 'exit':
      return undefined;
  }
};
