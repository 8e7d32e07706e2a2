/** Pages of a long list: one of a given size, or all of them. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import type { Got, Paged, Paging } from './client.js';
import { note, type Io } from './io.js';
import { plain } from './terminal.js';

export interface PageOptions extends Paging {
  readonly all?: boolean;
}

const LARGEST = '1000';

/** Adds `--limit`, `--cursor` and `--all`. */
export const withPages = (command: Command, usual: number): Command =>
  command
    .option('--limit <n>', `at most so many rows (default: ${usual})`)
    .option('--cursor <cursor>', 'go on where a page ended: its `next`')
    .option('--all', 'all pages');

/** All pages as one; of the past all are of the same moment. */
export const everyPage = async <A>(
  ask: (paging: Paging) => Promise<Got<Paged<A>>>,
  first: Paging = {},
): Promise<Got<Paged<A>>> => {
  const items: A[] = [];
  let paging: Paging = { limit: LARGEST, ...first };
  for (;;) {
    const got = await ask(paging);
    if (E.isLeft(got)) return got;
    const { next, at } = got.right;
    items.push(...got.right.items);
    if (next === undefined) return E.right({ items, ...(at === undefined ? {} : { at }) });
    paging = { ...paging, cursor: next, ...(at === undefined ? {} : { at: at.position }) };
  }
};

/** One page, or all when that was asked for. */
export const pages = <A>(
  ask: (paging: Paging) => Promise<Got<Paged<A>>>,
  { all, ...paging }: PageOptions,
): Promise<Got<Paged<A>>> => (all === true ? everyPage(ask, paging) : ask(paging));

/** Says beside the rows that there are more. */
export const noteMore = (io: Io, { next }: { readonly next?: string }): void => {
  if (next !== undefined) note(io, plain(`There is more: --all, or --cursor ${next}`));
};
