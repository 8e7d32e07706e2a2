/** Baton as a plugin of a pipeline engine: load this module, see docs/write-a-host.md. */
import { join } from 'node:path';
import { environment } from '../src/config.js';
import { publicUrlOf } from '../src/domain/public-url.js';
import { defaultProbes } from '../src/app/health-watch.js';
import { TERM_MS } from '../src/app/ownership.js';
import { defaultPhaseWays } from '../src/domain/phase-ways.js';
import { isVersion } from '../src/domain/compatibility.js';
import { noToolchains } from '../src/domain/toolchain-config.js';
import { defaultQueuePolicy } from '../src/domain/queue-policy.js';
import { logger, openCore, WEB_ROOT, webhookProblems } from '../src/main.js';
import { version } from '../src/version.js';
import type { Capability, PluginModule } from './contract.js';
import { createPlugin } from './lifecycle.js';
import { incompatibility } from './load.js';
import { parseOptions, type BatonOptions } from './options.js';

export type * from './contract.js';
export type { BatonOptions } from './options.js';
export { CONTRACT_VERSION } from './contract-version.js';
export { loadPlugin } from './load.js';

const meta = { name: 'baton', version, contract: '^1.0' };
const requires: readonly Capability[] = [];
const wants: readonly Capability[] = ['cancel', 'supersede', 'secrets', 'http.mount', 'logs.stream'];

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
    const { data, store, keyFile, repositoryRoots, source, toolchains = noToolchains, logLevel } = options;
    const { webhooks = [] } = options;
    const key = { keyFile: keyFile ?? join(data, 'operator.key'), mayMakeKey: keyFile === undefined };
    const engine = isVersion(host.version) ? host.version : undefined;
    if (host.version !== undefined && engine === undefined)
      log.warn('the host tells a version of its engine that is none: rules that need it are not judged');
    const secretOf = host.capabilities.has('secrets') ? host.secret : undefined;
    return Promise.resolve(
      createPlugin({
        host,
        options,
        wants,
        alsoVerify: () => webhookProblems(webhooks),
        open: (callerOf) =>
          openCore(
            {
              data,
              ...(store === undefined ? {} : { store }),
              ...key,
              repositoryRoots,
              ...(source === undefined ? {} : { source }),
              toolchains: {
                ...toolchains,
                ...(engine === undefined ? {} : { engine }),
              },
              webhooks,
              logLevel,
              environment: environment(),
              queue: defaultQueuePolicy,
              maxQueued: options.maxQueued,
              phases: defaultPhaseWays,
              ...defaultProbes,
              leaseMs: TERM_MS,
            },
            log,
            {
              http: {
                callerOf,
                hostAllowList: [...options.allowedHosts, ...hostsOf(publicUrl)],
                ...(options.web ? { webRoot: WEB_ROOT } : {}),
              },
              ...(publicUrl === undefined ? {} : { publicUrl }),
              ...(secretOf === undefined ? {} : { secretOf }),
              engine: options.host,
            },
          ),
        onProblem: (message, cause) => log.warn({ err: cause }, message),
      }),
    );
  },
};

export default baton;
