/** Why a command on a runner was refused, in a sentence, and what can be done instead. */
import type { RunnerRefusal } from '../domain/runner.js';
import { appError, type AppError } from './errors.js';
import { unknownRunner } from './runner-target.js';

type KeyNotFound = Extract<RunnerRefusal, { code: 'host_key_not_found' }>;

const owner = (name: string, hop: 'runner' | 'jump'): string =>
  hop === 'jump' ? `The jump host of runner ${name}` : `The runner ${name}`;

/** Both fingerprints, and the exact command that accepts the found one. */
export const trustCommand = (name: string, found: string, hop: 'runner' | 'jump'): string =>
  `baton runner trust ${name}${hop === 'jump' ? ' --jump' : ''} --fingerprint ${found}`;

/** Shows the key that is accepted and the one that was found; nothing is accepted by this. */
export const keysShown = (
  name: string,
  reason: string,
  { found, pinned, hop }: Omit<KeyNotFound, 'code'>,
): AppError => {
  const accepted = pinned.length === 0 ? 'none' : pinned.join(', ');
  if (found === undefined)
    return appError(
      'conflict',
      'host_key_not_found',
      `${owner(name, hop)} has shown no other host key than the accepted one (${accepted}).`,
      { hint: `baton runner test ${name} looks at it now.` },
    );
  return appError(
    'conflict',
    reason,
    `${owner(name, hop)} shows the host key ${found}; accepted is ${accepted}.`,
    {
      hint: `Find out why it changed. If ${found} is the key of this machine: ${trustCommand(name, found, hop)}`,
      problems: [
        {
          path: 'fingerprint',
          expected: accepted,
          found,
          mend: 'name the found fingerprint to trust it from now on',
        },
      ],
    },
  );
};

/** Nothing is accepted: whoever read the key off the machine has mistyped it, or is not talking to that machine. */
export const otherKeyShown = (name: string, given: string, found: string, hop: 'runner' | 'jump'): AppError =>
  appError('conflict', 'host_key_other', `${owner(name, hop)} shows another host key than the given one.`, {
    hint: 'Compare the shown one with the key of the machine itself; nothing was accepted.',
    problems: [{ path: 'fingerprint', expected: given, found, mend: 'find out whose key the found one is' }],
  });

export const refused = (name: string, refusal: RunnerRefusal): AppError => {
  const conflict = (message: string, hint?: string): AppError =>
    appError('conflict', refusal.code, message, hint === undefined ? {} : { hint });
  switch (refusal.code) {
    case 'runner_unknown':
      return unknownRunner(name);
    case 'runner_exists':
      return conflict(`A runner named ${name} is enrolled already.`, `baton runner show ${name}`);
    case 'runner_retired':
      return conflict(
        `The runner ${name} was retired.`,
        `A machine can be enrolled under this name again: baton runner add ${name} …`,
      );
    case 'runner_removing':
      return conflict(`The runner ${name} is being removed.`, `baton runner show ${name}`);
    case 'host_key_pinned':
      return conflict(
        `${owner(name, refusal.hop)} has the accepted host key ${refusal.pinned.join(', ')} already.`,
        `A changed key needs to be trusted by name: find out first why it changed, then baton runner trust ${name}.`,
      );
    case 'host_key_not_found':
      return keysShown(name, refusal.code, refusal);
    case 'trust_needed':
      return conflict(
        `${owner(name, refusal.hop)} still shows the host key ${refusal.found}, which is not accepted.`,
        trustCommand(name, refusal.found, refusal.hop),
      );
    case 'base_not_absolute':
      return conflict(
        `With an account for each slot the folder of the runner ${name} must be an absolute path, as each slot has one named after it; found ${refusal.base ?? 'none, which is one below the home'}.`,
        'Enrol it with --base DIR, and let slot 0 own DIR-0, slot 1 DIR-1 and so on.',
      );
    case 'no_jump_host':
      return conflict(
        `The runner ${name} is reached directly: there is no jump host whose key could be accepted.`,
        `baton runner set ${name} --jump USER@HOST`,
      );
  }
};
