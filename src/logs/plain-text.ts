/** What of a log is text to be searched? Escape sequences are taken out, and letters made alike. Pure. */

/**
 * Control sequences (ECMA-48 §5.4) and operating system commands (§8.3.89, ended as xterm has it) of any sensible length; they never
 * go over the end of a line.
 */
const SEQUENCE = /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\u0007\u001b\n]{0,2048}(?:\u0007|\u001b\\))/gu;
/** What may be the beginning of one, cut by the end of a piece. */
const CUT_SEQUENCE = /\u001b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\u0007\u001b\n]{0,2048}\u001b?)?$/u;
/** Longer than any sequence. */
const LONGEST = 4200;

export const withoutSequences = (text: string): string =>
  text.includes('\u001b') ? text.replace(SEQUENCE, '') : text;

/** Where what is not decided begins, if the text goes on: its length when all is. */
export const decidedUpTo = (text: string): number => {
  const from = Math.max(0, text.length - LONGEST);
  const cut = CUT_SEQUENCE.exec(text.slice(from));
  return cut === null ? text.length : from + cut.index;
};

/**
 * Lower case, character by character, whatever stands around it; of the same length, so that places stay. The one letter whose lower case is
 * longer (U+0130) stays as it is.
 */
export const folded = (text: string): string =>
  text
    .replaceAll('\u03a3', '\u03c3')
    .split('\u0130')
    .map((part) => part.toLowerCase())
    .join('\u0130');
