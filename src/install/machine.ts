/** How does a fresh machine become a runner, and how is all of it taken away again? The words; `open-machine.ts` does it. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { AppError } from '../app/errors.js';
import type { Attributes } from '../events/shapes.js';
import type { AdministratorLogin } from '../ssh/administrator.js';
import type { Manifest, Owner } from './manifest.js';

/** Who logs in to set the machine up. Nothing of it is kept, neither here nor there. */
export interface Login extends AdministratorLogin {
  /** Given to sudo once it asks for it; never otherwise. */
  readonly sudoPassword?: string;
}

export type PackageFormat = 'deb' | 'rpm' | 'apk' | 'none';

/** By what the administrator's commands run as root. */
export type Privileges = 'root' | 'sudo' | 'sudo_with_password';

/** What was found on the machine; nothing is changed by looking. */
export interface Look {
  /** As the original's attributes and those of a probe are named: os, platform, platform_family, platform_version, hostname, kernel, architecture. */
  readonly attributes: Attributes;
  readonly packageFormat: PackageFormat;
  /** Name of process 1, e.g. `systemd`; `unknown` where it cannot be read. */
  readonly init: string;
  readonly privileges: Privileges;
  /** Where the accounts' homes and Baton's folders go, in KiB free. */
  readonly freeKib: readonly { readonly path: string; readonly kib: number }[];
  /** What Baton needs and the machine lacks. */
  readonly missingTools: readonly string[];
  /** Accounts of the given name, and of that name with `-` and a number, that exist. */
  readonly accounts: readonly string[];
  /** Left by an earlier installation of this runner user. */
  readonly manifest?: Manifest;
  /** What an earlier installation lets jobs do as root: `ALL`, or commands with commas. Absent: nothing. */
  readonly sudo?: string;
  /** Things of the original's build nodes that are there, e.g. `/etc/chef/client.rb`: told, never touched. */
  readonly legacy: readonly string[];
}

export interface PemFile {
  /** A plain word: small letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  readonly pem: string;
}

export interface RunnerSpec {
  /** Written down there. A machine of another owner is refused; of one that is not known it becomes this one's. */
  readonly owner: Owner;
  readonly runnerUser: string;
  /** At least 1. */
  readonly slots: number;
  /** An account `<runnerUser>-<n>` with the folder `<base>-<n>` for each slot n from 0, beside that of the runner itself. */
  readonly isolate: boolean;
  /** One line, as in `authorized_keys`, without options. */
  readonly publicKey: string;
  /** What jobs may run as root without a password: nothing, everything, or exactly these absolute commands with any arguments. */
  readonly sudo: 'none' | 'all' | readonly string[];
  /** Trusted by the whole machine; one certificate each. */
  readonly certificates: readonly PemFile[];
  /** A chain that is stored as `/etc/baton/<runnerUser>.fips-chain.pem`. */
  readonly fipsChain?: PemFile;
  /** Absolute; Baton's folder for jobs, e.g. `/var/opt/baton/job_runner`. */
  readonly base: string;
}

/** Stable words, in their order. */
export const stepWords = [
  'connect',
  'privileges',
  'lock',
  'system',
  'room',
  'tools',
  'accounts',
  'keys',
  'base',
  'sudoers',
  'certificates',
  'fips',
  'selinux',
  'manifest',
  'processes',
  'upload',
  'package',
  'remove',
] as const;
export type StepWord = (typeof stepWords)[number];

export interface StepEvent {
  readonly step: StepWord;
  /** `skipped`: nothing was asked for, and nothing is there. */
  readonly status: 'begun' | 'done' | 'unchanged' | 'skipped' | 'failed' | 'undone';
  readonly detail?: string;
}

export type OnStep = (event: StepEvent) => void;

export interface Account {
  readonly user: string;
  readonly home: string;
  readonly base: string;
  /** Present for the account of a slot. */
  readonly slot?: number;
}

export interface Prepared {
  /** The runner's own first, then those of the slots. */
  readonly accounts: readonly Account[];
  readonly manifest: Manifest;
  /** Whether anything on the machine differs from before. */
  readonly changed: boolean;
}

export interface Removed {
  /** What could not, or must not, be removed, and why, one sentence each. */
  readonly left: readonly string[];
}

export interface PackageFile {
  /** Path on the machine where this runs. */
  readonly file: string;
  readonly format: 'deb' | 'rpm';
  readonly name: string;
  /** As the package itself says: of a deb its `Version`, of an rpm `VERSION-RELEASE`. */
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
  /** Absolute path of the package's own list of trusted certificates: those of the installation are appended to it. */
  readonly caBundle?: string;
  /** Replace a newer version that is installed; refused without. */
  readonly downgrade?: boolean;
}

export interface PackageDone {
  readonly outcome: 'installed' | 'upgraded' | 'downgraded' | 'unchanged';
  /** What was there before. */
  readonly from?: string;
}

/** One at a time: the operations of a machine must not overlap. */
export interface Machine {
  /** `SHA256:…`, as seen and accepted. */
  readonly hostKey: string;
  readonly look: (runnerUser: string) => TaskEither<AppError, Look>;
  /** Safe to repeat. What failed is taken back as far as this run made it; the hint says what could not be. */
  readonly prepare: (spec: RunnerSpec, on?: OnStep) => TaskEither<AppError, Prepared>;
  /** Takes back what the `prepare` and `installPackage` of this Machine made, and nothing older. */
  readonly undo: (on?: OnStep) => TaskEither<AppError, Removed>;
  /** After `prepare`, for the same runner user: the package is recorded in its manifest. */
  readonly installPackage: (
    runnerUser: string,
    file: PackageFile,
    on?: OnStep,
  ) => TaskEither<AppError, PackageDone>;
  /**
   * Exactly what the manifest says. Refused when it names another owner than the given one, and while processes of the accounts live, which are named,
   * unless they shall be ended.
   */
  readonly uninstall: (
    runnerUser: string,
    on?: OnStep,
    options?: { readonly endProcesses?: boolean; readonly owner?: Owner },
  ) => TaskEither<AppError, Removed>;
  readonly close: () => Promise<void>;
}

/** `permission_denied`, `host_key_unknown`, `host_key_changed`, `unreachable`…: see `open-machine.ts`. */
export type OpenMachine = (login: Login) => TaskEither<AppError, Machine>;
