/** How a reader likes logs to be shown: kept in this browser. */
import { useState } from 'react';

const read = (name: string): string | null => {
  // where the browser keeps nothing, reading throws
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

/** One of `values`, at first the first of them. */
export const useKept = <A extends string>(
  name: string,
  values: readonly [A, ...A[]],
): readonly [A, (value: A) => void] => {
  const [value, setValue] = useState<A>(() => {
    const kept = read(`baton-log-${name}`);
    return values.find((one) => one === kept) ?? values[0];
  });
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(`baton-log-${name}`, next);
      } catch {
        // it holds for this page then
      }
    },
  ];
};
