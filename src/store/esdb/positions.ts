/** How does a server's pair of positions travel as one text? As `commit/prepare`, which `comparePositions` orders. */
import type { Position } from '../../kernel/recorded.js';

export interface Pair {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const SHAPE = /^(0|[1-9][0-9]*)(?:\/(0|[1-9][0-9]*))?$/;

/** The pair that a text names, or undefined when it is no position. */
export const pairOf = (position: Position): Pair | undefined => {
  const [, commit, prepare = commit] = SHAPE.exec(position) ?? [];
  return commit === undefined || prepare === undefined
    ? undefined
    : { commit: BigInt(commit), prepare: BigInt(prepare) };
};

export const textOfPair = ({ commit, prepare }: Pair): Position => `${String(commit)}/${String(prepare)}`;
