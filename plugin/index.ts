/** Baton as a plugin of a pipeline engine: load this module, see docs/write-a-host.md. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '../src/config.js';
import { publicUrlOf } from '../src/domain/public-url.js';
import { defaultProbes } from '../src/app/health-watch.js';
import { TERM_MS } from '../src/app/ownership.js';
import { defaultPhaseWays } from '../src/domain/phase-ways.js';
import { defaultQueuePolicy } from '../src/domain/queue-policy.js';
import { logger, openCore } from '../src/main.js';
import type { Capability, PluginModule } from './contract.js';
import { createPlugin } from './lifecycle.js';
import { incompatibility } from './load.js';
import { parseOptions, type BatonOptions } from './options.js';

export type * from './contract.js';
export type { BatonOptions } from './options.js';
export { CONTRACT_VERSION } from './contract-version.js';
export { loadPlugin } from './load.js';

/** From the nearest package.json above: the same from the sources and from the build. */
const version = (): string => {
  for (let at = dirname(fileURLToPath(import.meta.url)); at !== dirname(at); at = dirname(at)) {
    try {
      const found: unknown = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      // look one folder higher
    }
  }
  return '0.0.0';
};

const meta = { name: 'baton', version: version(), contract: '^1.0' };
const requires: readonly Capability[] = [];
const wants: readonly Capability[] = ['cancel', 'supersede', 'secrets', 'http.mount'];

/** The host of an address, as requests name it. */
const hostsOf = (url: string | undefined): readonly string[] =>
  url === undefined ? [] : [new URL(url).hostname];

const baton: PluginModule<BatonOptions> = {
  meta,
  requires,
  wants,
  parseOptions,
  register: (host, options) => {
    const misfit = incompatibility({ meta, requires }, host);
    if (misfit)
      return Promise.reject(new Error(`${misfit.path}: expected ${misfit.expected}, found ${misfit.found}`));
    const log = logger(options.logLevel);
    const publicUrl = options.publicUrl === undefined ? undefined : publicUrlOf(options.publicUrl);
    const { data, store, keyFile, repositoryRoots, source, logLevel } = options;
    const key = { keyFile: keyFile ?? join(data, 'operator.key'), mayMakeKey: keyFile === undefined };
    const secretOf = host.capabilities.has('secrets') ? host.secret : undefined;
    return Promise.resolve(
      createPlugin({
        host,
        options,
        wants,
        open: (callerOf) =>
          openCore(
            {
              data,
              ...(store === undefined ? {} : { store }),
              ...key,
              repositoryRoots,
              ...(source === undefined ? {} : { source }),
              logLevel,
              environment: environment(),
              queue: defaultQueuePolicy,
              phases: defaultPhaseWays,
              ...defaultProbes,
              leaseMs: TERM_MS,
            },
            log,
            {
              http: { callerOf, hostAllowList: [...options.allowedHosts, ...hostsOf(publicUrl)] },
              ...(publicUrl === undefined ? {} : { publicUrl }),
              ...(secretOf === undefined ? {} : { secretOf }),
            },
          ),
        onProblem: (message, cause) => log.warn({ err: cause }, message),
      }),
    );
  },
};

export default baton;
