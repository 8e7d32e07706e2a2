/** What has to be done at the server for a machine that was looked at: enrol it, set what differs, or say why not. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { SetRunner } from '../../app/use-cases.js';
import { exitCodes } from '../exit.js';
import type { Failure } from './steps.js';
import type { Wish } from './wish.js';

/** SSH's own (RFC 4251 §4.1). */
const SSH_PORT = 22;

export type Enrolment =
  /** `again`: under a name that was used before. */
  | { readonly kind: 'new'; readonly again: boolean; readonly port: number; readonly slots: number }
  /** The same machine: what of it is to be other than before, and how it was; both empty when nothing is. */
  | {
      readonly kind: 'same';
      readonly runner: RunnerAsOf;
      readonly changes: SetRunner;
      readonly before: SetRunner;
      readonly slots: number;
    };

const refused = (code: string, sentence: string, hint: string): E.Either<Failure, never> =>
  E.left({ code, sentence, hint });

/** Not a retired one, whose name is free. */
const inUse = (existing: RunnerAsOf | undefined): RunnerAsOf | undefined =>
  existing?.state === 'retired' ? undefined : existing;

/** Where the command line logs in: a runner that is there keeps its port (the original forgot it, B10). */
export const portOf = ({ port }: Wish, existing: RunnerAsOf | undefined): number =>
  port ?? inUse(existing)?.port ?? SSH_PORT;

/** Accepted for the login: those named, else those that the server has accepted. */
export const hostKeysOf = ({ hostKey }: Wish, existing: RunnerAsOf | undefined): readonly string[] =>
  hostKey === undefined ? (inUse(existing)?.hostKeys ?? []) : [hostKey];

/** May it be installed under this name at all? Asked before anybody logs in. */
export const mayInstall = (wish: Wish, existing: RunnerAsOf | undefined): E.Either<Failure, void> => {
  const there = inUse(existing);
  if (there === undefined) return E.right(undefined);
  const { name, state, host, user, auth, jump } = there;
  const other = 'Give another name with --name, or remove that runner first: baton delete-runner';
  if (state === 'removing')
    return refused(
      'runner_removing',
      `The runner ${name} is being removed.`,
      `Wait until that is done: baton runner show ${name}`,
    );
  if (host !== wish.serverHost || user !== wish.runnerUser)
    return refused(
      'runner_exists',
      `RunnerAsOf is a runner ${name} already: ${user}@${host}.`,
      `${other} ${name}`,
    );
  if (auth === 'agent' || jump !== undefined)
    return refused(
      'runner_set_up_otherwise',
      `The runner ${name} was set up otherwise: ${auth === 'agent' ? "the server's ssh-agent lets Baton in" : `it is reached through ${jump ?? ''}`}.`,
      `${other} ${name}`,
    );
  return wish.isolate && there.isolated !== true
    ? refused(
        'not_isolated',
        `The runner ${name} is there, and its slots share an account.`,
        `That cannot be switched on later. Remove it (baton delete-runner ${name} --uninstall --as ${wish.admin}, with -i or -P as here), and install it again with --isolate.`,
      )
    : E.right(undefined);
};

/** Accounts of slots that are to go cannot go while a job is in them. */
const slotsAreFree = ({ slots, name }: Wish, { isolated, current }: RunnerAsOf): E.Either<Failure, void> => {
  const busy = Object.keys(current).filter((slot) => slots !== undefined && Number(slot) >= slots);
  return isolated !== true || busy.length === 0
    ? E.right(undefined)
    : E.left({
        code: 'runner_busy',
        sentence: `With ${slots === 1 ? 'one slot' : `${slots} slots`} the accounts of others go, and jobs of ${name} are at work in slot ${busy.join(', ')}.`,
        hint: `Let them end (baton runner drain ${name} --wait), run this again, then: baton runner resume ${name}`,
        exit: exitCodes.conflict,
      });
};

const isSame = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
  one.length === other.length && one.every((word) => other.includes(word));

/** Of one setting: how it is to be and how it was, when it is given and differs. */
type Pair = readonly [wanted: SetRunner, before: SetRunner];

const differences = (wish: Wish, port: number, existing: RunnerAsOf): readonly Pair[] => [
  ...(port === existing.port ? [] : [[{ port }, { port: existing.port }] as const]),
  ...(wish.slots === undefined || wish.slots === existing.slots
    ? []
    : [[{ slots: wish.slots }, { slots: existing.slots }] as const]),
  // what is not given stays, as with `runner set`
  ...(wish.labels.length === 0 || isSame(wish.labels, existing.labels)
    ? []
    : [[{ labels: wish.labels }, { labels: existing.labels }] as const]),
  ...(wish.enterprises.length === 0 || isSame(wish.enterprises, existing.enterprises)
    ? []
    : [[{ enterprises: wish.enterprises }, { enterprises: existing.enterprises ?? [] }] as const]),
];

/** `hostKey`: as the machine showed it, and as it was accepted. */
export const enrolmentOf = (
  wish: Wish,
  hostKey: string,
  existing: RunnerAsOf | undefined,
): E.Either<Failure, Enrolment> => {
  const port = portOf(wish, existing);
  const there = inUse(existing);
  if (there === undefined)
    return E.right({ kind: 'new', again: existing !== undefined, port, slots: wish.slots ?? 1 });
  const { name, hostKeys } = there;
  if (hostKeys.length > 0 && !hostKeys.includes(hostKey))
    return refused(
      'host_key_changed',
      `The machine shows the host key ${hostKey}; accepted for the runner ${name} is ${hostKeys.join(' or ')}.`,
      `Find out why. If it is the same machine: baton runner trust ${name}. If it was made anew: baton delete-runner ${name}, then install it.`,
    );
  const free = slotsAreFree(wish, there);
  if (E.isLeft(free)) return free;
  const pairs = differences(wish, port, there);
  const fold = (side: 0 | 1): SetRunner =>
    pairs.reduce<SetRunner>((all, pair) => ({ ...all, ...pair[side] }), {});
  return E.right({
    kind: 'same',
    runner: there,
    changes: fold(0),
    before: fold(1),
    slots: wish.slots ?? there.slots,
  });
};
