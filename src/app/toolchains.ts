/** What a server knows of toolchains, for people and for the command that installs them. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Compatibility } from '../domain/compatibility.js';
import type { ToolchainPolicy } from '../domain/toolchain-config.js';
import type { Toolchain } from '../domain/toolchain.js';
import type { UseCases } from './use-cases.js';

export interface ToolchainsView {
  readonly toolchains: readonly Toolchain[];
  /** As they are written; `builtIn`: nobody wrote them. */
  readonly rules: readonly { readonly rule: string; readonly builtIn: boolean }[];
  /** Version of the pipeline engine; absent where nobody told it. */
  readonly engine?: string;
  /** Version of this Baton. */
  readonly baton: string;
}

/** What rules are judged by. */
export const compatibilityOf = ({ rules, engine }: ToolchainPolicy, baton: string): Compatibility => ({
  rules,
  baton,
  ...(engine === undefined ? {} : { engine }),
});

export const toolchainUseCases = (
  { toolchains, rules, builtIn, engine }: ToolchainPolicy,
  baton: string,
): Pick<UseCases, 'toolchains'> => {
  const view: ToolchainsView = {
    toolchains,
    rules: rules.map(({ text }) => ({ rule: text, builtIn })),
    baton,
    ...(engine === undefined ? {} : { engine }),
  };
  return { toolchains: () => TE.right(view) };
};
