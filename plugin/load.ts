/** May this plugin be loaded by this host, with these options? The contract first, then what it requires, then the options. */
import { satisfies, valid } from 'semver';
import type { Host, Plugin, PluginModule, Problem } from './contract.js';

const contractProblem = ({ meta }: Pick<PluginModule<never>, 'meta'>, host: Host): Problem | undefined =>
  valid(host.contract) !== null && satisfies(host.contract, meta.contract)
    ? undefined
    : {
        path: 'contract',
        expected: `a host that speaks version ${meta.contract} of the plugin contract, for ${meta.name} ${meta.version}`,
        found: host.contract,
        mend: 'use versions of host and plugin that understand each other',
      };

const missingProblem = (
  { requires }: Pick<PluginModule<never>, 'requires'>,
  host: Host,
): Problem | undefined => {
  const missing = requires.filter((capability) => !host.capabilities.has(capability));
  return missing.length === 0
    ? undefined
    : {
        path: 'requires',
        expected: `a host that can ${requires.join(', ')}`,
        found: `one that lacks ${missing.join(', ')}`,
        mend: 'add them to the host, and to its capabilities',
      };
};

/** Why this plugin cannot work with this host; undefined when it can. */
export const incompatibility = (
  module: Pick<PluginModule<never>, 'meta' | 'requires'>,
  host: Host,
): Problem | undefined => contractProblem(module, host) ?? missingProblem(module, host);

/** Registers the plugin, or says what is in the way: what does not fit the host, else every problem of the options. */
export const loadPlugin = async <Options>(
  module: PluginModule<Options>,
  host: Host,
  rawOptions: unknown,
): Promise<{ readonly plugin: Plugin } | { readonly problems: readonly Problem[] }> => {
  const misfit = incompatibility(module, host);
  if (misfit) return { problems: [misfit] };
  const parsed = module.parseOptions(rawOptions);
  return 'problems' in parsed ? parsed : { plugin: await module.register(host, parsed.options) };
};
