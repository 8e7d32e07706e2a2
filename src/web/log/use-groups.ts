/** Which groups of a log are folded: those that the log asks for, and then as the reader wants. */
import { useMemo, useState } from 'react';
import type { Group } from './groups.js';
import type { LineRange } from './line-links.js';

export interface GroupChoice {
  /** By the line of its heading. */
  readonly groups: ReadonlyMap<number, Group>;
  /** Lines of headings whose groups are folded. */
  readonly folded: ReadonlySet<number>;
  readonly hidden: readonly LineRange[];
  readonly toggle: (heading: number) => void;
  readonly foldAll: (isFolded: boolean) => void;
  /** Unfolds what the line is in. */
  readonly reveal: (line: number) => void;
}

/**
 * Only a section that says so itself is folded at first, once it has ended and unless something in it went wrong: `--- ` also stands before
 * results of tests and in differences of files, and a log that hides what nobody asked it to hide is worse than a long one.
 */
const isFoldedAtFirst = ({ collapsed, ended, alarmed }: Group): boolean => collapsed && ended && !alarmed;

export const useGroups = (list: readonly Group[]): GroupChoice => {
  const [choice, setChoice] = useState<ReadonlyMap<number, boolean>>(new Map());
  const groups = useMemo(() => new Map(list.map((group) => [group.line, group])), [list]);
  const shut = useMemo(
    () => list.filter((group) => group.to > group.line && (choice.get(group.line) ?? isFoldedAtFirst(group))),
    [list, choice],
  );
  const folded = useMemo(() => new Set(shut.map(({ line }) => line)), [shut]);
  const hidden = useMemo(() => shut.map(({ line, to }) => ({ from: line + 1, to })), [shut]);
  return {
    ...{ groups, folded, hidden },
    toggle: (heading) => setChoice(new Map(choice).set(heading, !folded.has(heading))),
    foldAll: (isFolded) => setChoice(new Map(list.map(({ line }) => [line, isFolded]))),
    reveal: (line) => {
      const around = shut.filter((group) => group.line < line && line <= group.to);
      if (around.length > 0)
        setChoice(new Map([...choice, ...around.map((group) => [group.line, false] as const)]));
    },
  };
};
