/** Until when a pause lasts, as it is chosen in a form. */
import { millisOfLocal } from '../parts/moments.js';

export const pauseChoices = ['30m', '2h', 'moment', 'open'] as const;

export interface Until {
  readonly choice: (typeof pauseChoices)[number];
  /** As it was written. */
  readonly moment: string;
}

/** For the API; undefined: until somebody resumes it. */
export const untilOf = ({ choice, moment }: Until): string | undefined => {
  if (choice === 'open') return undefined;
  if (choice !== 'moment') return choice;
  const at = millisOfLocal(moment);
  // what is no moment is for the server to refuse, in its words
  return at === undefined ? moment : new Date(at).toISOString();
};
