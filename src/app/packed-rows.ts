/**
 * How are rows written so that reading them costs little? They have few shapes: each shape is written once, and beside it, for
 * each place in it, the values of all rows there. Most of a row is words that all rows have.
 */
import * as t from 'io-ts';
import { put } from '../../projections/table.js';
import { isContainer, membersOf } from './containers.js';

const Shape = t.tuple([
  /** A row with null in each place that holds no container. */
  t.unknown,
  /** One for each such place, in the order of the text. One value alone is that of all rows. */
  t.array(t.UnknownArray),
]);

export const PackedRows = t.tuple(
  [
    t.array(Shape),
    /** Row → its shape. */
    t.array(t.number),
  ],
  'packed rows',
);
export type PackedRows = t.TypeOf<typeof PackedRows>;

/** So many rows, on average, must share a shape for it to pay. */
const ROWS_PER_SHAPE = 4;

/** A text that is the same for rows of the same shape; what is in the row is added to `leaves`. */
const shapeIn = (value: unknown, leaves: unknown[]): string => {
  if (!isContainer(value)) {
    leaves.push(value);
    return '0';
  }
  let shape = '';
  if (Array.isArray(value)) {
    for (const member of value) shape += shapeIn(member, leaves);
    return `[${shape}]`;
  }
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) shape += `${key.length}:${key}${shapeIn(member, leaves)}`;
  }
  return `{${shape}}`;
};

const skeletonOf = (value: unknown): unknown => {
  if (!isContainer(value)) return null;
  if (Array.isArray(value)) return value.map(skeletonOf);
  const skeleton: Record<string, unknown> = {};
  for (const [key, member] of membersOf(value)) put(skeleton, key, skeletonOf(member));
  return skeleton;
};

/** Undefined when the rows have too little in common. */
export const pack = (rows: readonly unknown[]): PackedRows | undefined => {
  const shapes = new Map<
    string,
    { readonly index: number; readonly skeleton: unknown; readonly rows: unknown[][] }
  >();
  const order: number[] = [];
  for (const row of rows) {
    const leaves: unknown[] = [];
    const name = shapeIn(row, leaves);
    let shape = shapes.get(name);
    if (shape === undefined) {
      shape = { index: shapes.size, skeleton: skeletonOf(row), rows: [] };
      shapes.set(name, shape);
      if (shapes.size * ROWS_PER_SHAPE > rows.length) return undefined;
    }
    shape.rows.push(leaves);
    order.push(shape.index);
  }
  const packed = [...shapes.values()].map(({ skeleton, rows: its }): PackedRows[0][number] => {
    const columns = (its[0] ?? []).map((first, place) =>
      its.every((leaves) => leaves[place] === first) ? [first] : its.map((leaves) => leaves[place]),
    );
    return [skeleton, columns];
  });
  return [packed, order];
};

type Table = Record<string, unknown>;

/** How a container of a row is made: a copy of what all of them have, and what each has of its own. */
interface Plan {
  readonly common: Table | unknown[];
  readonly own: readonly {
    readonly key: string;
    /** Values, or how to make the container that lies here. */
    readonly from: readonly unknown[] | Plan;
  }[];
}

const isColumn = (from: readonly unknown[] | Plan): from is readonly unknown[] => Array.isArray(from);

type Columns = Iterator<readonly unknown[], undefined>;

const nextOf = (columns: Columns, rows: number): readonly unknown[] => {
  const column = columns.next().value ?? [];
  if (column.length === 1 || column.length === rows) return column;
  throw new Error(`expected ${rows} values in a column, found ${column.length}`);
};

/** What all have goes into the skeleton. */
const planOf = (skeleton: Table | unknown[], columns: Columns, rows: number): Plan => {
  const own: Plan['own'][number][] = [];
  for (const [key, member] of Object.entries(skeleton)) {
    const from = isContainer(member) ? planOf(member, columns, rows) : nextOf(columns, rows);
    if (isColumn(from) && from.length === 1) put(skeleton as Table, key, from[0]);
    else own.push({ key, from });
  }
  return { common: skeleton, own };
};

/**
 * A copy whose members are then replaced: V8 makes it faster than it parses the text of an object, and than it adds members by
 * names that it finds in variables, which it takes for a table when they are many.
 */
const rowOf = ({ common, own }: Plan, row: number): Table | unknown[] => {
  const made = Array.isArray(common) ? common.slice() : { ...common };
  for (const { key, from } of own) put(made as Table, key, isColumn(from) ? from[row] : rowOf(from, row));
  return made;
};

const rowsOf = ([skeleton, its]: PackedRows[0][number], rows: number): readonly unknown[] => {
  const columns = its.values();
  if (!isContainer(skeleton)) {
    const column = nextOf(columns, rows);
    return column.length === rows ? column : Array<unknown>(rows).fill(column[0]);
  }
  const plan = planOf(skeleton, columns, rows);
  return Array.from({ length: rows }, (_, row) => rowOf(plan, row));
};

/** Throws when the columns do not fit. No two rows have a container in common. */
export const unpack = ([shapes, order]: PackedRows): readonly unknown[] => {
  const counts = shapes.map(() => 0);
  for (const shape of order) counts[shape] = (counts[shape] ?? 0) + 1;
  const rows = shapes.map((shape, n) => rowsOf(shape, counts[n] ?? 0).values());
  return order.map((shape) => rows[shape]?.next().value);
};
