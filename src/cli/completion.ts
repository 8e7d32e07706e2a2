/** `baton completion SHELL` prints a script for the shell; the script asks `baton complete` for each press of the key. */
import { Argument, type Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { candidatesFor, type Candidate } from './candidates.js';
import type { Client } from './client.js';
import { say, type Io } from './io.js';
import { example } from './options.js';
import { sessionOf } from './session.js';
import { plain } from './terminal.js';

/** The shell completes file names itself when this is the only line. */
const FILES = ':files';

/**
 * Nothing that comes back is ever parsed by the shell: the words are read as lines into an array.
 * Where the text of a script says `_baton`, it must not clash with functions of the user.
 */
const SCRIPTS = {
  bash: `# baton completion for bash; put \`source <(baton completion bash)\` into ~/.bashrc
_baton() {
  local lines word
  mapfile -t lines < <(baton complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  if [ "\${lines[*]}" = '${FILES}' ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    compopt -o filenames 2>/dev/null
    return
  fi
  for word in "\${lines[@]}"; do
    word=\${word%%$'\\t'*}
    case $word in "\${COMP_WORDS[COMP_CWORD]}"*) COMPREPLY+=("$word") ;; esac
  done
}
complete -F _baton baton
`,
  zsh: `#compdef baton
# baton completion for zsh; put \`source <(baton completion zsh)\` into ~/.zshrc behind compinit
_baton() {
  local -a lines found
  local line
  lines=("\${(@f)$(baton complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[*]}" = '${FILES}' ]]; then _files; return; fi
  for line in "\${lines[@]}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#found} )) && _describe baton found
}
(( $+functions[compdef] )) && compdef _baton baton
`,
  fish: `# baton completion for fish; save as ~/.config/fish/completions/baton.fish
function __baton_complete
  set -l words (commandline -opc)
  set -l lines (baton complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test "$lines" = '${FILES}'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c baton -f -a '(__baton_complete)'
`,
} as const;

type Shell = keyof typeof SCRIPTS;

/** A completion that takes longer is worse than none. */
const PATIENCE_MS = 1_500;
/** A menu of more than this is no help. */
const MOST = 200;

/** Ids and names that the server knows now; nothing when it does not answer. */
const live = async (client: Client, noun: string): Promise<readonly Candidate[]> => {
  if (noun === 'runner') {
    const got = await client.listRunners();
    return E.isLeft(got) ? [] : got.right.items.map(({ name, state }) => ({ word: name, about: state }));
  }
  if (noun === 'change') {
    const got = await client.listChanges({});
    return E.isLeft(got)
      ? []
      : got.right.items.map(({ id, branch, title }) => ({ word: id, about: `${branch}: ${title}` }));
  }
  const got = await client.listJobs({});
  return E.isLeft(got)
    ? []
    : got.right.items.map(({ id, status, project, phase }) => ({
        word: id,
        about: `${status} ${project} ${phase}`,
      }));
};

const soon = async <A>(work: Promise<readonly A[]>): Promise<readonly A[]> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<readonly A[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
};

const complete = async (
  io: Io,
  program: Command,
  line: readonly string[],
  command: Command,
): Promise<void> => {
  const wanted = candidatesFor(program, line);
  if (wanted.kind === 'files') {
    say(io, FILES);
    return;
  }
  let { candidates } = wanted.kind === 'words' ? wanted : { candidates: [] as readonly Candidate[] };
  if (wanted.kind === 'live') {
    const session = sessionOf({ ...io, exit: () => undefined }, command);
    if (session !== undefined) candidates = await soon(live(session.client, wanted.noun));
  }
  const start = line.at(-1) ?? '';
  for (const { word, about } of candidates.filter((one) => one.word.startsWith(start)).slice(0, MOST))
    say(io, about === '' ? plain(word) : `${plain(word)}\t${plain(about)}`);
};

/** Adds `completion`, and `complete`, which only the scripts call. `whole`: the commands, as they are for that line. */
export const registerCompletion = (
  program: Command,
  io: Io,
  whole: (line: readonly string[]) => Promise<Command>,
): void => {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'shell to complete in').choices(Object.keys(SCRIPTS)))
    .addHelpText(...example('source <(baton completion bash)'))
    .action((shell: Shell) => {
      io.stdout.write(SCRIPTS[shell]);
    });
  program
    .command('complete', { hidden: true })
    .description('candidates for a half-written command line, one a line')
    .argument('[words...]')
    .action(async (line: readonly string[], _options: unknown, command: Command) => {
      await complete(io, await whole(line), line, command);
    });
};
