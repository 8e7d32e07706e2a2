/** A runner as the original showed it. */
import type { NumberedRunner } from '../../app/original.js';
import type { RunnerStatus } from '../../app/evidence.js';

/** What is known of a test that was asked for: that it is under way, or why it came to nothing. */
export type Tested = 'pending' | { readonly failed: string };

interface Health {
  readonly status?: 'pending' | 'ok' | 'error';
  readonly command_output?: string | null;
}

/** By the last look, where something else keeps it from taking jobs. */
const byProbe = ({ probe, detail }: RunnerStatus): Health =>
  probe === undefined
    ? {}
    : probe.verdict === 'ready'
      ? { status: 'ok', command_output: null }
      : { status: 'error', command_output: probe.detail ?? detail ?? probe.code ?? null };

/** Never looked at: nothing, as there. What takes no jobs since something is wrong is an error; drained by a person it is none. */
const healthOf = (runner: RunnerStatus, tested: Tested | undefined): Health => {
  if (tested === 'pending') return { status: 'pending', command_output: null };
  if (tested !== undefined) return { status: 'error', command_output: tested.failed };
  switch (runner.state) {
    case 'ready':
      return { status: 'ok', command_output: null };
    case 'unfit':
    case 'unreachable':
    case 'quarantined':
      return { status: 'error', command_output: runner.detail ?? null };
    default:
      return byProbe(runner);
  }
};

/** Names the change, as there. One of which nothing may be told leaves the runner busy, with empty texts. */
const jobOf = ({ job }: NumberedRunner) => {
  if (job === undefined) return {};
  if (job === 'hidden') return { id: '', title: '', org: '', project: '' };
  const { changeId = '', changeTitle = '', organisation, project } = job;
  return { id: changeId, title: changeTitle, org: organisation, project };
};

/** A line for `authorized_keys`; empty where an agent holds the key. */
const keyLine = ({ publicKey, user }: RunnerStatus, hostname: string): string => {
  const [type, key] = publicKey?.split(' ') ?? [];
  return type === undefined || key === undefined ? '' : `${type} ${key} ${user}@${hostname}\n`;
};

/** What runners are called there, by name: their address, unless another has it, too; then their name. */
export const hostnamesOf = (all: readonly NumberedRunner[]): ReadonlyMap<string, string> => {
  const counts = new Map<string, number>();
  for (const { runner } of all)
    for (const word of new Set([runner.name, runner.host])) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map(
    all.map(({ runner: { name, host } }) => [name, (counts.get(host) ?? 0) > 1 ? name : host] as const),
  );
};

/** By what it is called, or its name. */
export const runnerCalled = (
  all: readonly NumberedRunner[],
  hostname: string,
): NumberedRunner | undefined => {
  const hostnames = hostnamesOf(all);
  return (
    all.find(({ runner }) => hostnames.get(runner.name) === hostname) ??
    all.find(({ runner }) => runner.name === hostname)
  );
};

export const runnerJson = (numbered: NumberedRunner, hostname: string, tested: Tested | undefined) => {
  const { id, runner } = numbered;
  const { os = '', platform = '', platform_family = '', platform_version = '' } = runner.attributes;
  return {
    id,
    hostname,
    job: jobOf(numbered),
    openssh_public_key: keyLine(runner, hostname),
    health: healthOf(runner, tested),
    os,
    platform,
    platform_family,
    platform_version,
  };
};
