/** `baton job timeline`: every event of a job in words. */
import type { Command } from 'commander';
import type { TimelineEntry } from '../../projections/timeline.js';
import { asOf, atOption } from './as-of.js';
import type { Io } from './io.js';
import { example } from './options.js';
import { table } from './print.js';
import { sessionOf } from './session.js';

const timelineText = (items: readonly TimelineEntry[]): string =>
  table(
    ['POSITION', 'WHEN', 'WHO', 'WHAT'],
    items.map(({ position, at, by, sentence, reason }) => [
      position,
      at,
      by,
      reason === undefined ? sentence : `${sentence.replace(/\.$/, '')}: ${reason}`,
    ]),
  );

/** Adds `timeline`. */
export const registerJobTimeline = (job: Command, io: Io): void => {
  job
    .command('timeline')
    .description('what happened to it, event by event: who, when, at which position')
    .argument('<id>', 'id, or its first characters')
    .option(...atOption)
    .action(async (id: string, { at }: { at?: string }, command: Command) => {
      const session = sessionOf(io, command);
      if (session === undefined) return;
      session.answer(await session.client.jobTimeline(id, at), (answer) => {
        asOf(io, answer);
        return timelineText(answer.items);
      });
    })
    .addHelpText(...example('baton job timeline 0b7f2c1e'));
};
