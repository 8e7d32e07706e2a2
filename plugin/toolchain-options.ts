/** What does whoever loads Baton say of toolchains? Read as the server reads it. */
import * as E from 'fp-ts/lib/Either.js';
import {
  noToolchains,
  parseRules,
  parseToolchains,
  rulesBuiltIn,
  rulesFor,
  strangersIn,
  type ToolchainPolicy,
} from '../src/domain/toolchain-config.js';
import type { Problem } from './contract.js';

export const toolchainOptions = ['toolchains', 'compatibility'] as const;
type Name = (typeof toolchainOptions)[number];

const below = (name: Name, problems: readonly Problem[]): readonly Problem[] =>
  problems.map(({ path, ...rest }) => ({
    path: path === '' || path.startsWith('[') ? `${name}${path}` : `${name}.${path}`,
    ...rest,
  }));

/** Without the version of the engine, which the host tells; or every problem. */
export const parseToolchainOptions = (
  raw: Readonly<Partial<Record<Name, unknown>>>,
): E.Either<readonly Problem[], ToolchainPolicy> => {
  const toolchains = raw.toolchains === undefined ? E.right([]) : parseToolchains(raw.toolchains);
  const rules = raw.compatibility === undefined ? E.right(rulesBuiltIn()) : parseRules(raw.compatibility);
  if (E.isLeft(toolchains) || E.isLeft(rules))
    return E.left([
      ...(E.isLeft(toolchains) ? below('toolchains', toolchains.left) : []),
      ...(E.isLeft(rules) ? below('compatibility', rules.left) : []),
    ]);
  const builtIn = raw.compatibility === undefined;
  const strangers = builtIn ? [] : strangersIn(rules.right, toolchains.right, 'compatibility');
  if (strangers.length > 0) return E.left(strangers);
  return E.right({
    ...noToolchains,
    ...{ toolchains: toolchains.right, rules: rulesFor(rules.right, toolchains.right), builtIn },
  });
};
