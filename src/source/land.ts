/**
 * Makes a merge the tip of its target: an exact compare-and-swap, never a force. The refs are looked at before and after, so
 * that nothing is concluded from a lost answer.
 */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { Landing } from '../app/ports.js';
import type { MergeObstacle } from '../events/promotion.js';
import type { Address } from './address.js';
import { repositoryFailed } from './errors.js';
import { fetchTarget, listTips, type Transport } from './fetch.js';
import type { Tips } from './merge.js';
import type { RunGit } from './run-git.js';

export interface Push {
  readonly git: RunGit;
  readonly transport: Transport;
  readonly address: Address;
  readonly tips: Tips;
  /** The merge of these tips. */
  readonly sha: string;
}

/**
 * What the other side of a push runs when it is this machine. A repository's own hooks and settings would run as the user
 * of the server, so none of them counts. Constant text: git gives it to a shell together with the quoted path.
 */
const RECEIVE_PACK = [
  'git',
  ...[
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.alternateRefsCommand=true',
    'receive.denyCurrentBranch=refuse',
    'receive.denyDeleteCurrent=refuse',
    'receive.procReceiveRefs=',
    'receive.autogc=false',
    'gc.auto=0',
    'maintenance.auto=false',
  ].flatMap((setting) => ['-c', setting]),
  'receive-pack',
].join(' ');

/** The repository's log of its refs names somebody. */
const IDENTITY = { GIT_COMMITTER_NAME: 'Baton', GIT_COMMITTER_EMAIL: 'baton@localhost' };

/** Left: nothing is known, ask again. `isAtHand` looks for the merge in the mirror, once it is needed. */
export const land = async (
  push: Push,
  isAtHand: () => Promise<E.Either<AppError, boolean>>,
): Promise<E.Either<AppError, Landing>> => {
  const before = await look(push);
  if (E.isLeft(before) || before.right !== 'as_leased') return E.map(known)(before);
  const atHand = await isAtHand();
  if (E.isLeft(atHand)) return atHand;
  const lost = `The merge ${push.sha.slice(0, 12)} is no longer in the server's copy and could not be made again.`;
  if (!atHand.right) return E.right(refused('merge_lost', lost));
  const { target, targetSha } = push.tips;
  const pushed = await send(push, target, targetSha, push.sha);
  const after = await look(push);
  if (E.isLeft(after) || after.right !== 'as_leased') return E.map(known)(after);
  // Git was stopped, but what it had sent may still come to pass.
  if (E.isLeft(pushed)) return E.left(repositoryFailed(push.address.name, pushed.left));
  return obstacle(push, pushed.right);
};

/** True when the branch is gone. */
export const dropBranch = async (push: Push): Promise<E.Either<AppError, boolean>> => {
  const { branch, branchSha } = push.tips;
  const isGone = E.map((tips: ReadonlyMap<string, string>) => !tips.has(branch));
  const before = await tipsOf(push);
  if (E.isLeft(before) || before.right.get(branch) !== branchSha) return isGone(before);
  await send(push, branch, branchSha, '');
  return isGone(await tipsOf(push));
};

const tipsOf = ({ git, transport, address, tips }: Push) =>
  listTips(git, transport, address, [tips.target, tips.branch]);

type Seen = 'as_leased' | Landing;
const known = (seen: Seen): Landing => (seen === 'as_leased' ? { kind: 'landed' } : seen);
const refused = (why: MergeObstacle, detail: string): Landing => ({ kind: 'refused', why, detail });

/** Where the target stands. A tip that contains the merge tells that it landed, and that others went on from there. */
const look = async ({ git, transport, address, tips, sha }: Push): Promise<E.Either<AppError, Seen>> => {
  const { target, targetSha } = tips;
  const listed = await listTips(git, transport, address, [target]);
  if (E.isLeft(listed)) return listed;
  const now = listed.right.get(target);
  if (now === undefined)
    return E.right(
      refused('target_missing', `The branch ${target} was expected in ${address.name}; there is none.`),
    );
  if (now === sha) return E.right({ kind: 'landed' });
  if (now === targetSha) return E.right('as_leased');
  const fetched = await fetchTarget(git, transport, address, target);
  if (E.isLeft(fetched)) return fetched;
  const tip = fetched.right ?? now;
  const gitDir = transport.gitDir ?? '';
  const contains = await git({ gitDir, args: ['merge-base', '--is-ancestor', sha, tip] });
  if (E.isLeft(contains)) return E.left(repositoryFailed(address.name, contains.left));
  return E.right(
    contains.right.exitCode === 0
      ? { kind: 'landed' }
      : refused(
          'target_moved',
          `The branch ${target} was expected at ${targetSha.slice(0, 12)}; somebody has moved it to ${tip.slice(0, 12)} meanwhile.`,
        ),
  );
};

const send = ({ git, transport, address }: Push, branch: string, expected: string, sha: string) =>
  git({
    ...transport,
    environment: { ...transport.environment, ...IDENTITY },
    args: [
      ...['push', '--porcelain', '--no-verify', '--no-signed', '--no-follow-tags', '--no-recurse-submodules'],
      `--force-with-lease=refs/heads/${branch}:${expected}`,
      ...(address.protocol === 'file' ? [`--receive-pack=${RECEIVE_PACK}`] : []),
      ...['--end-of-options', address.url, `${sha}:refs/heads/${branch}`],
    ],
  });

/** Git's words of a refusal → why. No match among them: the other side's own rules. */
const words: readonly (readonly [RegExp, MergeObstacle])[] = [
  [/checked out branch|branch is currently checked out/i, 'target_checked_out'],
  [
    /unpack|permission|denied|read[- ]only|not allowed|access rights|authentication|could not read (username|password)|terminal prompts disabled|403/i,
    'not_writable',
  ],
];

/** Somebody else holds the ref, or the way there is broken: another try may find it otherwise. */
const PASSING =
  /stale info|cannot lock ref|failed to lock|failed to update ref|could not resolve|connection|timed out|no route|unreachable|hung up|early EOF/i;

const obstacle = (
  { address, tips }: Push,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): E.Either<AppError, Landing> => {
  const rejected = stdout.split('\n').find((line) => line.startsWith('!')) ?? '';
  const said = `${rejected}\n${stderr}`;
  const found = words.find(([pattern]) => pattern.test(said));
  if (!found && PASSING.test(said))
    return E.left(
      appError('source', 'push_undecided', `The push to ${tips.target} of ${address.name} came to no end.`),
    );
  const why = found?.[1] ?? 'declined';
  const reason = /\((.*)\)\s*$/.exec(rejected)?.[1] ?? lastLine(stderr);
  const sentence = `The repository ${address.name} did not take the merge into ${tips.target}: ${printable(reason)}.`;
  return E.right(refused(why, why in waysOut ? `${sentence} ${waysOut[why] ?? ''}` : sentence));
};

const waysOut: Readonly<Partial<Record<MergeObstacle, string>>> = {
  target_checked_out:
    'Use a bare repository (git clone --bare), or check out another branch there; then approve again.',
  not_writable: 'Let the account of the server write there, then approve again.',
};

const lastLine = (text: string): string =>
  text.split('\n').findLast((line) => line.trim() !== '') ?? 'no reason was given';

const printable = (text: string): string => text.replace(/\p{C}/gu, '').slice(0, 300);
