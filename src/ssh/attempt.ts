/** How are start, query, cancel and clean-up of one attempt put into words, and how is the answer understood? */
import { stat } from 'node:fs/promises';
import * as E from 'fp-ts/lib/Either.js';
import type {
  AttemptRef,
  AttemptState,
  CancelAnswer,
  RevokeAnswer,
  RunnerTarget,
  StartAnswer,
  StartOrder,
  TransportError,
} from '../app/ports.js';
import { transportError } from './errors.js';
import { parseProcess, parseState } from './frames.js';
import { operate, type Payload, type Site } from './operation.js';
import type { OpenChannel } from './pool.js';

type Outcome<A> = Promise<E.Either<TransportError, A>>;

/** Everything an operation on one runner needs. */
export interface Runner {
  readonly target: RunnerTarget;
  readonly open: OpenChannel;
  readonly site: Site;
}

const isWord = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(text);
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n < 1e15;

const invalid = (runner: Runner, what: string) => E.left(transportError('protocol', runner.target, what));
const unexpected = (runner: Runner, lines: readonly string[]) =>
  invalid(runner, `unexpected answer ${lines[0] ?? ''}`);

/** `<jobId>.<attempt>`, or undefined when it could not name files there. */
export const attemptName = (attempt: AttemptRef): string | undefined =>
  isWord(attempt.jobId) && isCount(attempt.attempt)
    ? `${attempt.jobId}.${String(attempt.attempt)}`
    : undefined;

const ask = (
  runner: Runner,
  order: string,
  more?: { readonly payload?: Payload; readonly careful?: boolean },
) => operate(runner.open, runner.target, runner.site, order, more);

export const query = async (runner: Runner, attempt: AttemptRef): Outcome<AttemptState> => {
  const name = attemptName(attempt);
  if (name === undefined) return invalid(runner, 'the attempt is no plain word');
  const lines = await ask(runner, `query ${name}`);
  if (E.isLeft(lines)) return lines;
  const state = parseState((lines.right[0] ?? '').replace(/^state /, ''));
  return state === undefined ? unexpected(runner, lines.right) : E.right(state);
};

export const cancel = async (runner: Runner, attempt: AttemptRef, graceMs: number): Outcome<CancelAnswer> => {
  const name = attemptName(attempt);
  if (name === undefined || !isCount(graceMs)) return invalid(runner, 'the attempt is no plain word');
  const lines = await ask(runner, `cancel ${name} ${String(graceMs)}`);
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
  const lines = await ask(runner, `revoke ${name} ${baseId} ${bootId}`);
  if (E.isLeft(lines)) return lines;
  const kind = (lines.right[0] ?? '').split(' ')[0];
  if (kind === 'changed') return E.right({ kind: 'runner_changed' });
  return kind === 'revoked' || kind === 'started' || kind === 'ended'
    ? E.right({ kind })
    : unexpected(runner, lines.right);
};

export const cleanUp = async (runner: Runner, attempt: AttemptRef): Outcome<void> => {
  const name = attemptName(attempt);
  if (name === undefined) return invalid(runner, 'the attempt is no plain word');
  const lines = await ask(runner, `tidy ${name}`);
  if (E.isLeft(lines)) return lines;
  return lines.right[0] === 'tidied' ? E.right(undefined) : unexpected(runner, lines.right);
};

/** One line per variable; backslash and newline escaped as `printf %b` reads them. Undefined: a name or value is impossible. */
export const environmentText = (environment: Readonly<Record<string, string>>): string | undefined => {
  const entries = Object.entries(environment);
  const fits = entries.every(
    ([name, value]) =>
      /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith('_BATON_') && !value.includes('\0'),
  );
  if (!fits) return undefined;
  return entries
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');
};

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

export const start = async (runner: Runner, order: StartOrder, send: SendSource): Outcome<StartAnswer> => {
  const name = attemptName(order);
  const environment = environmentText(order.environment);
  const key = order.source?.key;
  const counts = [order.fence, order.totalMs ?? 0, order.cancelGraceMs, order.logBytes];
  if (name === undefined || environment === undefined || !counts.every(isCount))
    return invalid(runner, 'the order holds names or numbers that cannot be');
  if (!isWord(order.baseId) || !isWord(order.bootId) || (key !== undefined && !isWord(key)))
    return invalid(runner, 'the order holds an id that is no plain word');
  const head = Buffer.from(environment);
  const payload = Buffer.concat([head, Buffer.from(order.script)]);
  const numbers = counts.map(String);
  const words = [name, numbers[0], order.baseId, order.bootId, ...numbers.slice(1), key ?? '-'];
  const line = ['start', ...words, String(head.length), String(payload.length)].join(' ');
  for (let sent = false; ; sent = true) {
    // A start that was given up here must never happen there: the job may run elsewhere by then.
    const lines = await ask(runner, line, { payload, careful: true });
    if (E.isLeft(lines)) return lines;
    if (lines.right[0] === 'need-source' && order.source !== undefined && !sent) {
      const stored = await send(runner, order.source.key, order.source.tarFile);
      if (E.isLeft(stored)) return stored;
      continue;
    }
    const answer = parseStart(lines.right[0] ?? '');
    return answer === undefined ? unexpected(runner, lines.right) : E.right(answer);
  }
};
