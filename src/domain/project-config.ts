/** Which command does a project give for each phase? Reads `[local_phases]` of `.delivery/project.toml`. */
import * as E from 'fp-ts/lib/Either.js';
import { parse, TomlError } from 'smol-toml';
import { shown, type Problem } from './problem.js';
import { isPhase, type Phase } from './stage-plan.js';

export interface ProjectConfig {
  /** A command line for `sh`; an empty one counts as none. */
  readonly commands: Readonly<Partial<Record<Phase, string>>>;
  /** Keys of `[local_phases]` that are no phase of a pipeline, e.g. `cleanup`; perhaps misspelt. */
  readonly otherKeys: readonly string[];
  /** The file names another file to use instead. It is not fetched: its address is the project's to choose, not ours to trust. */
  readonly remoteFile?: string;
}

/** Commands end in events, which are limited to 1 MiB. */
const MAX_CHARACTERS = 65_536;

/** What a project without the file has. */
export const noProjectConfig: ProjectConfig = { commands: {}, otherKeys: [] };

/** All problems at once; paths are TOML keys, or line and column where the text could not be read. */
export const parseProjectConfig = (text: string): E.Either<readonly Problem[], ProjectConfig> => {
  if (text.length > MAX_CHARACTERS)
    return E.left([
      { path: '', expected: `at most ${MAX_CHARACTERS} characters`, found: `${text.length} characters` },
    ]);
  const table = readToml(text);
  return E.isLeft(table) ? E.left([table.left]) : fromTable(table.right);
};

const readToml = (text: string): E.Either<Problem, Record<string, unknown>> => {
  try {
    return E.right(parse(text.replace(/^\ufeff/, '')));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [why = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
    const path = `line ${error.line}, column ${error.column}`;
    return E.left({ path, expected: 'TOML', found: why, mend: mendFor(why) });
  }
};

const mendFor = (why: string): string =>
  /redefine|duplicate|already/i.test(why)
    ? 'keep each table and each key once'
    : 'correct the line; a command stands in quotes: unit = "make test"';

const fromTable = (table: Record<string, unknown>): E.Either<readonly Problem[], ProjectConfig> => {
  const problems: Problem[] = [];
  const commands: Partial<Record<Phase, string>> = {};
  const otherKeys: string[] = [];
  const local = table['local_phases'] ?? {};
  if (typeof local !== 'object' || Array.isArray(local) || local instanceof Date)
    return E.left([
      { path: 'local_phases', expected: 'a table', found: shown(local), mend: 'write [local_phases]' },
    ]);
  for (const [key, value] of Object.entries(local)) {
    if (!isPhase(key)) otherKeys.push(key);
    else if (typeof value !== 'string')
      problems.push({
        path: `local_phases.${key}`,
        expected: 'a command line',
        found: kindOf(value),
        mend: 'put it in quotes',
      });
    else if (hasControls(value))
      problems.push({
        path: `local_phases.${key}`,
        expected: 'text without control characters',
        found: shown(value),
      });
    else if (value.trim() !== '') commands[key] = value;
  }
  const remote = table['remote_file'];
  if (problems.length > 0) return E.left(problems);
  return E.right({ commands, otherKeys, ...(typeof remote === 'string' ? { remoteFile: remote } : {}) });
};

// TOML's big integers and dates have no JSON.
const kindOf = (value: unknown): string =>
  value instanceof Date ? 'a date' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;

/** Line ends and tabs are usual in a script of several lines; anything else could play tricks on a terminal. */
const hasControls = (text: string): boolean => /[^\P{Cc}\n\r\t]/u.test(text);
