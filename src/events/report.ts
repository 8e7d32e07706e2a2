/** io-ts validation errors as sentences: path, what was expected, what was found. */
import type * as t from 'io-ts';

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  // JSON has no word for a function or a symbol
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

export interface FieldProblem {
  /** JSON path from the root, e.g. `slots` or `filters.unit[0].os`; empty for the root. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

/** What is behind the rule of a refinement. */
const behind = (type: unknown): { readonly _tag?: string } => {
  const part = type as { readonly _tag?: string; readonly type?: unknown };
  return part._tag === 'RefinementType' ? behind(part.type) : part;
};

const pathOf = (context: t.Context): string =>
  context
    .slice(1)
    // members of an intersection or union are numbered by io-ts; those steps are not in the JSON
    .filter((_, i) => !['IntersectionType', 'UnionType'].includes(behind(context[i]?.type)._tag ?? ''))
    .map((step) => (/^\d+$/.test(step.key) ? `[${step.key}]` : `.${step.key}`))
    .join('')
    .replace(/^\./, '');

/** One entry per problem, duplicates (from unions) removed. */
export const problemsOf = (errors: t.Errors): readonly FieldProblem[] => {
  const seen = new Map<string, FieldProblem>();
  for (const { context, value, message } of errors) {
    const problem = {
      path: pathOf(context),
      expected: message ?? context.at(-1)?.type.name ?? 'something else',
      found: shown(value),
    };
    seen.set(`${problem.path}\0${problem.expected}`, problem);
  }
  return [...seen.values()];
};

/** One sentence per problem. */
export const explain = (errors: t.Errors): readonly string[] =>
  problemsOf(errors).map((p) => `${p.path || 'value'}: expected ${p.expected}, found ${p.found}`);
