/** What did the runner say? Pure parsers of its answers; whatever does not fit exactly is undefined, never a guess. */
import type { AttemptEnding, AttemptResult, AttemptState } from '../app/ports.js';
import { Containment, type Survivor } from '../events/shapes.js';

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
  const [rc, whyWord, log, size, pid, start, boot, signals, survivors, containment, ...rest] = words;
  const exitCode = count(rc);
  const why = whys.find((known) => known === whyWord);
  const logCode = count(log);
  const logSize = count(size);
  if (exitCode === undefined || why === undefined || logCode === undefined || logSize === undefined)
    return undefined;
  if (rest.length > 0) return undefined;
  const ending = parseEnding(signals, survivors, containment);
  if (ending === undefined) return undefined;
  const started = parseProcess([pid, start, boot]);
  return {
    state: 'done',
    result: {
      exitCode,
      why,
      logTruncated: logCode !== 0,
      ...ending,
    },
    logSize,
    ...(started === undefined ? {} : { started }),
  };
};

/** How it was ended, if it had to be: `-` stands for nothing. */
const parseEnding = (
  signals: string | undefined,
  survivors: string | undefined,
  containment: string | undefined,
): Pick<AttemptResult, 'signals' | 'survivors' | 'containment'> | undefined => {
  if (signals === undefined || survivors === undefined) return undefined;
  if (containment !== '-' && !Containment.is(containment)) return undefined;
  return {
    signals: signals === '-' ? [] : signals.split(','),
    survivors: survivors === '-' ? [] : survivors.split(',').flatMap(parseSurvivor),
    ...(containment === '-' ? {} : { containment }),
  };
};

/** `pid:name`, and since when it tells them, `:start:boot:namespace`. */
const parseSurvivor = (text: string): readonly Survivor[] => {
  const [first, command, startTime, bootId, pidNamespace] = text.split(':');
  const pid = count(first);
  if (pid === undefined) return [];
  return [
    {
      pid,
      ...(command === undefined || command === '' ? {} : { command }),
      ...(count(startTime) === undefined ? {} : { startTime }),
      ...(bootId === undefined || bootId === '' ? {} : { bootId }),
      ...(count(pidNamespace) === undefined ? {} : { pidNamespace }),
    },
  ];
};

/** `why size signals survivors containment`. */
const parseEnded = ([why, , signals, survivors, containment]: readonly string[]):
  AttemptEnding | undefined => {
  if (why !== 'cancel' && why !== 'timeout' && why !== 'silence') return undefined;
  const ending = parseEnding(signals, survivors, containment);
  return ending === undefined ? undefined : { why, ...ending };
};

/** What is told of `stderr` where it is kept apart, as a word of its own: `err=<size>`, at the end with the code of what wrote it behind a comma. */
const withErr = (state: AttemptState, word: string): AttemptState | undefined => {
  const [, first, second] = /^err=(\d{1,15})(?:,(\d{1,15}))?$/.exec(word) ?? [];
  const errSize = count(first);
  if (errSize === undefined || !('logSize' in state)) return undefined;
  if (state.state !== 'done') return { ...state, errSize };
  const code = count(second);
  return code === undefined
    ? undefined
    : { ...state, errSize, result: { ...state.result, errTruncated: code !== 0 } };
};

/** The one-line form of a state; see `runner/state.sh`. */
export const parseState = (line: string): AttemptState | undefined => {
  const words = line.trim().split(' ');
  const err = words.find((word) => word.startsWith('err='));
  const state = parseWords(words.filter((word) => word !== err));
  return state === undefined || err === undefined ? state : withErr(state, err);
};

const parseWords = ([state, ...words]: readonly string[]): AttemptState | undefined => {
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
      const logSize = count(words[3]);
      return who !== undefined && logSize !== undefined ? { state, ...who, logSize } : undefined;
    }
    case 'lost': {
      const [why] = words;
      const logSize = count(words[1]);
      if (why === undefined || logSize === undefined) return undefined;
      const ended = parseEnded(words);
      return { state, why, logSize, ...(ended === undefined ? {} : { ended }) };
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
