/** Words for why jobs wait, and what a reason names. */

interface Word {
  readonly text: string;
  readonly icon: 'clock' | 'warning' | 'turns' | 'question';
  readonly tone: 'idle' | 'warn';
}

/** Reasons of the API. In tone `warn`: nothing happens until somebody acts. */
const reasons = {
  no_runner: { text: 'no runner is enrolled', icon: 'warning', tone: 'warn' },
  none_matches: { text: 'no runner can ever match', icon: 'warning', tone: 'warn' },
  none_available: { text: 'no matching runner can take jobs', icon: 'warning', tone: 'warn' },
  all_busy: { text: 'all are busy', icon: 'clock', tone: 'idle' },
  tried_again_later: { text: 'tried again later', icon: 'turns', tone: 'idle' },
  not_recorded: { text: 'not looked at yet', icon: 'question', tone: 'idle' },
} as const satisfies Readonly<Record<string, Word>>;

const statuses: Readonly<Record<string, string>> = {
  queued: 'waiting',
  assigned: 'starting',
  active: 'running or starting',
  unmatched: 'no runner can ever match',
};

const other = (reason: string): Word => ({
  text: reason.replaceAll('_', ' '),
  icon: 'question',
  tone: 'idle',
});

const isReason = (word: string): word is keyof typeof reasons => Object.hasOwn(reasons, word);

/** How a reason looks; one that a later server may have is shown by its name. */
export const reasonOf = (reason: string): Word => (isReason(reason) ? reasons[reason] : other(reason));

/** A status or a reason in words. */
export const wordOf = (word: string): string => statuses[word] ?? reasonOf(word).text;

/** For choosing. */
export const reasonNames = Object.keys(reasons);
export const statusNames = ['active', 'running', 'assigned', 'queued', 'unmatched'] as const;
/** Of a pipeline; the API takes any. */
export const stageNames = ['verify', 'build', 'acceptance', 'union', 'rehearsal', 'delivered'] as const;

/** A piece of a sentence, or of what it names. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'runner' | 'job'; readonly text: string }
  | { readonly kind: 'until'; readonly text: string };

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAME = /([A-Za-z0-9][A-Za-z0-9._-]*)/;

const kindOf = (blocker: string): 'runner' | 'job' => (ID.test(blocker) ? 'job' : 'runner');

/** The sentence in parts, so that the runners and jobs that it names can be links; what it does not name comes after it. */
const named = (sentence: string, blockers: readonly string[]): readonly Part[] => {
  const wanted = new Set(blockers);
  const parts = sentence.split(NAME).flatMap((text): readonly Part[] => {
    if (text === '') return [];
    const name = text.replace(/\.+$/, '');
    if (!wanted.delete(name)) return [{ kind: 'text', text }];
    const rest = text.slice(name.length);
    return [
      { kind: kindOf(name), text: name },
      ...(rest === '' ? [] : [{ kind: 'text', text: rest } as const]),
    ];
  });
  const missed = [...wanted].flatMap((text): readonly Part[] => [
    { kind: 'text', text: ' ' },
    { kind: kindOf(text), text },
  ]);
  return [...parts, ...missed];
};

/** What the server said when it was asked; the page counts on. */
const IN = /^tried again (?:in \d+ (?:s|min)|at [^,]+)/;
/** What the word for the reason has said already. */
const SAID =
  /^(no enrolled runner can ever match|all available matching runners are busy|the only available matching runner is busy): /;

interface Waiting {
  readonly reason: string;
  readonly detail: string;
  readonly blockers: readonly string[];
  readonly until?: string;
}

const joined = (parts: readonly Part[]): readonly Part[] =>
  parts.reduce<readonly Part[]>((all, part) => {
    const last = all.at(-1);
    return part.kind === 'text' && last?.kind === 'text'
      ? [...all.slice(0, -1), { kind: 'text', text: last.text + part.text }]
      : [...all, part];
  }, []);

/** So many are named in a row; who wants all of them asks for the explanation. */
const MOST_NAMED = 3;

/** The clauses up to the last that is named, and that there are more. */
const shortened = (parts: readonly Part[]): readonly Part[] => {
  const names = parts.flatMap(({ kind }, index) => (kind === 'runner' || kind === 'job' ? [index] : []));
  const last = names[MOST_NAMED - 1];
  if (last === undefined || names.length === MOST_NAMED) return parts;
  const next = parts[last + 1];
  // up to what separates it from the next one, with that
  const clause = next?.kind === 'text' ? (/^[^;,]*[;,]?/.exec(next.text)?.[0] ?? '') : '';
  return [...parts.slice(0, last + 1), { kind: 'text', text: `${clause} and others` }];
};

/** Why it waits beside the word for it; empty where that word says it all. */
export const detailOf = ({ reason, detail, blockers, until }: Waiting): readonly Part[] => {
  const told = detail.replace(SAID, '');
  if (told === reasonOf(reason).text) return [];
  const time = until === undefined ? undefined : IN.exec(told)?.[0];
  return time === undefined || until === undefined
    ? shortened(joined(named(told, blockers)))
    : [{ kind: 'until', text: until }, ...shortened(joined(named(told.slice(time.length), blockers)))];
};
