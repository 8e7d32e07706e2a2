/** What in plain JSON has members? */

export type Container = Record<string, unknown> | unknown[];

export const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null;

/** As JSON has them: what is undefined is no member. */
export function* membersOf(
  value: Readonly<Record<string, unknown>>,
): Generator<readonly [string, unknown], void, undefined> {
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) yield [key, member];
  }
}
