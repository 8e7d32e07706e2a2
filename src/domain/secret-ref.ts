/** How secrets are named, and whose jobs may have them. A secret belongs to a project, to an organisation or to an enterprise. */
import * as E from 'fp-ts/lib/Either.js';
import type { Scope } from '../events/shapes.js';
import type { GrantScope } from './grants.js';
import type { Problem } from './problem.js';

/** What a shell sets or obeys itself: a secret of such a name would break the job, or not arrive. */
const TAKEN =
  /^(CI|ENV|PATH|HOME|PWD|OLDPWD|IFS|PS[0-9]|PPID|U?ID|EUID|GROUPS|LINENO|OPTIND|SHELLOPTS|BASHOPTS|BASH_.*|LD_.*|_?BATON.*|_)$/;

const SCOPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** A variable's name in a job's environment (POSIX: letters, digits, underscores), at most 100 characters. */
export const isSecretName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) && !TAKEN.test(name);

export const SECRET_NAME =
  'a name of letters, digits and underscores that does not begin with a digit or BATON, and is none that a shell uses itself';

/** The last part: the variable that a job finds it in. */
export const nameOfSecret = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

/** A full reference: `ENTERPRISE/NAME`, `ENTERPRISE/ORGANISATION/NAME` or `ENTERPRISE/ORGANISATION/PROJECT/NAME`. */
export const isSecretRef = (ref: string): boolean => {
  const parts = ref.split('/');
  const scope = parts.slice(0, -1);
  return (
    scope.length >= 1 &&
    scope.length <= 3 &&
    scope.every((part) => SCOPE_NAME.test(part)) &&
    isSecretName(nameOfSecret(ref))
  );
};

/** Who owns it: the enterprise, and the organisation and project where they are named. */
export const ownerOf = (ref: string): GrantScope => {
  const [enterprise = '', organisation, project] = ref.split('/').slice(0, -1);
  return {
    enterprise,
    ...(organisation === undefined ? {} : { organisation }),
    ...(project === undefined ? {} : { project }),
  };
};

const scopesOf = ({ enterprise, organisation, project }: Scope): readonly string[] => [
  `${enterprise}/${organisation}/${project}`,
  `${enterprise}/${organisation}`,
  enterprise,
];

/**
 * Where a phase of this scope finds the secret, nearest first. A bare name is looked for in the project, the organisation and the
 * enterprise; a full reference is exactly that one, and must belong to one of the three.
 */
export const placesOf = (ref: string, scope: Scope): readonly string[] => {
  if (!ref.includes('/')) return isSecretName(ref) ? scopesOf(scope).map((owner) => `${owner}/${ref}`) : [];
  return isSecretRef(ref) && scopesOf(scope).includes(ref.slice(0, ref.lastIndexOf('/'))) ? [ref] : [];
};

/** What keeps these references from being given to a phase of this scope, whether or not there are such secrets. */
export const secretRefProblems = (refs: readonly string[], scope: Scope): readonly Problem[] =>
  refs.flatMap((ref, i): readonly Problem[] => {
    const path = `secretRefs[${i}]`;
    const name = nameOfSecret(ref);
    if (!isSecretName(name)) return [{ path, expected: SECRET_NAME, found: name.slice(0, 100) }];
    if (placesOf(ref, scope).length === 0)
      return [
        {
          path,
          expected: `a secret of ${scopesOf(scope).join(', ')}`,
          found: ref.slice(0, 500),
          mend: `name it ${name}, and store it for this project`,
        },
      ];
    return refs.findIndex((other) => nameOfSecret(other) === name) < i
      ? [{ path, expected: 'each variable once', found: `${name} twice`, mend: 'leave one out' }]
      : [];
  });

/** The places of each variable, or all problems at once. */
export const secretPlan = (
  refs: readonly string[],
  scope: Scope,
): E.Either<
  readonly Problem[],
  readonly { readonly ref: string; readonly name: string; readonly places: readonly string[] }[]
> => {
  const problems = secretRefProblems(refs, scope);
  return problems.length > 0
    ? E.left(problems)
    : E.right(refs.map((ref) => ({ ref, name: nameOfSecret(ref), places: placesOf(ref, scope) })));
};
