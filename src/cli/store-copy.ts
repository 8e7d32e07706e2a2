/** `baton store copy`: all events of one store in another, in the same order; safe to break off and to repeat. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { Copied, CopyProgress } from '../app/copy-events.js';
import { HISTORIES_DIFFER } from '../app/copy-failures.js';
import type { AppError } from '../app/errors.js';
import { readStoreAddress } from '../config/store-address.js';
import { copyStore } from '../copy-store.js';
import { complain, complainOnly } from './complain.js';
import { exitCodes } from './exit.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { progressOn } from './progress.js';
import { plain } from './terminal.js';

interface CopyFlags {
  readonly fromUser?: string;
  readonly fromPasswordFile?: string;
  readonly toUser?: string;
  readonly toPasswordFile?: string;
}

/** A line for each event would keep the terminal busier than the stores. */
const STEP = 500;
const DOING: Readonly<Record<CopyProgress['phase'], string>> = {
  comparing: 'Comparing what is there already',
  copying: 'Copying',
  verifying: 'Reading back',
};
const progressText = ({ phase, events }: CopyProgress): string =>
  `${DOING[phase]}: ${events - (events % STEP)} events so far`;

const refuse = (io: Io, error: AppError): void => {
  // names of streams and types may be anybody's
  const shown = { ...error, message: plain(error.message) };
  if (error.reason !== HISTORIES_DIFFER) {
    complain(io, shown);
    return;
  }
  complainOnly(io, shown);
  io.exit(exitCodes.problems);
};

const SHOWN_STREAMS = 5;

/** What was not copied as it is. */
const remarks = (io: Io, from: string, { leftOut, renumbered, hasGrown }: Copied): void => {
  if (leftOut > 0) note(io, `${leftOut} events of the store itself were left out ($…).`);
  if (renumbered.length > 0) {
    const some = renumbered.slice(0, SHOWN_STREAMS).map(plain).join(', ');
    const more = renumbered.length > SHOWN_STREAMS ? ', …' : '';
    note(io, `Streams whose first events are gone begin at revision 0 in the copy: ${some}${more}.`);
  }
  if (hasGrown) note(io, `${from} got more events meanwhile: give the same command again.`);
};

/** Adds `copy` below `store`. */
export const registerCopy = (store: Command, io: Io): void => {
  store
    .command('copy <from> <to>')
    .description(
      'copy all events of one store to another that is empty or holds a beginning of them; sqlite:DATA_FOLDER, esdb://… or esdb+discover://…',
    )
    .option('--from-user <name>', 'user at the server that is copied from')
    .option('--from-password-file <file>', 'file that holds the password of that user, and nothing else')
    .option('--to-user <name>', 'user at the server that is copied to')
    .option('--to-password-file <file>', 'file that holds the password of that user, and nothing else')
    .addHelpText(
      ...example(
        'baton store copy sqlite:/var/lib/baton esdb://events.example.org:2113 --to-user baton --to-password-file /etc/baton/store-password',
        'baton store copy esdb://events.example.org:2113 sqlite:/var/lib/baton-again',
      ),
    )
    .action(async (fromText: string, toText: string, flags: CopyFlags, command: Command) => {
      const { fromUser, fromPasswordFile, toUser, toPasswordFile } = flags;
      const [from, to] = [
        readStoreAddress(
          { side: 'from', text: fromText, user: fromUser, passwordFile: fromPasswordFile },
          io.cwd,
        ),
        readStoreAddress({ side: 'to', text: toText, user: toUser, passwordFile: toPasswordFile }, io.cwd),
      ];
      if (E.isLeft(from) || E.isLeft(to)) {
        for (const one of [from, to]) if (E.isLeft(one)) refuse(io, one.left);
        return;
      }
      const progress = progressOn(io.stderr, io.now);
      const done = await copyStore({
        from: from.right,
        to: to.right,
        warn: (message) => {
          progress.clear();
          note(io, plain(message));
        },
        onProgress: (at) => {
          progress.say(progressText(at));
        },
      });
      progress.close();
      if (E.isLeft(done)) {
        refuse(io, done.left);
        return;
      }
      const [{ events, streams, copied, digest, leftOut }, names] = [
        done.right,
        { from: from.right.shown, to: to.right.shown },
      ];
      say(
        io,
        command.optsWithGlobals<{ json?: boolean }>().json === true
          ? JSON.stringify({ ...names, events, streams, copied, digest, leftOut })
          : plain(
              `${names.to} holds all ${events} events in ${streams} streams of ${names.from}, ${copied} of them copied by this run; SHA-256 of either: ${digest}`,
            ),
      );
      remarks(io, plain(names.from), done.right);
    });
};
