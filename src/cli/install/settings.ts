/** What is going to be done, as a person reads it before saying yes, and as programs get it. Pure. */
import type { Look } from '../../install/machine.js';
import type { Owner } from '../../install/manifest.js';
import { fields } from '../print.js';
import type { Enrolment } from './enrolment.js';
import type { ToDownload } from './packages.js';
import type { Wish } from './wish.js';

/** A package of one's own, as it says of itself what it is. */
export interface OwnPackage {
  readonly file: string;
  readonly name: string;
  readonly version: string;
}

export interface Settings {
  readonly wish: Wish;
  readonly port: number;
  readonly hostKey: string;
  readonly look: Look;
  /** As it is written down on the machine. */
  readonly owner: Owner;
  readonly enrolment: Enrolment;
  readonly base: string;
  readonly downloads: readonly ToDownload[];
  readonly own?: OwnPackage;
  /** Names of the certificates. */
  readonly certificates: readonly string[];
}

const platformText = ({ platform, platform_version, platform_family, architecture }: Look['attributes']) =>
  [
    [platform, platform_version].filter((word) => word !== undefined).join(' '),
    platform_family === undefined || platform_family === platform ? '' : `of the family ${platform_family}`,
    architecture ?? '',
  ]
    .filter((word) => word !== '')
    .join(', ');

const rightsText: Readonly<Record<Look['privileges'], string>> = {
  root: 'as root',
  sudo: 'root by sudo',
  sudo_with_password: 'root by sudo, with the password',
};

const changesText = (changes: object): string =>
  Object.entries(changes)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(',') : String(value)}`)
    .join(', ');

const runnerText = ({ wish, enrolment }: Settings): string => {
  if (enrolment.kind === 'new')
    return `${wish.name}, ${enrolment.again ? 'enrolled again under its old name' : 'new'}`;
  const changes = changesText(enrolment.changes);
  return `${wish.name}, is there; ${changes === '' ? 'its settings stay' : `to be set: ${changes}`}`;
};

/** Whether each slot has, or gets, an account of its own; of a runner that is there it stays. */
export const isolates = ({ wish, enrolment }: Pick<Settings, 'wish' | 'enrolment'>): boolean =>
  enrolment.kind === 'same' ? enrolment.runner.isolated === true : wish.isolate;

const accountText = (settings: Settings): string => {
  const { wish, enrolment, look, base } = settings;
  const { slots } = enrolment;
  const many = `${slots} slot${slots === 1 ? '' : 's'}`;
  const each = isolates(settings) ? `, each with an account of its own (${wish.runnerUser}-0 …)` : '';
  return `${wish.runnerUser}${look.accounts.includes(wish.runnerUser) ? ' (is there)' : ''}, ${many}${each}, in ${base}`;
};

const packagesText = ({ downloads, own }: Settings): string =>
  [
    ...downloads.map(({ toolchain, version, url }) => `${toolchain.name} ${version} from ${url}`),
    ...(own === undefined ? [] : [`${own.name} ${own.version} from ${own.file}`]),
  ].join('; ') || 'none';

interface Before {
  /** Commands, or `ALL`. */
  readonly sudo: readonly string[];
  readonly certificates: readonly string[];
  readonly fipsChain: boolean;
}

/** What an earlier installation made, and this one takes away unless it is asked for again. */
const before = ({ look: { sudo, manifest }, wish: { runnerUser } }: Settings): Before => {
  const files = (manifest?.entries ?? []).flatMap(({ kind, name }) => (kind === 'file' ? [name] : []));
  const start = `/baton-${runnerUser}-`;
  return {
    sudo: sudo?.split(', ') ?? [],
    certificates: files.flatMap((file) => {
      const at = file.lastIndexOf(start);
      return at < 0 || !file.endsWith('.crt') ? [] : [file.slice(at + start.length, -'.crt'.length)];
    }),
    fipsChain: files.some((file) => file.endsWith(`/${runnerUser}.fips-chain.pem`)),
  };
};

const EVERYTHING = 'everything, without a password';

/** What will be, and what was when that is otherwise. */
const afterText = (now: string, was: string): string =>
  was === '' || was === now ? now : `${now} (before: ${was})`;

const sudoText = (settings: Settings): string => {
  const { sudo } = settings.wish;
  const was = before(settings).sudo.join(', ');
  const now = sudo === undefined ? 'nothing' : sudo === 'all' ? EVERYTHING : sudo.join(', ');
  return afterText(now, was === 'ALL' ? EVERYTHING : was);
};

const certificatesText = (settings: Settings): string => {
  const { certificates, look } = settings;
  const now = certificates.join(', ') || (look.manifest === undefined ? '' : 'none');
  return afterText(now, before(settings).certificates.join(', '));
};

const fipsText = (settings: Settings): string | undefined =>
  settings.wish.fipsChain ?? (before(settings).fipsChain ? afterText('none', 'one') : undefined);

const beforeText = ({ look: { manifest }, owner }: Settings): string | undefined => {
  if (manifest === undefined) return undefined;
  return manifest.owner === undefined
    ? `yes, for whom is not known: what is there is kept, and becomes that of ${owner.name}`
    : 'yes: what is there is kept';
};

/** Aligned lines. */
export const settingsText = (settings: Settings): string => {
  const { wish, port, hostKey, look } = settings;
  return fields([
    ['machine', `${wish.host}:${port}, ${platformText(look.attributes)}`],
    ['host key', hostKey],
    ['logs in', `${wish.admin}, ${rightsText[look.privileges]}`],
    ['runner', runnerText(settings)],
    ['the server reaches it', `at ${wish.serverHost}:${port}`],
    ['jobs run as', accountText(settings)],
    ['may do as root', sudoText(settings)],
    ['labels', wish.labels.join(', ')],
    ['enterprises', wish.enterprises.join(', ')],
    ['packages', packagesText(settings)],
    ['trusted certificates', certificatesText(settings)],
    ['FIPS chain', fipsText(settings)],
    ['installed before', beforeText(settings)],
    ['left alone', look.legacy.join(', ')],
  ]);
};

/** For programs, in one line of JSON. */
export const settingsJson = (settings: Settings): unknown => {
  const { wish, port, hostKey, look, enrolment, base, downloads, own, certificates } = settings;
  return {
    step: 'plan',
    status: 'done',
    plan: {
      ...{
        runner: wish.name,
        host: wish.host,
        port,
        hostKey,
        serverHost: wish.serverHost,
        base,
        certificates,
      },
      ...{
        enrolment: enrolment.kind,
        slots: enrolment.slots,
        runnerUser: wish.runnerUser,
        isolate: isolates(settings),
      },
      ...(enrolment.kind === 'same' ? { changes: enrolment.changes } : {}),
      ...(look.manifest === undefined ? {} : { before: before(settings) }),
      ...{ attributes: look.attributes, privileges: look.privileges, sudo: wish.sudo ?? [] },
      packages: [
        ...downloads.map(({ toolchain, version, url }) => ({ name: toolchain.name, version, url })),
        ...(own === undefined ? [] : [own]),
      ],
    },
  };
};
