/** A small job that shows what jobs need of a runner, and whether its output is, byte for byte, what it must be. Pure. */

/** Begins the id of each attempt of a proof, so that it is told from a job's. */
const PROOF = 'proof-';
export const proofId = (id: string): string => `${PROOF}${id}`;
export const isProof = (jobId: string): boolean => jobId.startsWith(PROOF);

/** No code that a shell or a failing tool gives of itself. */
export const PROOF_EXIT = 42;

/** Text in the file `proof.txt` of its source. */
export const PROOF_SOURCE = 'This came in the source of the job.\n';

/** Enough that the output comes in several pieces, and takes no time. */
const LINES = 400;

/** Told by its supervisor: a job of this kind takes a second, and nobody may be there to end it. */
export const PROOF_LIMIT_MS = 60_000;

/** Reads BATON_PROOF from its environment. The last bytes of a line are no text in any encoding. */
export const proofScript = `printf 'user %s\\n' "$(id -un)"
if (: >"$HOME/.$BATON_PROOF" && rm "$HOME/.$BATON_PROOF") 2>/dev/null; then printf 'home writable\\n'; else printf 'home %s not writable\\n' "$HOME"; fi
if (: >written && rm written) 2>/dev/null; then printf 'workspace writable\\n'; else printf 'workspace %s not writable\\n' "$PWD"; fi
if (printf '#!/bin/sh\\nexit 0\\n' >run && chmod +x run && ./run && rm run) 2>/dev/null; then printf 'programs run there\\n'; else printf 'programs in %s cannot be run\\n' "$PWD"; fi
cat proof.txt
n=0
while [ "$n" -lt ${LINES} ]; do
  n=$((n + 1))
  printf '%s line %s of ${LINES} \\303\\244\\377\\n' "$BATON_PROOF" "$n"
done
exit ${PROOF_EXIT}
`;

/** Runs until it is ended. */
export const endlessScript = `printf 'waiting\\n'
while :; do sleep 1; done
`;

export interface Difference {
  readonly expected: string;
  readonly found: string;
}

const shown = (line: string | undefined): string =>
  line === undefined ? 'nothing more' : JSON.stringify(line.slice(0, 120));

/** Text with one character for each byte, so that nothing is lost. */
const linesOf = (bytes: Buffer): readonly string[] => bytes.toString('latin1').split('\n');

/** The account that the output names; undefined when it names none. */
export const userIn = (output: Buffer): string | undefined =>
  /^user ([^\s]{1,256})$/.exec(linesOf(output)[0] ?? '')?.[1];

/** The first line that is other than it must be; undefined when all bytes are right. `user`: who must run it; absent: anybody. */
export const differenceIn = (
  output: Buffer,
  word: string,
  user: string | undefined,
): Difference | undefined => {
  const expected = [
    ...[
      `user ${user ?? userIn(output) ?? 'and its name'}`,
      'home writable',
      'workspace writable',
      'programs run there',
    ],
    PROOF_SOURCE.trimEnd(),
    ...Array.from({ length: LINES }, (_, n) => `${word} line ${n + 1} of ${LINES} \xc3\xa4\xff`),
    '',
  ];
  const found = linesOf(output);
  const at = Array.from({ length: Math.max(expected.length, found.length) }).findIndex(
    (_, n) => expected[n] !== found[n],
  );
  return at < 0 ? undefined : { expected: shown(expected[at]), found: shown(found[at]) };
};
