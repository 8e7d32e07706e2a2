/** What did an installation make on a machine? `/etc/baton/<runner-user>.manifest`, one fact per line; `runner/manifest.sh` writes it. */
import * as E from 'fp-ts/lib/Either.js';

/** First line: `baton-manifest 1`. */
const VERSION = 1;

const kinds = ['shared', 'dir', 'tree', 'group', 'account', 'file', 'appended', 'package'] as const;

export interface ManifestEntry {
  /**
   * `shared`: a folder that goes with the last runner. `dir`: goes when it is empty. `tree`: goes with its content.
   * `appended`: a file of somebody else with a block of ours in it.
   */
  readonly kind: (typeof kinds)[number];
  /** Of the installation that made it; see `Machine.undo`. */
  readonly run: string;
  /** A path, or the name of an account, group or package. */
  readonly name: string;
  /** SHA-256 of a file, two of them while it is being replaced; of a package format and version. */
  readonly marks: readonly string[];
}

/** Whose a machine's runner account is. */
export interface Owner {
  /** Id of the Baton that installed it; one word of letters, digits, `.`, `_` and `-`. */
  readonly installation: string;
  /** The runner's name there. */
  readonly name: string;
}

export interface Manifest {
  readonly runnerUser: string;
  readonly base: string;
  readonly slots: number;
  readonly isolate: boolean;
  /** Absent: not known, made by a Baton that did not write it down. */
  readonly owner?: Owner;
  readonly entries: readonly ManifestEntry[];
}

const entryOf = (line: string): ManifestEntry | undefined => {
  const [word, run, name, ...marks] = line.split(' ');
  const kind = kinds.find((known) => known === word);
  return kind === undefined || run === undefined || name === undefined || !/^[0-9a-f]+$/.test(run)
    ? undefined
    : { kind, run, name, marks: marks.flatMap((mark) => mark.split(',')) };
};

const ownerOf = (line: string): Owner | undefined => {
  const [word, installation, name, ...more] = line.split(' ');
  return word !== 'owner' || installation === undefined || name === undefined || more.length > 0
    ? undefined
    : { installation, name };
};

/** Left: what is wrong with it, for a sentence. */
export const parseManifest = (text: string): E.Either<string, Manifest> => {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  if (first !== `baton-manifest ${VERSION}`)
    return E.left(
      /^baton-manifest \d+$/.test(first)
        ? `it has format ${first.slice('baton-manifest '.length)}, and this Baton knows ${VERSION}`
        : 'it does not begin as one',
    );
  const lines = rest.slice(0, -1);
  if (rest.at(-1) !== 'end') return E.left('its end is missing');
  const heads = new Map<string, string>();
  const entries: ManifestEntry[] = [];
  let owner: Owner | undefined;
  for (const line of lines) {
    const [word = '', value, ...more] = line.split(' ');
    if (['runner', 'base', 'slots', 'isolate'].includes(word) && value !== undefined && more.length === 0) {
      heads.set(word, value);
      continue;
    }
    const named = ownerOf(line);
    if (named !== undefined) {
      owner = named;
      continue;
    }
    const entry = entryOf(line);
    if (entry === undefined) return E.left(`a line is not understood: ${line.slice(0, 80)}`);
    entries.push(entry);
  }
  const [runnerUser, base, slots] = [heads.get('runner'), heads.get('base'), heads.get('slots')];
  if (runnerUser === undefined || base === undefined || slots === undefined || !/^\d{1,4}$/.test(slots))
    return E.left('it does not say whose it is');
  return E.right({
    ...{ runnerUser, base, entries },
    slots: Number(slots),
    isolate: heads.get('isolate') === 'yes',
    ...(owner === undefined ? {} : { owner }),
  });
};
