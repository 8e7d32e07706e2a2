/** `baton change approve|deliver|rerun|cancel|delete|watch`: leading a change through the pipeline. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { ChangeView } from '../app/use-cases.js';
import { lineText, stageText } from './change-text.js';
import type { ChangeDeedWord, Got } from './client.js';
import { note, say, type Io } from './io.js';
import { example } from './options.js';
import { fail, json, jsonLine, short } from './print.js';
import { sessionOf, type Session } from './session.js';
import { plain } from './terminal.js';
import { waitForChange } from './wait.js';
import { failureText } from './wait-notes.js';

/** What `--wait` promises, everywhere. */
export const WAIT = 'follow the logs until it stops, and exit with 0, 5, 6, 7, 8, 9 or 10, as it ended';

const wait = async (
  io: Io,
  session: Session,
  change: ChangeView,
  withLogs: boolean,
  tell?: (change: ChangeView) => void,
): Promise<void> => {
  const end = await waitForChange(io, session.client, change, { logs: withLogs, waits: withLogs }, tell);
  if (end === undefined) return;
  if (E.isLeft(end)) {
    fail(io, session.asJson, end.left);
    return;
  }
  const { change: last, exitCode, jobs } = end.right;
  io.exit(exitCode);
  if (tell !== undefined) return;
  if (session.asJson) session.answer(E.right(last), () => json(last));
  else {
    for (const line of failureText(jobs)) note(io, line);
    note(io, plain(`Change ${short(last.id)} is ${last.status}: ${stageText(last)}`));
  }
  if (!session.asJson && last.mergeRefused !== undefined) note(io, plain(last.mergeRefused.detail));
};

/** Prints what came of a command, or follows what it has set off. */
export const answerOrWait = async (
  io: Io,
  session: Session,
  got: Got<ChangeView>,
  waits: boolean,
  /** Lines that follow the answer, when nothing is waited for. */
  more: (change: ChangeView) => readonly string[] = () => [],
): Promise<void> => {
  if (!waits || E.isLeft(got)) {
    session.answer(got, (change) =>
      [
        `Change ${plain(short(change.id))} (${plain(change.title)}), patchset ${change.patchset}, is ${plain(change.status)}: ${plain(stageText(change))}.`,
        ...more(change),
      ].join('\n'),
    );
    return;
  }
  if (!session.asJson) note(io, `Change ${plain(short(got.right.id))}: ${plain(got.right.title)}`);
  await wait(io, session, got.right, !session.asJson);
};

interface DeedOptions {
  readonly reason?: string;
  readonly wait?: boolean;
}

const deeds: readonly (readonly [ChangeDeedWord, string, boolean])[] = [
  ['approve', 'merge it into its target; Build and Acceptance follow', true],
  ['deliver', 'let it out; Union, Rehearsal and Delivered follow', true],
  ['cancel', 'end the stage that waits or runs', true],
  ['delete', 'give it up; only while it is not merged', false],
];

const registerDeed = (
  change: Command,
  io: Io,
  [word, description, mayWait]: (typeof deeds)[number],
): void => {
  const command = change
    .command(word)
    .description(description)
    .argument('<id>', 'id, or its first characters')
    .option('--reason <text>', 'kept with the fact')
    .addHelpText(...example(`baton change ${word} 1f3c9a2b${mayWait ? ' --wait' : ''}`));
  if (mayWait) command.option('--wait', WAIT);
  command.action(async (id: string, options: DeedOptions, self: Command) => {
    const session = sessionOf(io, self);
    if (session === undefined) return;
    const got = await session.client.doChange(id, word, options.reason);
    await answerOrWait(io, session, got, options.wait === true);
  });
};

interface RerunOptions extends DeedOptions {
  readonly stage: string;
  readonly phase?: string;
  readonly consumer?: string;
}

/** Adds the commands that lead a change through the pipeline. */
export const registerChangeDeeds = (change: Command, io: Io): void => {
  for (const row of deeds) registerDeed(change, io, row);
  change
    .command('rerun')
    .description('run a stage again, or a phase of it and what comes after')
    .argument('<id>', 'id, or its first characters')
    .requiredOption('--stage <stage>', 'verify, build, acceptance, union, rehearsal or delivered')
    .option(
      '--phase <phase>',
      'only this phase, which must have ended without success, and what comes after it',
    )
    .option('--consumer <change>', 'with --phase in union: of this consumer, not of the change itself')
    .option('--reason <text>', 'kept with the fact')
    .option('--wait', WAIT)
    .addHelpText(...example('baton change rerun 1f3c9a2b --stage build --phase quality --wait'))
    .action(async (id: string, options: RerunOptions, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const { stage, phase, consumer, reason } = options;
      const got = await session.client.rerunChange(id, {
        stage,
        ...(phase === undefined ? {} : { phase }),
        ...(consumer === undefined ? {} : { consumer }),
        ...(reason === undefined ? {} : { reason }),
      });
      await answerOrWait(io, session, got, options.wait === true);
    });
  change
    .command('watch')
    .description('each state until it stops; Ctrl-C leaves the change alone')
    .argument('<id>', 'id, or its first characters')
    .addHelpText(...example('baton change watch 1f3c9a2b'))
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      const got = await session.client.showChange(id);
      if (E.isLeft(got)) {
        fail(io, session.asJson, got.left);
        return;
      }
      let said = '';
      await wait(io, session, got.right, false, (view) => {
        const now = session.asJson ? jsonLine(view) : plain(lineText(view));
        if (now !== said) say(io, now);
        said = now;
      });
    });
};
