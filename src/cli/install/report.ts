/** What is told of each step: one line that is replaced at a terminal, one line a step elsewhere, or JSON for programs. */
import { note, say, type Io } from '../io.js';
import { jsonLine } from '../print.js';
import { progressOn } from '../progress.js';
import { plain } from '../terminal.js';
import type { StepEvent, Undone } from './steps.js';

export interface Report {
  readonly tell: (event: StepEvent) => void;
  /** Of what is being done within a step, such as bytes that were sent. */
  readonly detail: (text: string) => void;
  /** Takes away what is drawn, for a question. */
  readonly clear: () => void;
  readonly close: () => void;
}

/** As long as the longest word of a step, and one more. */
const WIDTH = 13;

const PREFIX: Readonly<Record<StepEvent['status'], string>> = {
  ...{
    begun: '',
    done: '',
    unchanged: 'unchanged',
    skipped: 'nothing to do',
    failed: 'failed',
    undone: 'undone',
  },
};

const lineOf = ({ step, status, detail }: StepEvent): string => {
  const words = [PREFIX[status], detail ?? ''].filter((text) => text !== '').join(': ');
  return plain(`${step.padEnd(WIDTH)}${words === '' ? status : words}`);
};

/** Steps on stdout; what is being done now on stderr, and only at a terminal. */
export const reportOn = (io: Io, json: boolean): Report => {
  if (json)
    return {
      tell: (event) => say(io, jsonLine(event)),
      detail: () => undefined,
      clear: () => undefined,
      close: () => undefined,
    };
  const progress = progressOn(io.stderr, io.now);
  let now = '';
  return {
    tell: (event) => {
      if (event.status === 'begun') {
        now = `${event.step.padEnd(WIDTH)}${event.detail ?? '...'}`;
        progress.say(now);
        return;
      }
      progress.clear();
      say(io, lineOf(event));
    },
    detail: (text) => progress.say(`${now}, ${text}`),
    clear: progress.clear,
    close: progress.close,
  };
};

const without = (sentence: string): string => sentence.replace(/\.$/u, '');

/** In one sentence what failed; then what of it stays. */
export const failureText = ({ step, failure, undone, kept }: Undone): readonly string[] => {
  const rest =
    kept.length > 0
      ? `Could not be undone: ${kept.map(({ what, why }) => `${what} (${without(why)})`).join('; ')}.`
      : undone.length > 0
        ? 'What this run had changed is undone.'
        : 'Nothing was changed.';
  const { sentence, hint } = failure;
  return [`${without(sentence)} (step ${step}). ${rest}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
};

/** Tells the end of it, as text on stderr or as the last line of JSON. */
export const tellFailure = (io: Io, json: boolean, ended: Undone): void => {
  if (json) {
    const { failure, ...rest } = ended;
    say(io, jsonLine({ result: 'failed', ...failure, ...rest }));
    return;
  }
  const [sentence = '', ...more] = failureText(ended);
  note(io, plain(`baton: ${sentence}`));
  for (const text of more) note(io, plain(text));
};
