/** Is what an installation made on a machine this runner's? Told before anything is changed, with who has it and the ways out. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { Manifest, Owner } from '../../install/manifest.js';
import { exitCodes } from '../exit.js';
import type { Failure } from './steps.js';

/** Undefined: it is, nothing is there, or a Baton made it that did not write down whose it is. */
const otherOwner = (manifest: Manifest | undefined, own: Owner): Owner | undefined =>
  manifest?.owner === undefined ||
  (manifest.owner.installation === own.installation && manifest.owner.name === own.name)
    ? undefined
    : manifest.owner;

const whose = (other: Owner, own: Owner): string =>
  other.installation === own.installation
    ? `the runner ${other.name}`
    : `the runner ${other.name} of another Baton (installation ${other.installation})`;

const refused = (sentence: string, hint: string): E.Either<Failure, never> =>
  E.left({ code: 'other_owner', sentence, hint, exit: exitCodes.conflict });

/** May the machine be installed for this runner? */
export const mayTakeOver = (
  manifest: Manifest | undefined,
  own: Owner,
  { host, runnerUser }: { readonly host: string; readonly runnerUser: string },
): E.Either<Failure, void> => {
  const other = otherOwner(manifest, own);
  if (other === undefined) return E.right(undefined);
  const remove = `baton delete-runner ${other.name} --uninstall --as USER`;
  return refused(
    `The account ${runnerUser} on ${host} was installed for ${whose(other, own)}, which would lose it.`,
    other.installation === own.installation
      ? `Go on with that runner by --name ${other.name}, remove it first (${remove}), or take another account with --runner-user.`
      : `Remove it there first (${remove}), or take another account with --runner-user.`,
  );
};

/** May what is there be taken away with this runner? */
export const mayTakeAway = (
  manifest: Manifest | undefined,
  own: Owner,
  host: string,
): E.Either<Failure, void> => {
  const other = otherOwner(manifest, own);
  if (other === undefined || manifest === undefined) return E.right(undefined);
  return refused(
    `The account ${manifest.runnerUser} on ${host} was installed for ${whose(other, own)}, so it is not taken away with ${own.name}.`,
    `Leave --uninstall out to retire ${own.name} alone, or remove ${other.name} ${other.installation === own.installation ? 'first' : 'at its own server'}. With --any-owner it is taken away whoever needs it.`,
  );
};
