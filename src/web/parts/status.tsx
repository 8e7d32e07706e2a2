/** States and outcomes as chips: a picture, a word, and a colour that says nothing the word does not. */
import { Icon, type IconName } from './icon.js';

type Tone = 'ok' | 'bad' | 'warn' | 'live' | 'idle';

interface Look {
  readonly tone: Tone;
  readonly icon: IconName;
  /** Absent: the word of the API, with spaces. */
  readonly word?: string;
}

const looks: Readonly<Record<string, Look>> = {
  // jobs and phases
  queued: { tone: 'idle', icon: 'clock' },
  waiting: { tone: 'idle', icon: 'clock' },
  assigned: { tone: 'live', icon: 'turns', word: 'starting' },
  running: { tone: 'live', icon: 'turns' },
  cancelling: { tone: 'warn', icon: 'turns' },
  succeeded: { tone: 'ok', icon: 'check' },
  failed: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'idle', icon: 'dash' },
  timed_out: { tone: 'bad', icon: 'clock' },
  lost: { tone: 'bad', icon: 'question' },
  expired: { tone: 'warn', icon: 'clock' },
  undeliverable: { tone: 'warn', icon: 'warning' },
  requeued: { tone: 'warn', icon: 'turns', word: 'tried again' },
  unmatched: { tone: 'warn', icon: 'warning', word: 'no runner can ever match' },
  skipped: { tone: 'idle', icon: 'dash' },
  not_run: { tone: 'idle', icon: 'dash' },
  // stages and changes
  waiting_for_a_runner: { tone: 'idle', icon: 'clock' },
  passed: { tone: 'ok', icon: 'check' },
  open: { tone: 'live', icon: 'dash' },
  merging: { tone: 'live', icon: 'turns' },
  merged: { tone: 'ok', icon: 'check' },
  superseded: { tone: 'idle', icon: 'dash' },
  delivered: { tone: 'ok', icon: 'check' },
  deleted: { tone: 'idle', icon: 'trash' },
  // runners
  ready: { tone: 'ok', icon: 'check' },
  untested: { tone: 'idle', icon: 'question' },
  unfit: { tone: 'bad', icon: 'warning' },
  unreachable: { tone: 'bad', icon: 'question' },
  draining: { tone: 'warn', icon: 'drain' },
  paused: { tone: 'warn', icon: 'pause' },
  quarantined: { tone: 'bad', icon: 'lock' },
  removing: { tone: 'warn', icon: 'trash' },
  retired: { tone: 'idle', icon: 'dash' },
};

const unknown: Look = { tone: 'idle', icon: 'question' };

/** The word for a state, as people read it. */
export const wordOf = (status: string): string => looks[status]?.word ?? status.replaceAll('_', ' ');

export const toneOf = (status: string): Tone => (looks[status] ?? unknown).tone;

export const Status = ({ of, title }: { readonly of: string; readonly title?: string }) => {
  const { tone, icon } = looks[of] ?? unknown;
  return (
    <span className={`chip tone-${tone}`} {...(title === undefined ? {} : { title })}>
      <Icon name={icon} />
      {wordOf(of)}
    </span>
  );
};
