/** How are start, query, cancel and clean-up of one attempt put into words, and how is the answer understood? */
import { stat } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type {
  AttemptRef,
  AttemptState,
  CancelAnswer,
  ProcessFate,
  ProcessName,
  RevokeAnswer,
  RunnerTarget,
  StartAnswer,
  StartOrder,
  TransportError,
} from '../app/ports.js';
import { transportError } from './errors.js';
import { parseProcess, parseState } from './frames.js';
import { judgeLines, operate, type Payload, type Site } from './operation.js';
import type { OpenChannel } from './pool.js';
import type { Slot } from './slot.js';
import type { SlotEnd } from './slot-frames.js';

type Outcome<A> = Promise<E.Either<TransportError, A>>;

/** What a channel of its own needs. */
export interface Place {
  readonly target: RunnerTarget;
  readonly open: OpenChannel;
  readonly site: Site;
}

/** Everything an operation on one runner needs. */
export interface Runner extends Place {
  /** A shell that stays open, while `use` goes on; the error when none can be had, in which case nothing was sent. */
  readonly withSlot: <A>(use: (slot: Slot) => Promise<A>) => Promise<E.Either<TransportError, A>>;
}

/** Where no shell can stay open, a channel of its own for each operation may still do. */
const needsOwnChannel = (error: TransportError): boolean => error.code === 'protocol';

const isWord = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(text);
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n < 1e15;

const invalid = (runner: Place, what: string) => E.left(transportError('protocol', runner.target, what));
const unexpected = (runner: Place, lines: readonly string[]) =>
  invalid(runner, `unexpected answer ${lines[0] ?? ''}`);

/** `<jobId>.<attempt>`, or undefined when it could not name files there. */
export const attemptName = (attempt: AttemptRef): string | undefined =>
  isWord(attempt.jobId) && isCount(attempt.attempt)
    ? `${attempt.jobId}.${String(attempt.attempt)}`
    : undefined;

/** Over a channel of its own. */
const ask = (
  runner: Runner,
  order: string,
  more?: { readonly payload?: Payload; readonly careful?: boolean },
) => operate(runner.open, runner.target, runner.site, order, more);

/** Over a shell that is open. A question may be asked again, so one that a lost shell left open goes over a channel of its own. */
const askSlot = async (runner: Runner, words: readonly string[]): Outcome<readonly string[]> => {
  const answer = await runner.withSlot((slot) => slot.ask(words));
  if (E.isRight(answer) && !(E.isLeft(answer.right) && answer.right.left.code === 'connection_lost'))
    return answer.right;
  return E.isRight(answer) || needsOwnChannel(answer.left) ? ask(runner, words.join(' ')) : answer;
};

export const query = async (runner: Runner, attempt: AttemptRef): Outcome<AttemptState> => {
  const name = attemptName(attempt);
  if (name === undefined) return invalid(runner, 'the attempt is no plain word');
  const lines = await askSlot(runner, ['query', name]);
  if (E.isLeft(lines)) return lines;
  const state = parseState((lines.right[0] ?? '').replace(/^state /, ''));
  return state === undefined ? unexpected(runner, lines.right) : E.right(state);
};

export const cancel = async (runner: Runner, attempt: AttemptRef, graceMs: number): Outcome<CancelAnswer> => {
  const name = attemptName(attempt);
  if (name === undefined || !isCount(graceMs)) return invalid(runner, 'the attempt is no plain word');
  const lines = await askSlot(runner, ['cancel', name, String(graceMs)]);
  if (E.isLeft(lines)) return lines;
  const [kind] = lines.right;
  return kind === 'signalled' || kind === 'revoked' || kind === 'ended'
    ? E.right({ kind })
    : unexpected(runner, lines.right);
};

export const revoke = async (
  runner: Runner,
  attempt: AttemptRef & { readonly baseId: string; readonly bootId: string },
): Outcome<RevokeAnswer> => {
  const name = attemptName(attempt);
  const { baseId, bootId } = attempt;
  if (name === undefined || !isWord(baseId) || !isWord(bootId))
    return invalid(runner, 'the attempt is no plain word');
  const lines = await askSlot(runner, ['revoke', name, baseId, bootId]);
  if (E.isLeft(lines)) return lines;
  const kind = (lines.right[0] ?? '').split(' ')[0];
  if (kind === 'changed') return E.right({ kind: 'runner_changed' });
  return kind === 'revoked' || kind === 'started' || kind === 'ended'
    ? E.right({ kind })
    : unexpected(runner, lines.right);
};

const isFate = (line: string): line is ProcessFate =>
  line === 'alive' || line === 'gone' || line === 'unknown';

/** Nothing is asked when one of them is named by what cannot be. */
export const alive = async (
  runner: Runner,
  processes: readonly ProcessName[],
): Outcome<readonly ProcessFate[]> => {
  const words = processes.flatMap(({ pid, startTime, bootId, pidNamespace }) => [
    ...[String(pid), startTime, bootId, pidNamespace],
  ]);
  if (words.length === 0) return E.right([]);
  if (!words.every(isWord)) return invalid(runner, 'a process is named by what is no plain word');
  const lines = await askSlot(runner, ['alive', ...words]);
  if (E.isLeft(lines)) return lines;
  const fates = lines.right.filter(isFate);
  return fates.length === processes.length ? E.right(fates) : unexpected(runner, lines.right);
};

/** Some may be left undone when one cannot be tidied up: then the answer is an error. */
export const cleanUp = async (runner: Runner, names: readonly string[]): Outcome<void> => {
  const lines = await askSlot(runner, ['tidy', ...names]);
  if (E.isLeft(lines)) return lines;
  return lines.right[0] === 'tidied' ? E.right(undefined) : unexpected(runner, lines.right);
};

/** Undefined: a name or value is impossible. */
const environmentPairs = (
  environment: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] | undefined => {
  const entries = Object.entries(environment);
  const fits = entries.every(
    ([name, value]) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith('_BATON_') && !value.includes('\0'),
  );
  return fits ? entries : undefined;
};

/** One line per variable; backslash and newline escaped as `printf %b` reads them. Undefined: a name or value is impossible. */
export const environmentText = (environment: Readonly<Record<string, string>>): string | undefined =>
  environmentPairs(environment)
    ?.map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');

/** Sends a source once, however many starts want it at the same time. */
export type SendSource = (runner: Runner, key: string, tarFile: string) => Outcome<undefined>;

export const createSendSource = (): SendSource => {
  const underWay = new Map<string, Outcome<undefined>>();
  return (runner, key, tarFile) => {
    const id = JSON.stringify([runner.target.host, runner.target.port, runner.target.user, key]);
    const before = underWay.get(id);
    if (before !== undefined) return before;
    const sending = sendSource(runner, key, tarFile).finally(() => underWay.delete(id));
    underWay.set(id, sending);
    return sending;
  };
};

const sendSource: SendSource = async (runner, key, tarFile) => {
  const size = await stat(tarFile).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) return invalid(runner, `the source file of ${key} is missing here`);
  const lines = await ask(runner, `put ${key} ${String(size)}`, { payload: { file: tarFile } });
  if (E.isLeft(lines)) return lines;
  return lines.right[0] === 'stored' ? E.right(undefined) : unexpected(runner, lines.right);
};

const parseStart = (line: string): StartAnswer | undefined => {
  const [kind, ...words] = line.split(' ');
  switch (kind) {
    case 'started': {
      const started = parseProcess(words);
      return started === undefined ? undefined : { kind, ...started };
    }
    case 'exists': {
      const state = parseState(words.join(' '));
      return state === undefined ? undefined : { kind, state };
    }
    case 'stale':
      return { kind: 'stale_fence', highest: Number(words[0]) };
    case 'changed':
      return { kind: 'runner_changed', baseId: words[0] ?? '', bootId: words[1] ?? '' };
    case 'not-started':
      return { kind: 'not_started', why: words[0] ?? '', message: words.slice(1).join(' ').trim() };
    default:
      return undefined;
  }
};

/** As such it goes to the runner, where it becomes a file before the job begins (`become` in `runner/job.sh`). */
const FACTS = 'BATON_JOB_DATA';

/** What is sent, checked: undefined when it holds what cannot be. */
const wordsOf = (order: StartOrder) => {
  const name = attemptName(order);
  const environment =
    order.facts === undefined ? order.environment : { ...order.environment, [FACTS]: order.facts };
  const pairs = environmentPairs(environment);
  const key = order.source?.key;
  const counts = [order.totalMs ?? 0, order.silenceMs ?? 0, order.cancelGraceMs, order.logBytes];
  const keepSeconds = Math.ceil((order.keep?.ms ?? 0) / 1000);
  const freeKib = Math.ceil((order.freeBytes ?? 0) / 1024);
  const names = [key, order.cache, order.home];
  if (name === undefined || pairs === undefined) return undefined;
  if (![order.fence, keepSeconds, freeKib, ...counts].every(isCount)) return undefined;
  if (![order.baseId, order.bootId, ...names].every((word) => word === undefined || isWord(word)))
    return undefined;
  // A shell's text cannot hold it.
  if (order.script.includes('\0')) return undefined;
  const words = [
    name,
    String(order.fence),
    order.baseId,
    order.bootId,
    ...counts.map(String),
    key ?? '-',
    order.split === true ? 'split' : 'merged',
    ...[
      order.keep?.when ?? 'never',
      String(keepSeconds),
      order.cache ?? '-',
      String(freeKib),
      order.home ?? '-',
    ],
  ];
  return { name, environment, pairs, words };
};

/** Over a channel of its own. */
const startAlone = async (
  runner: Runner,
  order: Pick<StartOrder, 'environment' | 'script'>,
  words: readonly string[],
): Outcome<string> => {
  const head = Buffer.from(environmentText(order.environment) ?? '');
  const payload = Buffer.concat([head, Buffer.from(order.script)]);
  const line = ['start', ...words, String(head.length), String(payload.length)].join(' ');
  // A start that was given up here must never happen there: the job may run elsewhere by then.
  const lines = await ask(runner, line, { payload, careful: true });
  return E.map((found: readonly string[]) => found[0] ?? '')(lines);
};

/** A started job, and how it will be told that it has ended; absent where only a query can tell. */
export interface Beginning {
  readonly answer: StartAnswer;
  readonly end?: Promise<SlotEnd | undefined>;
}

export const start = async (runner: Runner, order: StartOrder, send: SendSource): Outcome<Beginning> => {
  const checked = wordsOf(order);
  if (checked === undefined) return invalid(runner, 'the order holds names, numbers or bytes that cannot be');
  const { name, environment, pairs, words } = checked;
  for (let sent = false; ; sent = true) {
    const begun = await beginInSlot(runner, name, [...words, order.script, ...pairs.flat()]);
    const alone = E.isLeft(begun) && needsOwnChannel(begun.left);
    const answer = alone
      ? E.map((text: string) => ({ text, end: undefined }))(
          await startAlone(runner, { environment, script: order.script }, words),
        )
      : begun;
    if (E.isLeft(answer)) return answer;
    const { text, end } = answer.right;
    if (text === 'need-source' && order.source !== undefined && !sent) {
      const stored = await send(runner, order.source.key, order.source.tarFile);
      if (E.isLeft(stored)) return stored;
      continue;
    }
    const parsed = parseStart(text);
    if (parsed === undefined) return unexpected(runner, [text]);
    return E.right({ answer: parsed, ...(end === undefined ? {} : { end }) });
  }
};

interface Begun {
  readonly text: string;
  readonly end: Promise<SlotEnd | undefined> | undefined;
}

/** The shell belongs to the job until it has ended. */
const beginInSlot = (runner: Runner, name: string, words: readonly string[]): Outcome<Begun> =>
  new Promise((resolve, reject) => {
    runner
      .withSlot(async (slot) => {
        const started = await slot.start(name, words);
        if (E.isLeft(started)) {
          resolve(started);
          return;
        }
        const { answer, end } = started.right;
        const judged = judgeLines(runner.target, [answer]);
        resolve(E.isLeft(judged) ? judged : E.right({ text: answer, end }));
        await end;
      })
      .then((used) => {
        if (E.isLeft(used)) resolve(used);
      })
      .catch(reject);
  });
