/** Can this machine become a runner? Judged from a look, before anything is changed. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { appError, type AppError } from '../app/errors.js';
import type { Look } from './machine.js';

/** What the base needs is as much as a probe wants before it complains (`src/ssh/runner/probe.sh`); of the rest, a few small files. */
const neededKib = (path: string, base: string): number => (path === base ? 102_400 : 64);

export const roomOf = (look: Look, base: string): E.Either<AppError, string> => {
  const scarce = look.freeKib.filter(({ path, kib }) => kib < neededKib(path, base));
  const told = (one: Look['freeKib'][number]) =>
    `${one.path} has ${one.kib} KiB, needs ${neededKib(one.path, base)} KiB`;
  const own = look.freeKib.find(({ path }) => path === base);
  return scarce.length === 0
    ? E.right(own === undefined ? '' : `${own.kib} KiB free for ${base}`)
    : E.left(
        appError('runner', 'disk_full', `There is too little room: ${scarce.map(told).join('; ')}.`, {
          hint: 'Free some there, and run the same again.',
        }),
      );
};

export const toolsOf = ({ missingTools }: Look): E.Either<AppError, undefined> =>
  missingTools.length === 0
    ? E.right(undefined)
    : E.left(
        appError('runner', 'missing_tool', `The machine lacks ${missingTools.join(', ')}.`, {
          hint: 'Install them there (coreutils, util-linux, shadow), and run the same again.',
        }),
      );
