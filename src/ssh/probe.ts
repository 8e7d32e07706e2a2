/** What kind of machine is a runner, and is it fit for jobs? Put together from the lines of `runner/probe.sh`. */
import * as E from 'fp-ts/lib/Either.js';
import type { ProbeReport, TransportError } from '../app/ports.js';
import { familyOf, platformOf } from '../domain/platforms.js';
import { isWord, type Toolchain } from '../domain/toolchain.js';
import type { Finding } from '../events/runner.js';
import type { Attributes } from '../events/shapes.js';
import type { Place } from './attempt.js';
import { printable, transportError } from './errors.js';
import { operate } from './operation.js';

const consequences: Readonly<Record<string, string>> = {
  proc: 'No job can start: without /proc Baton cannot tell a living job from a dead one.',
  setsid: 'No job can start: it could not be parted from the SSH session (install util-linux).',
  tools: 'No job can start until the missing tools are installed.',
  base_writable: "No job can start: Baton's folder cannot be written.",
  can_start: 'No job can start: what a start does was tried, and failed.',
  disk_free: 'Jobs may fail for want of disk space.',
  inodes_free: 'Jobs may fail for want of inodes.',
};

/** What also has consequences where nothing is wrong, by check and what was found. */
const kinds: Readonly<Record<string, { readonly found: string; readonly consequence: string }>> = {
  'containment groups': {
    found: 'a control group for each slot',
    consequence: 'A cancel ends every process of a job, whatever it did to hide.',
  },
  'containment nets': {
    found: 'session, environment and workspace of the job',
    consequence:
      'A process of a job that leaves its session, clears its environment, leaves the workspace and closes its output is not found by a cancel.',
  },
  'sudo installed': {
    found: 'installed',
    consequence: 'Whether this account may use it is not tried, since sudo reports such tries.',
  },
  'sudo absent': { found: 'not installed', consequence: 'Jobs that call sudo fail.' },
};

/** From `a` lines, by name. Exported for its table of cases. */
export const attributesOf = (found: ReadonlyMap<string, string>): Attributes => {
  const os = found.get('os')?.toLowerCase();
  const isMac = os === 'darwin';
  const id = found.get('ID') ?? '';
  const platform = isMac ? 'mac_os_x' : platformOf(id);
  const family = isMac ? 'mac_os_x' : familyOf(id, (found.get('ID_LIKE') ?? '').split(' '));
  const entries: readonly (readonly [keyof Attributes, string | undefined])[] = [
    ['os', os],
    ['platform', platform],
    ['platform_family', family],
    ['platform_version', found.get('VERSION_ID')],
    ['hostname', found.get('hostname')],
    ['kernel', found.get('kernel')],
    ['architecture', found.get('architecture')],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
};

/** Toolchains by name, and what package managers call them. */
export type Wanted = readonly Pick<Toolchain, 'name' | 'package'>[];

/** `bash-5.2.26-r0` of apk; the others say name and version apart. */
const APK = /^(.+)-([^-]+-r[0-9]+)$/;

const installedOf = (manager: string, said: string): readonly [name: string, version: string] | undefined => {
  const [status, first = '', second = ''] = said.split(' ');
  const [, name = first, version = second] = (manager === 'apk' ? APK.exec(first) : null) ?? [];
  return status === 'installed' && isWord(version) ? [name, version] : undefined;
};

/**
 * From `p` lines: versions by the name of the toolchain. Undefined where none was wanted, or no package manager is there that could
 * know. Of several with a package the one that was asked last has the word, and of several versions the last.
 */
const toolchainsOf = (lines: readonly string[], wanted: Wanted): Attributes['toolchains'] => {
  if (wanted.length === 0 || lines.length === 0) return undefined;
  const versions = new Map(
    lines.flatMap((line) => {
      const space = line.indexOf(' ');
      const installed =
        space < 0 ? undefined : installedOf(line.slice(0, space), line.slice(space + 1).trim());
      return installed === undefined ? [] : [installed];
    }),
  );
  return Object.fromEntries(
    wanted.flatMap((one) => {
      const version = versions.get(one.package);
      return version === undefined ? [] : [[one.name, version]];
    }),
  );
};

const findingOf = (rest: string): Finding => {
  const [check = '', verdict, ...found] = rest.split(' ');
  const ok = verdict === 'ok';
  const text = found.join(' ');
  const kind = ok ? kinds[`${check} ${text}`] : undefined;
  const consequence = ok ? kind?.consequence : consequences[check];
  return {
    ...{ check, ok, found: kind?.found ?? text },
    ...(consequence === undefined ? {} : { consequence }),
  };
};

/** Exported for tests: the whole report but the latency. */
export const parseProbe = (
  lines: readonly string[],
  wanted: Wanted = [],
): Omit<ProbeReport, 'latencyMs'> | undefined => {
  const found = new Map<string, string>();
  const findings: Finding[] = [];
  const measured = new Map<string, number>();
  const leftBehind: string[] = [];
  const packages: string[] = [];
  let ids: readonly string[] = [];
  for (const line of lines.map(printable)) {
    const rest = line.slice(2);
    const space = rest.indexOf(' ');
    if (line.startsWith('a ') && space > 0) found.set(rest.slice(0, space), rest.slice(space + 1).trim());
    else if (line.startsWith('f ')) findings.push(findingOf(rest));
    else if (line.startsWith('l ')) leftBehind.push(rest);
    else if (line.startsWith('p ')) packages.push(rest);
    else if (line.startsWith('b ')) ids = rest.split(' ');
    else if (line.startsWith('m ') && space > 0)
      measured.set(rest.slice(0, space), Number(rest.slice(space + 1)));
  }
  const [baseId, bootId] = ids;
  if (baseId === undefined || bootId === undefined) return undefined;
  const [load, epochSeconds] = [measured.get('load'), measured.get('epoch')];
  const toolchains = toolchainsOf(packages, wanted);
  const attributes = { ...attributesOf(found), ...(toolchains === undefined ? {} : { toolchains }) };
  return {
    ...{ attributes, findings, baseId, bootId },
    ...(leftBehind.length === 0 ? {} : { leftBehind }),
    ...(load === undefined || Number.isNaN(load) ? {} : { load }),
    ...(epochSeconds === undefined || !Number.isSafeInteger(epochSeconds) ? {} : { epochSeconds }),
  };
};

/** Also creates the folder and raises the fence to `epoch`. */
export const probe = async (
  runner: Place,
  epoch: number,
  wanted: Wanted = [],
): Promise<E.Either<TransportError, Omit<ProbeReport, 'latencyMs'>>> => {
  const order = ['probe', String(epoch), ...new Set(wanted.map((one) => one.package))].join(' ');
  const lines = await operate(runner.open, runner.target, runner.site, order);
  if (E.isLeft(lines)) return lines;
  const report = parseProbe(lines.right, wanted);
  return report === undefined
    ? E.left(transportError('protocol', runner.target, lines.right.join(' ')))
    : E.right(report);
};
