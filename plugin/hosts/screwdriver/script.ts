/**
 * All steps of a build as one job, the way Screwdriver's launcher runs them: one shell, so exports and `cd` persist; the first step
 * that fails ends it; steps whose name begins with `teardown-` or `sd-teardown-` run whatever happened. Pure.
 */
import { quote } from '../../../src/domain/shell-word.js';
import { META_SECTION, sectionName } from './borders.js';

/** A step of the build that has a command. */
export interface BuildStep {
  readonly name: string;
  readonly command: string;
}

export interface BuildScript {
  /** Unguessable letters and digits, of this build alone. */
  readonly word: string;
  readonly steps: readonly BuildStep[];
  /** Plain facts; names of variables are those of Screwdriver, letters, digits and underscores. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that Baton gives under a name of this build → the names that steps know. */
  readonly secrets: Readonly<Record<string, string>>;
  /** JSON, before the first step. */
  readonly meta: string;
}

/** Of a step that Baton takes (plugin contract), with room for what stands around it. */
const MOST_CHARACTERS = 64_000;

/** Text that a file gets, whatever it contains: the word ends it, and cannot stand in it by chance. */
const file = (path: string, text: string, word: string): string =>
  `cat >"$PWD/${path}" <<'${word}' || exit 125\n${text}\n${word}\n`;

const isTeardown = ({ name }: Pick<BuildStep, 'name'>): boolean => /^(?:sd-)?teardown-/.test(name);

/** The steps as they are run: those of the user, then the teardown of the user, then that of Screwdriver. */
const orderOf = <S extends Pick<BuildStep, 'name'>>(
  steps: readonly S[],
): { readonly user: readonly S[]; readonly teardown: readonly S[] } => {
  const teardown = steps.filter(isTeardown);
  const own = teardown.filter(({ name }) => !name.startsWith('sd-'));
  return {
    user: steps.filter((step) => !isTeardown(step)),
    teardown: [...own, ...teardown.filter((step) => !own.includes(step))],
  };
};

/** Their names, in the order in which the script runs them. */
export const namesInOrder = (steps: readonly Pick<BuildStep, 'name'>[]): readonly string[] => {
  const { user, teardown } = orderOf(steps);
  return [...user, ...teardown].map(({ name }) => name);
};

/** `name` and `then` stand in a format of printf; `values` are words of the shell for their `%s`. */
const border = (which: 'start' | 'end', name: string, word: string, then = '', values = ''): string =>
  String.raw`printf 'section_${which}:%s:${sectionName(name, word)}\r\033[0K${then}\n' "$(date +%s)" ${values}`;

/** Functions of every shell of the build. Their names begin as no step's own would. */
const tools = (word: string): string => `
__sd_begin() {
  __sd_open=$1
  printf '%s' "$1" >"$__sd/open"
  ${border('start', '%s', word, '%s', '"$1" "$1"')}
}
__sd_end() {
  [ -n "$__sd_open" ] || return 0
  ${border('end', '%s', word, 'exit code %s', '"$__sd_open" "$1"')}
  __sd_open=
  : >"$__sd/open"
}
__sd_keep() {
  (umask 077; export -p >"$__sd/env"; pwd >"$__sd/cwd") 2>/dev/null || :
}
`;

/** The shell of all steps but the teardown. A step that fails ends it at once (-e), or as soon as it is over. */
const userShell = (steps: readonly (BuildStep & { readonly file: number })[]): string => `
. "$__sd/tools"
__sd_over() {
  __sd_code=$?
  trap - EXIT
  set +e
  __sd_end "$__sd_code"
  __sd_keep
  exit "$__sd_code"
}
trap __sd_over EXIT
cd "$SD_SOURCE_DIR"
set -e
${steps
  .map(
    ({ name, file: number }) =>
      `__sd_begin ${name}\n. "$__sd/${number}.sh"\n__sd_code=$?\n__sd_end "$__sd_code"\n[ "$__sd_code" -eq 0 ] || exit "$__sd_code"\n`,
  )
  .join('')}`;

/** One step of the teardown: it finds the variables and the folder that the steps before it left. */
const teardownShell = `
[ ! -s "$__sd/env" ] || . "$__sd/env"
cd "$(cat "$__sd/cwd" 2>/dev/null)" 2>/dev/null || cd "$SD_SOURCE_DIR"
. "$__sd/tools"
trap '__sd_code=$?; set +e; __sd_keep; exit "$__sd_code"' EXIT
set -e
. "$1"
`;

const run = (word: string, teardown: readonly (BuildStep & { readonly file: number })[]): string => `
. "$__sd/tools"
# ended from outside, the teardown still runs, for as long as whoever ends it waits
trap : TERM
sh "$__sd/user.sh"
code=$?
__sd_open=$(cat "$__sd/open")
__sd_end "$code"
${teardown
  .map(
    ({ name, file: number }) =>
      `__sd_begin ${name}\nsh "$__sd/teardown.sh" "$__sd/${number}.sh"\nended=$?\n__sd_end "$ended"\n[ "$code" -ne 0 ] || code=$ended\n`,
  )
  .join('')}
if command -v base64 >/dev/null; then
  ${border('start', META_SECTION, word)}
  head -c 262144 "$SD_META_PATH" | base64
  ${border('end', META_SECTION, word)}
fi
exit "$code"
`;

const prepare = ({ environment, secrets, meta, word }: BuildScript): string =>
  `__sd=$PWD/.sd
export __sd
mkdir -p "$__sd" "$PWD/src" "$PWD/artifacts" "$PWD/meta" || exit 125
: >"$__sd/open"
` +
  Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('') +
  Object.entries(secrets)
    .map(([given, name]) => `${name}=$${given}\nexport ${name}\nunset ${given}\n`)
    .join('') +
  `export SD_SOURCE_DIR="$PWD/src" SD_CHECKOUT_DIR="$PWD/src" SD_ROOT_DIR="$PWD" SD_ARTIFACTS_DIR="$PWD/artifacts"
export SD_META_DIR="$PWD/meta" SD_META_PATH="$PWD/meta/meta.json"
` +
  file('meta/meta.json', meta, word);

/** Names go into the script as they are: whatever the engine says, they are words. */
const badName = ({ steps, environment, secrets }: BuildScript): string | undefined =>
  steps.map(({ name }) => name).find((name) => !/^[\w-]{1,64}$/.test(name)) ??
  [...Object.keys(environment), ...Object.entries(secrets).flat()].find(
    (name) => !/^[A-Za-z_]\w{0,254}$/.test(name),
  );

/** The text of the one step of the promotion, or a sentence why there is none. */
export const scriptOf = (build: BuildScript): { readonly run: string } | { readonly cannot: string } => {
  const { word, steps } = build;
  const bad = badName(build);
  if (bad !== undefined)
    return {
      cannot: `undeliverable: ${JSON.stringify(bad.slice(0, 80))} was expected to be the name of a step or of a variable`,
    };
  const numbered = steps.map((step, i) => ({ ...step, file: i + 1 }));
  const { user, teardown } = orderOf(numbered);
  const prepared = prepare(build);
  const text = [
    prepared,
    ...numbered.map(({ file: number, command }) => file(`.sd/${number}.sh`, command, word)),
    file('.sd/tools', tools(word), word),
    file('.sd/user.sh', userShell(user), word),
    file('.sd/teardown.sh', teardownShell, word),
    run(word, teardown),
  ].join('');
  return text.length <= MOST_CHARACTERS
    ? { run: text }
    : {
        cannot: `undeliverable: the steps of this build are ${text.length - prepared.length} characters of shell, its environment ${prepared.length - build.meta.length}, and the meta that it begins with ${build.meta.length} of JSON; together at most ${MOST_CHARACTERS} can be run. Call scripts of the source, or leave files elsewhere than in meta`,
      };
};
