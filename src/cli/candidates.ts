/** What could stand at the end of a half-written command line? Read from the commands themselves, so help and completion agree. */
import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What the shell must find by itself, or the server has to be asked for. */
export type Wanted =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'live'; readonly noun: string };

const words = (candidates: readonly Candidate[]): Wanted => ({ kind: 'words', candidates });
const bare = (list: readonly string[]): Wanted => words(list.map((word) => ({ word, about: '' })));

/** Names of placeholders, as help shows them, that stand for something on the disk of the caller. */
const ON_DISK = /^(file|dir|path|folder)$/;

/** Those of what no server knows: a machine that is no runner yet, and who logs in there. */
const UNKNOWN = /^(host|user)$/;

/** Placeholder → what the server knows of that kind, under any command. */
const LIVE: Readonly<Record<string, string>> = { runner: 'runner', change: 'change', job: 'job' };

const placeholderOf = (option: Option): string =>
  /[<[]([A-Za-z-]+)(?:\.\.\.)?[>\]]/.exec(option.flags)?.[1] ?? '';

const takesValue = (option: Option): boolean => option.required || option.optional;

const optionsOf = (command: Command): readonly Option[] => {
  const own = command.createHelp().visibleOptions(command);
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)];
};

const find = (command: Command, flag: string): Option | undefined =>
  optionsOf(command).find(({ long, short }) => flag === long || flag === short);

const valueOf = (option: Option): Wanted => {
  if (option.argChoices !== undefined) return bare(option.argChoices);
  const placeholder = placeholderOf(option);
  if (ON_DISK.test(placeholder)) return { kind: 'files' };
  const noun = LIVE[option.long?.slice(2) ?? ''];
  return noun === undefined ? words([]) : { kind: 'live', noun };
};

const argumentOf = (command: Command, argument: Argument | undefined): Wanted => {
  if (argument === undefined) return words([]);
  if (argument.argChoices !== undefined) return bare(argument.argChoices);
  if (ON_DISK.test(argument.name())) return { kind: 'files' };
  // `delete-runner RUNNER` names what it takes, since no command above it does
  const noun = Object.hasOwn(LIVE, argument.name()) ? argument.name() : (command.parent?.name() ?? '');
  return Object.hasOwn(LIVE, noun) && !UNKNOWN.test(argument.name()) ? { kind: 'live', noun } : words([]);
};

const subcommandsOf = (command: Command): readonly Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ word: sub.name(), about: sub.summary() || sub.description() }));

const flagsOf = (command: Command): readonly Candidate[] =>
  optionsOf(command).map(({ long, short, description }) => ({
    word: long ?? short ?? '',
    about: description,
  }));

interface Place {
  readonly command: Command;
  /** Arguments given so far. */
  readonly given: number;
  /** The option that the word under the cursor belongs to. */
  readonly pending: Option | undefined;
}

const walk = (program: Command, before: readonly string[]): Place => {
  let command = program;
  let given = 0;
  let pending: Option | undefined;
  for (const word of before) {
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith('-')) {
      const option = find(command, word.split('=')[0] ?? word);
      if (option !== undefined && takesValue(option) && !word.includes('=')) pending = option;
    } else {
      const sub = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (sub === undefined) given += 1;
      else command = sub;
    }
  }
  return { command, given, pending };
};

/** `line`: the words behind `baton`; the last one is under the cursor, and may be empty. */
export const candidatesFor = (program: Command, line: readonly string[]): Wanted => {
  const { command, given, pending } = walk(program, line.slice(0, -1));
  const current = line.at(-1) ?? '';
  if (pending !== undefined) return valueOf(pending);
  if (current.startsWith('-')) return words(flagsOf(command));
  if (command.commands.length > 0) return words(subcommandsOf(command));
  const all = command.registeredArguments;
  const last = all.at(-1);
  return argumentOf(command, all[given] ?? (last?.variadic === true ? last : undefined));
};
