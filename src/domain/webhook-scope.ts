/** Of which projects is a webhook told? Written as `acme`, `acme/web`, `acme/web/shop` or `acme/web/shop/main`, the last with a pipeline. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { Scope } from '../events/shapes.js';
import { isScopeName } from './dependency.js';
import { contains, type GrantScope } from './grants.js';
import { shown, type Problem } from './problem.js';

/** An enterprise, an organisation of it, a project of that, or a pipeline of that. */
export interface WebhookScope extends GrantScope {
  readonly pipeline?: string;
}

/** To which project something belongs, and to which pipeline of it. */
export interface PlaceOfWork {
  readonly scope: Scope;
  readonly pipeline: string;
}

const MOST_SCOPES = 100;

export const webhookScopeText = ({ enterprise, organisation, project, pipeline }: WebhookScope): string =>
  [enterprise, organisation, project, pipeline].filter((part) => part !== undefined).join('/');

/** Names of pipelines are names of branches, and may have slashes. */
const scopeOf = (text: string): WebhookScope | undefined => {
  const [enterprise = '', organisation, project, ...rest] = text.split('/');
  const names = [enterprise, organisation, project].filter((name) => name !== undefined);
  if (!names.every(isScopeName) || (rest.length > 0 && rest.includes(''))) return undefined;
  return {
    enterprise,
    ...(organisation === undefined ? {} : { organisation }),
    ...(project === undefined ? {} : { project }),
    ...(rest.length === 0 ? {} : { pipeline: rest.join('/') }),
  };
};

/** Every one that is none, with its place below `path`. */
export const readScopes = (
  path: string,
  value: unknown,
): E.Either<readonly Problem[], readonly WebhookScope[]> => {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_SCOPES)
    return E.left([
      {
        path,
        expected: `a list of one to ${MOST_SCOPES} enterprises, organisations, projects or pipelines`,
        found: Array.isArray(value) && value.length > 0 ? String(value.length) : shown(value),
        mend: 'leave it out for all of them',
      },
    ]);
  const read = value.map((one: unknown, n) => {
    const scope = typeof one === 'string' ? scopeOf(one) : undefined;
    return scope === undefined
      ? E.left({
          path: `${path}[${n}]`,
          expected: 'ENTERPRISE, ENTERPRISE/ORGANISATION, or as many more of /PROJECT/PIPELINE',
          found: shown(one),
        })
      : E.right(scope);
  });
  const problems = read.flatMap((one) => (E.isLeft(one) ? [one.left] : []));
  return problems.length > 0
    ? E.left(problems)
    : E.right(read.flatMap((one) => (E.isRight(one) ? [one.right] : [])));
};

/** Whether something there belongs to one of them. */
export const isWithin = (scopes: readonly WebhookScope[], { scope, pipeline }: PlaceOfWork): boolean =>
  scopes.some((one) => contains(one, scope) && (one.pipeline === undefined || one.pipeline === pipeline));
