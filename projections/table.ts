/** How do views keep things by id? Plain objects as tables that are safe for any id, and ids out of stream names. */

/** What is kept under `id`; never what objects inherit, so that an id such as `constructor` finds nothing. */
export const find = <Row>(table: Readonly<Record<string, Row>>, id: string): Row | undefined =>
  Object.hasOwn(table, id) ? table[id] : undefined;

/** Keeps `row` under `id`. Assigning `__proto__` would change the table's prototype instead of adding a row. */
export const put = <Row>(table: Record<string, Row>, id: string, row: Row): void => {
  if (id === '__proto__')
    Object.defineProperty(table, id, { value: row, writable: true, enumerable: true, configurable: true });
  else table[id] = row;
};

/** Forgets what is under `id`. */
export const drop = <Row>(table: Record<string, Row>, id: string): void => {
  Reflect.deleteProperty(table, id);
};

/** `x` for the stream `job-x` and category `job`; undefined for streams of other categories. */
export const idIn = (category: string, stream: string): string | undefined =>
  stream.startsWith(`${category}-`) ? stream.slice(category.length + 1) : undefined;

/** `1 runner`, `2 runners`. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
