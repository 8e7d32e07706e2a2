/** Until when a pause lasts, as it is chosen in a form. */

export const pauseChoices = ['30m', '2h', 'moment', 'open'] as const;

export interface Until {
  readonly choice: (typeof pauseChoices)[number];
  /** Local time as `<input type="datetime-local">` has it. */
  readonly moment: string;
}

/** For the API; undefined: until somebody resumes it. */
export const untilOf = ({ choice, moment }: Until): string | undefined => {
  if (choice === 'open') return undefined;
  if (choice !== 'moment') return choice;
  const at = Date.parse(moment);
  // what is no moment is for the server to refuse, in its words
  return Number.isNaN(at) ? moment : new Date(at).toISOString();
};
