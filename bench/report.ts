/** What a bench answers, and how it is measured: rounds in turn (A, B, A, B, …), and the median of each. */
import { cpus, loadavg, totalmem } from 'node:os';

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly rounds: readonly number[];
}

export interface Goal {
  readonly name: string;
  readonly ratio: number | null;
  readonly goal: string;
  /** `null`: what it is compared with is not installed; the name says how to install it. */
  readonly met: boolean | null;
}

export interface Report {
  readonly bench: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
}

export const ROUNDS = 7;

const round = (n: number): number => Number(n.toPrecision(4));

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
};

export interface Subject {
  readonly name: string;
  readonly unit: string;
  /** One round; what it answers is a value of the row. */
  readonly measure: () => number | Promise<number>;
}

/** CPU time: what else the machine does meanwhile is left out. */
export const stopwatch = (): (() => number) => {
  const from = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  };
};

export const spentMs = (work: () => void): number => {
  const spent = stopwatch();
  work();
  return spent();
};

/** What answers several rows by one measurement. */
export interface Group {
  readonly rows: readonly (readonly [name: string, unit: string])[];
  /** One round; a value for each of the rows. */
  readonly measure: () => Promise<readonly number[]>;
}

/** Each group once per round, in turn, so that what disturbs the machine disturbs all of them. The first round warms up and does not count. */
export const groupsInTurn = async (groups: readonly Group[], rounds = ROUNDS): Promise<readonly Row[]> => {
  const values = groups.map(({ rows }) => rows.map((): number[] => []));
  for (let n = -1; n < rounds; n++)
    for (const [i, { measure }] of groups.entries()) {
      const found = await measure();
      if (n >= 0) for (const [j, value] of found.entries()) values[i]?.[j]?.push(round(value));
    }
  return groups.flatMap(({ rows }, i) =>
    rows.map(([name, unit], j) => {
      const found = values[i]?.[j] ?? [];
      return { name, unit, median: round(median(found)), rounds: found };
    }),
  );
};

/** The same with one row each. */
export const inTurn = (subjects: readonly Subject[], rounds = ROUNDS): Promise<readonly Row[]> =>
  groupsInTurn(
    subjects.map(({ name, unit, measure }) => ({
      rows: [[name, unit]],
      measure: async () => [await measure()],
    })),
    rounds,
  );

/** The value that so many percent of them do not exceed. */
export const percentile = (values: readonly number[], percent: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil((values.length * percent) / 100) - 1] ?? NaN;

/** Median of the ratios within each round. */
export const ratioOf = (rows: readonly Row[], over: string, under: string): number => {
  const [a, b] = [over, under].map((name) => rows.find((row) => row.name === name)?.rounds ?? []);
  return round(median((a ?? []).map((value, i) => value / (b?.[i] ?? NaN))));
};

export const atMost = (name: string, ratio: number, limit: number): Goal => ({
  name,
  ratio,
  goal: `<= ${limit}`,
  met: ratio <= limit,
});

export const atLeast = (name: string, ratio: number, limit: number): Goal => ({
  name,
  ratio,
  goal: `>= ${limit}`,
  met: ratio >= limit,
});

export type Aim = readonly [at: '<=' | '>=', limit: number];

/** `why`: what keeps it from being measured here, with the command that helps. */
export const goalOf = (name: string, [at, limit]: Aim, ratio: () => number, why: string | undefined): Goal =>
  why === undefined
    ? (at === '<=' ? atMost : atLeast)(name, ratio(), limit)
    : { name: `${name} (${why})`, ratio: null, goal: `${at} ${limit}`, met: null };

export const machine = (): Report['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  load: round(loadavg()[0] ?? 0),
});

/** The report as a table for people. */
export const text = ({ bench, machine: on, rows, goals }: Report): string => {
  const width = Math.max(...rows.map(({ name }) => name.length), ...goals.map(({ name }) => name.length));
  const line = (name: string, ...rest: readonly string[]): string =>
    `  ${name.padEnd(width)}  ${rest.join('  ')}`;
  return [
    `${bench}: ${Object.entries(on)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
    ...rows.map(({ name, unit, median: value, rounds }) =>
      line(name, `${String(value).padStart(9)} ${unit}`, `(${Math.min(...rounds)} … ${Math.max(...rounds)})`),
    ),
    'goals',
    ...goals.map(({ name, ratio, goal, met }) =>
      line(
        name,
        `${String(ratio ?? '-').padStart(9)} ${goal}`,
        met === null ? 'not measured' : met ? 'met' : 'MISSED',
      ),
    ),
  ].join('\n');
};
