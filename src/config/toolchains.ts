/** Settings of toolchains: what is installed on runners, which versions of what get along, and what the pipeline engine is. */
import type { Problem } from '../app/errors.js';
import { builtInRules, isVersion, type Rule } from '../domain/compatibility.js';
import {
  parseRules,
  parseToolchains,
  rulesBuiltIn,
  rulesFor,
  strangersIn,
  type ToolchainPolicy,
} from '../domain/toolchain-config.js';
import type { Toolchain } from '../domain/toolchain.js';
import type { ResolvedTable } from './resolve.js';
import { jsonOr, ofParts, setting, text } from './setting.js';

const tableText = (toolchains: readonly Toolchain[]): string => {
  const rows = toolchains.map(({ name, caBundle, ...rest }) => [
    name,
    { ...rest, ...(caBundle === undefined ? {} : { ca_bundle: caBundle }) },
  ]);
  return toolchains.length === 0 ? '' : JSON.stringify(Object.fromEntries(rows));
};

const listOf = (raw: unknown): unknown =>
  typeof raw === 'string' ? raw.split(';').filter((one) => one.trim() !== '') : raw;

const rulesText = (rules: readonly Rule[]): string => rules.map((rule) => rule.text).join('; ');

export const toolchainSettings = {
  toolchains: setting({
    flag: '--toolchains',
    takes: '<json>',
    env: 'BATON_TOOLCHAINS',
    ...ofParts('a table of toolchains', (raw) => parseToolchains(jsonOr(raw)), tableText),
    defaultOf: () => [],
    defaultText: 'none',
    meaning: 'Packages that jobs need on runners, a table for each; as a flag or in the environment as JSON.',
  }),
  compatibility: setting({
    flag: '--compatibility',
    takes: '<rule...>',
    env: 'BATON_COMPATIBILITY',
    ...ofParts('a list of rules', (raw) => parseRules(listOf(raw)), rulesText),
    defaultOf: rulesBuiltIn,
    defaultText: builtInRules.join('; '),
    meaning:
      'Which versions get along: a runner that breaks a rule gets no job; in the environment separated by semicolons.',
  }),
  engineVersion: setting({
    flag: '--engine-version',
    takes: '<version>',
    env: 'BATON_ENGINE_VERSION',
    codec: text('a version that starts with a number', isVersion),
    defaultOf: () => '',
    defaultText: 'not known',
    meaning: 'Version of the pipeline engine: rules that speak of the engine are not judged without.',
  }),
};

type ToolchainSettings = ResolvedTable<typeof toolchainSettings>;

/** What no setting can tell by itself: rules that speak of toolchains which are in no table. */
export const toolchainProblems = ({ toolchains, compatibility }: ToolchainSettings): readonly Problem[] =>
  compatibility.source === 'default'
    ? []
    : strangersIn(
        compatibility.value,
        toolchains.value,
        compatibility.source === 'file' ? `${compatibility.place}: compatibility` : compatibility.place,
      );

export const toolchainPolicyOf = ({
  toolchains,
  compatibility,
  engineVersion,
}: ToolchainSettings): ToolchainPolicy => ({
  toolchains: toolchains.value,
  rules: rulesFor(compatibility.value, toolchains.value),
  builtIn: compatibility.source === 'default',
  ...(engineVersion.value === '' ? {} : { engine: engineVersion.value }),
});
