/** What did the runner say? Pure parsers of its answers; whatever does not fit exactly is undefined, never a guess. */
import type { AttemptResult, AttemptState } from '../app/ports.js';

/** Where the bytes after the marker begin, once it has come. Everything before it is the noise of rc files. */
export const afterMarker = (received: Buffer, nonce: string): number | undefined => {
  const marker = Buffer.from(`BATON ${nonce}\n`);
  const at = received.indexOf(marker);
  return at < 0 ? undefined : at + marker.length;
};

/** The complete lines before `end`; undefined while it has not come. */
export const answerLines = (text: string): readonly string[] | undefined => {
  const lines = text.split('\n');
  const end = lines.indexOf('end');
  return end < 0 || end === lines.length - 1 ? undefined : lines.slice(0, end);
};

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const whys: readonly AttemptResult['why'][] = [
  'exit',
  'cancel',
  'timeout',
  'silence',
  'leftover',
  'infrastructure',
];

/** `pid start boot`. */
export const parseProcess = (
  words: readonly (string | undefined)[],
): { readonly pid: number; readonly startTime: string; readonly bootId: string } | undefined => {
  const [first, startTime, bootId] = words;
  const pid = count(first);
  if (pid === undefined || startTime === undefined || bootId === undefined) return undefined;
  return /^\d+$/.test(startTime) && bootId !== '' ? { pid, startTime, bootId } : undefined;
};

const parseDone = (words: readonly string[]): AttemptState | undefined => {
  const [rc, whyWord, log, size, pid, start, boot, signals, survivors, ...rest] = words;
  const exitCode = count(rc);
  const why = whys.find((known) => known === whyWord);
  const logCode = count(log);
  const logSize = count(size);
  if (exitCode === undefined || why === undefined || logCode === undefined || logSize === undefined)
    return undefined;
  if (signals === undefined || survivors === undefined) return undefined;
  const err = parseErr(rest);
  if (err === undefined) return undefined;
  const started = parseProcess([pid, start, boot]);
  return {
    state: 'done',
    result: {
      exitCode,
      why,
      logTruncated: logCode !== 0,
      ...(err.code === undefined ? {} : { errTruncated: err.code !== 0 }),
      signals: signals === '-' ? [] : signals.split(','),
      survivors: survivors === '-' ? [] : survivors.split(',').flatMap(parseSurvivor),
    },
    logSize,
    ...(err.size === undefined ? {} : { errSize: err.size }),
    ...(started === undefined ? {} : { started }),
  };
};

/** Size of `stderr`, and the code of what wrote it; neither where it is not kept apart. */
const parseErr = (
  words: readonly string[],
): { readonly size?: number; readonly code?: number } | undefined => {
  if (words.length === 0) return {};
  const [size, code] = words.map(count);
  return size === undefined || code === undefined || words.length > 2 ? undefined : { size, code };
};

/** Sizes at the end of a state: of the log, and of `stderr` where it is kept apart. */
const parseSizes = (
  words: readonly string[],
): { readonly logSize: number; readonly errSize?: number } | undefined => {
  const [logSize, errSize] = words.map(count);
  if (logSize === undefined || words.length > 2) return undefined;
  if (words.length === 1) return { logSize };
  return errSize === undefined ? undefined : { logSize, errSize };
};

const parseSurvivor = (text: string): readonly { readonly pid: number; readonly command?: string }[] => {
  const [first, command] = text.split(':');
  const pid = count(first);
  if (pid === undefined) return [];
  return [command === undefined || command === '' ? { pid } : { pid, command }];
};

/** The one-line form of a state; see `runner/state.sh`. */
export const parseState = (line: string): AttemptState | undefined => {
  const [state, ...words] = line.trim().split(' ');
  switch (state) {
    case 'absent': {
      const [baseId, bootId] = words;
      return baseId !== undefined && bootId !== undefined ? { state, baseId, bootId } : undefined;
    }
    case 'claimed':
    case 'revoked':
    case 'tombstone':
      return { state };
    case 'running':
    case 'orphan': {
      const who = parseProcess(words);
      const sizes = parseSizes(words.slice(3));
      return who !== undefined && sizes !== undefined ? { state, ...who, ...sizes } : undefined;
    }
    case 'lost': {
      const [why] = words;
      const sizes = parseSizes(words.slice(1));
      return why !== undefined && sizes !== undefined ? { state, why, ...sizes } : undefined;
    }
    case 'done':
      return parseDone(words);
    default:
      return undefined;
  }
};

/** The last line of a follow: `<nonce> end <size> <state>`. */
export const parseEnd = (
  line: string,
  nonce: string,
): { readonly size: number; readonly state: AttemptState } | undefined => {
  const prefix = `${nonce} end `;
  if (!line.startsWith(prefix)) return undefined;
  const rest = line.slice(prefix.length);
  const space = rest.indexOf(' ');
  const size = count(rest.slice(0, space));
  const state = parseState(rest.slice(space + 1));
  return size !== undefined && state !== undefined ? { size, state } : undefined;
};
