/** What is told to the machine: lines of data, as `runner/order.sh` reads and checks them. Pure. */
import { publicKeyLineOf } from '../ssh/keys.js';
import { pemLines } from './check-spec.js';
import type { Account, PackageFile, PemFile, RunnerSpec } from './machine.js';
import type { Owner } from './manifest.js';
import type { System } from './systems.js';

export const lookOrder = (runnerUser: string, base: string): readonly string[] => [
  'operation look',
  `user ${runnerUser}`,
  `base ${base}`,
];

const yes = (is: boolean | undefined): string => (is === true ? 'yes' : 'no');

const ownedBy = (owner: Owner | undefined): readonly string[] =>
  owner === undefined ? [] : [`owner ${owner.installation} ${owner.name}`];

const counted = (head: string, { pem }: PemFile): readonly string[] => {
  const lines = pemLines(pem);
  return [`${head} ${lines.length}`, ...lines];
};

export const prepareOrder = (run: string, spec: RunnerSpec, system: System): readonly string[] => [
  'operation prepare',
  `run ${run}`,
  `user ${spec.runnerUser}`,
  `base ${spec.base}`,
  `slots ${spec.slots}`,
  `isolate ${yes(spec.isolate)}`,
  ...ownedBy(spec.owner),
  `key ${publicKeyLineOf(spec.publicKey) ?? ''}`,
  `trust ${system.trust}`,
  `sudo ${typeof spec.sudo === 'string' ? spec.sudo : 'some'}`,
  ...(typeof spec.sudo === 'string' ? [] : spec.sudo.map((command) => `command ${command}`)),
  ...spec.certificates.flatMap((file) => counted(`cert ${file.name}`, file)),
  ...(spec.fipsChain === undefined ? [] : counted('fips', spec.fipsChain)),
];

export const undoOrder = (run: string, runnerUser: string): readonly string[] => [
  'operation undo',
  `run ${run}`,
  `user ${runnerUser}`,
];

export const uninstallOrder = (
  run: string,
  runnerUser: string,
  { endProcesses, owner }: { readonly endProcesses?: boolean; readonly owner?: Owner },
): readonly string[] => [
  'operation uninstall',
  `run ${run}`,
  `user ${runnerUser}`,
  `ends ${yes(endProcesses)}`,
  ...ownedBy(owner),
];

export const packageOrder = (
  run: string,
  runnerUser: string,
  file: PackageFile,
  size: number,
): readonly string[] => [
  'operation package',
  `run ${run}`,
  `user ${runnerUser}`,
  `format ${file.format}`,
  `name ${file.name}`,
  `version ${file.version}`,
  `digest ${file.sha256}`,
  `size ${size}`,
  `downgrade ${yes(file.downgrade)}`,
  ...(file.caBundle === undefined ? [] : [`bundle ${file.caBundle}`]),
];

/** As `runner/accounts.sh` makes them. */
export const accountsOf = ({ runnerUser, slots, isolate, base }: RunnerSpec): readonly Account[] => {
  const named = (tail: string) => ({
    user: `${runnerUser}${tail}`,
    home: `/home/${runnerUser}${tail}`,
    base: `${base}${tail}`,
  });
  return [
    named(''),
    ...(isolate ? Array.from({ length: slots }, (_, slot) => ({ ...named(`-${slot}`), slot })) : []),
  ];
};
