/**
 * Where may a server be made to die, or to stand still, so that a test sees what the next one makes of it? Before and after each
 * append of a job's way, and before and after each effect on a runner or on a log. Docs: docs/faults.md.
 *
 * The ports are wrapped only when a failpoint is named; else nothing of this is in the way.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { appError, type AppError } from './errors.js';
import type { EventStore, LogStore, LogWriter, RunnerTransport, SourceProvider } from './ports.js';

/** Events of a job's way, from promotion to the end of its stage. */
const events = [
  'PhasePromoted',
  'JobQueued',
  'JobAssigned',
  'JobStarted',
  'JobRequeued',
  'JobCancelRequested',
  'JobSucceeded',
  'JobFailed',
  'JobCancelled',
  'JobTimedOut',
  'JobLost',
  'PhaseFinished',
  'StageRunFinished',
] as const;

const effects = [
  'archive',
  'start',
  'query',
  'log.write',
  'log.seal',
  'cancel',
  'revoke',
  'cleanUp',
] as const;

type Place = `append.${(typeof events)[number]}` | (typeof effects)[number];
/** `start.sent`: the order of a job was written to its channel, and nothing has been answered. */
export type Failpoint = `${Place}.before` | `${Place}.after` | 'start.sent';

export const failpoints: readonly Failpoint[] = [
  ...[...events.map((type) => `append.${type}` as const), ...effects].flatMap((place): Failpoint[] => [
    `${place}.before`,
    `${place}.after`,
  ]),
  'start.sent',
];

/** SIGSTOP: it goes on when it is told to, as a machine that was suspended does. */
export type Blow = 'SIGKILL' | 'SIGSTOP';

export interface ArmedFailpoint {
  readonly failpoint: Failpoint;
  /** At the how manieth pass, from 1. */
  readonly pass: number;
  readonly blow: Blow;
}

const isFailpoint = (text: string): text is Failpoint => (failpoints as readonly string[]).includes(text);

/** `NAME[:N][:stop]`; undefined when nothing is named. */
export const failpointOf = (text: string | undefined): E.Either<AppError, ArmedFailpoint | undefined> => {
  if (text === undefined || text === '') return E.right(undefined);
  const [, name = '', pass = '1', stop] = /^([A-Za-z.]+)(?::(\d{1,6}))?(:stop)?$/.exec(text) ?? [];
  return isFailpoint(name) && Number(pass) > 0
    ? E.right({ failpoint: name, pass: Number(pass), blow: stop === undefined ? 'SIGKILL' : 'SIGSTOP' })
    : E.left(
        appError(
          'invalid',
          'failpoint_unknown',
          'BATON_FAILPOINT is not NAME, NAME:N or NAME:N:stop with a place that there is.',
          {
            hint: `N counts from 1, and NAME is one of: ${failpoints.join(', ')}.`,
          },
        ),
      );
};

/** To be called at each place; `strike` must not return when it kills. */
export type Passes = (place: string) => void;

export const passing = ({ failpoint, pass, blow }: ArmedFailpoint, strike: (blow: Blow) => void): Passes => {
  let passed = 0;
  return (place) => {
    if (place === failpoint && ++passed === pass) strike(blow);
  };
};

const around =
  <Err, A>(passes: Passes, place: string, task: TaskEither<Err, A>): TaskEither<Err, A> =>
  async () => {
    passes(`${place}.before`);
    const done = await task();
    passes(`${place}.after`);
    return done;
  };

export const storeWithFailpoints = (store: EventStore, passes: Passes): EventStore => ({
  ...store,
  append: (stream, appended, expected) => {
    const append = store.append(stream, appended, expected);
    const places = appended.map(({ event }) => `append.${event.type}`);
    return async () => {
      for (const place of places) passes(`${place}.before`);
      const done = await append();
      if (E.isRight(done)) for (const place of places) passes(`${place}.after`);
      return done;
    };
  },
});

export const transportWithFailpoints = (transport: RunnerTransport, passes: Passes): RunnerTransport => ({
  ...transport,
  start: (...asked) => around(passes, 'start', transport.start(...asked)),
  query: (...asked) => around(passes, 'query', transport.query(...asked)),
  cancel: (...asked) => around(passes, 'cancel', transport.cancel(...asked)),
  revoke: (...asked) => around(passes, 'revoke', transport.revoke(...asked)),
  cleanUp: (...asked) => around(passes, 'cleanUp', transport.cleanUp(...asked)),
});

const writerWithFailpoints = (writer: LogWriter, passes: Passes): LogWriter => ({
  ...writer,
  write: (...asked) => around(passes, 'log.write', writer.write(...asked)),
  seal: (truncated) => around(passes, 'log.seal', writer.seal(truncated)),
});

export const logsWithFailpoints = (logs: LogStore, passes: Passes): LogStore => ({
  ...logs,
  open: (...asked) => {
    const open = logs.open(...asked);
    return async () => E.map((writer: LogWriter) => writerWithFailpoints(writer, passes))(await open());
  },
});

export const sourceWithFailpoints = (source: SourceProvider, passes: Passes): SourceProvider => ({
  ...source,
  archive: (asked) => around(passes, 'archive', source.archive(asked)),
});
