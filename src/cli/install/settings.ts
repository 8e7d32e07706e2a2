/** What is going to be done, as a person reads it before saying yes, and as programs get it. Pure. */
import type { Look } from '../../install/machine.js';
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

const accountText = ({ wish, enrolment, look, base }: Settings): string => {
  const { slots } = enrolment;
  const many = `${slots} slot${slots === 1 ? '' : 's'}`;
  const each = wish.isolate ? `, each with an account of its own (${wish.runnerUser}-0 …)` : '';
  return `${wish.runnerUser}${look.accounts.includes(wish.runnerUser) ? ' (is there)' : ''}, ${many}${each}, in ${base}`;
};

const packagesText = ({ downloads, own }: Settings): string =>
  [
    ...downloads.map(({ toolchain, version, url }) => `${toolchain.name} ${version} from ${url}`),
    ...(own === undefined ? [] : [`${own.name} ${own.version} from ${own.file}`]),
  ].join('; ') || 'none';

const sudoText = ({ sudo }: Wish): string =>
  sudo === undefined ? 'nothing' : sudo === 'all' ? 'everything, without a password' : sudo.join(', ');

/** Aligned lines. */
export const settingsText = (settings: Settings): string => {
  const { wish, port, hostKey, look, certificates } = settings;
  return fields([
    ['machine', `${wish.host}:${port}, ${platformText(look.attributes)}`],
    ['host key', hostKey],
    ['logs in', `${wish.admin}, ${rightsText[look.privileges]}`],
    ['runner', runnerText(settings)],
    ['the server reaches it', `at ${wish.serverHost}:${port}`],
    ['jobs run as', accountText(settings)],
    ['may do as root', sudoText(wish)],
    ['labels', wish.labels.join(', ')],
    ['enterprises', wish.enterprises.join(', ')],
    ['packages', packagesText(settings)],
    // what an earlier installation trusted goes, if it is not named again
    ['trusted certificates', certificates.join(', ') || (look.manifest === undefined ? '' : 'none')],
    ['FIPS chain', wish.fipsChain ?? (look.manifest === undefined ? '' : 'none')],
    ['installed before', look.manifest === undefined ? undefined : 'yes: what is there is kept'],
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
        isolate: wish.isolate,
      },
      ...(enrolment.kind === 'same' ? { changes: enrolment.changes } : {}),
      ...{ attributes: look.attributes, privileges: look.privileges, sudo: wish.sudo ?? [] },
      packages: [
        ...downloads.map(({ toolchain, version, url }) => ({ name: toolchain.name, version, url })),
        ...(own === undefined ? [] : [own]),
      ],
    },
  };
};
