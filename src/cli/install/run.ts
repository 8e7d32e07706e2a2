/** `baton install-runner`: asks, looks, shows what it would do, does it after a yes, and undoes it when a step fails. */
import { resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { Installation } from '../../app/installation.js';
import type { ToolchainsView } from '../../app/toolchains.js';
import type { Look, Machine, OpenMachine, PackageFile } from '../../install/machine.js';
import { exitCodes } from '../exit.js';
import { interruptible } from '../follow.js';
import { note, say, type Io } from '../io.js';
import { jsonLine } from '../print.js';
import type { Session } from '../session.js';
import { plain } from '../terminal.js';
import { readGiven, type Given } from './certificates.js';
import { stepsOf } from './doing.js';
import { cacheFolder, download } from './download.js';
import { enrolmentOf, hostKeysOf, mayInstall, portOf } from './enrolment.js';
import { ofMachine, ofServer } from './failures.js';
import { proofOf } from './login.js';
import { mayTakeOver } from './ownership.js';
import { fetchedPackage, isTellable, ownPackage, type ForMachine } from './package-files.js';
import { chosen, downloadsFor, mayHave, type ToDownload } from './packages.js';
import { agrees, reach } from './reach.js';
import { reportOn, tellFailure, type Report } from './report.js';
import { settingsJson, settingsText, type Settings } from './settings.js';
import { interrupted, runSteps, type Failure, type Undone } from './steps.js';
import type { Wish } from './wish.js';

/** Below it lie the folders of all accounts that jobs run as. */
const BASES = '/var/opt/baton';

interface Running {
  readonly io: Io;
  readonly session: Session;
  readonly wish: Wish;
  readonly open: OpenMachine;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** From now on something is changed. */
  readonly begins: () => void;
}

const before = (step: string, failure: Failure): E.Either<Undone, never> =>
  E.left({ step, failure, undone: [], kept: [] });

/** A step that only looks: told as the others, with nothing to undo. */
const looking = async <A>(
  { report, signal }: Running,
  step: string,
  title: string,
  work: () => Promise<E.Either<Failure, A>>,
  detail: (found: A) => string,
): Promise<E.Either<Undone, A>> => {
  report.tell({ step, status: 'begun', detail: title });
  const got = await work();
  if (E.isLeft(got) || signal.aborted) {
    const failure = E.isLeft(got) && !signal.aborted ? got.left : interrupted;
    report.tell({ step, status: 'failed' });
    return before(step, failure);
  }
  report.tell({ step, status: 'done', detail: detail(got.right) });
  return got;
};

interface AtServer extends Installation {
  readonly existing: RunnerAsOf | undefined;
  readonly view: ToolchainsView;
}

/** Before anybody is asked for a password: may this token, and may this name? */
const atServer = async ({ session: { client }, wish }: Running): Promise<E.Either<Failure, AtServer>> => {
  const roles = await client.listRoles();
  if (E.isLeft(roles)) return E.left(ofServer(roles.left));
  const shown = await client.showRunner(wish.name);
  if (E.isLeft(shown) && shown.left.code !== 'not_found') return E.left(ofServer(shown.left));
  const existing = E.isRight(shown) ? shown.right : undefined;
  const may = mayInstall(wish, existing);
  if (E.isLeft(may)) return may;
  const view = await client.listToolchains();
  if (E.isLeft(view)) return E.left(ofServer(view.left));
  const installation = await client.showInstallation();
  return E.isLeft(installation)
    ? E.left(ofServer(installation.left))
    : E.right({ existing, view: view.right, ...installation.right });
};

/** What lies here, and what the server has to give: looked at before anybody is asked for a password. */
const localFiles = async ({ io, wish }: Running, { view }: AtServer): Promise<E.Either<Failure, Given>> => {
  const toolchains = chosen(view, wish);
  if (E.isLeft(toolchains)) return toolchains;
  const own =
    wish.installer === undefined ? E.right(undefined) : await isTellable(resolve(io.cwd, wish.installer));
  return E.isLeft(own) ? own : readGiven(io, wish);
};

const enough = ({ missingTools }: Look, host: string): E.Either<Failure, void> =>
  missingTools.length === 0
    ? E.right(undefined)
    : E.left({
        code: 'tools_missing',
        sentence: `${host} lacks ${missingTools.join(', ')}.`,
        hint: 'Install them there, and run this command again.',
      });

interface Planned extends Given {
  readonly settings: Settings;
  readonly own?: PackageFile;
  readonly whose: ForMachine;
}

/** Everything that can be refused is refused here, before anything is changed. */
const planOf = async (
  { io, wish }: Running,
  { existing, view, installationId }: AtServer,
  given: Given,
  hostKey: string,
  look: Look,
): Promise<E.Either<Failure, Planned>> => {
  const tools = enough(look, wish.host);
  if (E.isLeft(tools)) return tools;
  const owner = { installation: installationId, name: wish.name };
  const mayOver = mayTakeOver(look.manifest, owner, wish);
  if (E.isLeft(mayOver)) return mayOver;
  const enrolment = enrolmentOf(wish, hostKey, existing);
  if (E.isLeft(enrolment)) return enrolment;
  const downloads = downloadsFor(view, wish, look.attributes);
  if (E.isLeft(downloads)) return downloads;
  const installed = existing?.attributes.toolchains;
  const attributes = { ...look.attributes, ...(installed === undefined ? {} : { toolchains: installed }) };
  const whose = { name: wish.name, attributes, view };
  const wanted = downloads.right.map(({ toolchain, version }) => [toolchain.name, version] as const);
  const may = mayHave(view, whose, Object.fromEntries(wanted));
  if (E.isLeft(may)) return may;
  const own =
    wish.installer === undefined ? undefined : await ownPackage(resolve(io.cwd, wish.installer), whose);
  if (own !== undefined && E.isLeft(own)) return own;
  return E.right({
    settings: {
      ...{ wish, hostKey, look, owner, port: portOf(wish, existing), base: `${BASES}/${wish.runnerUser}` },
      ...{ enrolment: enrolment.right, downloads: downloads.right },
      certificates: given.certificates.map(({ name }) => name),
      ...(own === undefined ? {} : { own: own.right }),
    },
    ...given,
    whose,
    ...(own === undefined ? {} : { own: own.right }),
  });
};

const MIB = 1_048_576;

const fetchOne = async (
  { io, session, report, signal }: Running,
  wanted: ToDownload,
  whose: ForMachine,
): Promise<E.Either<Failure, PackageFile>> => {
  const folder = cacheFolder(io.env);
  if (folder === undefined)
    return E.left({
      code: 'no_cache_folder',
      sentence: 'There is no folder to download to.',
      hint: 'Set XDG_CACHE_HOME or HOME.',
    });
  const got = await download(wanted, {
    ...{ folder, signal },
    ...(session.ca === undefined ? {} : { ca: session.ca }),
    progress: (bytes, of) =>
      report.detail(
        `${wanted.file} ${Math.floor(bytes / MIB)}${of === undefined ? '' : ` of ${Math.ceil(of / MIB)}`} MiB`,
      ),
  });
  return E.isLeft(got) ? got : fetchedPackage(got.right.path, wanted, whose);
};

const fetchAll = async (
  running: Running,
  { settings, own, whose }: Planned,
): Promise<E.Either<Failure, readonly PackageFile[]>> => {
  const all: PackageFile[] = own === undefined ? [] : [own];
  for (const wanted of settings.downloads) {
    const one = await fetchOne(running, wanted, whose);
    if (E.isLeft(one)) return one;
    all.push(one.right);
  }
  return E.right(all);
};

/** Shows what would be done; `-y` answers for the person. */
const confirmed = async (
  { io, session, wish, report, signal }: Running,
  settings: Settings,
): Promise<E.Either<Undone, void>> => {
  report.clear();
  if (session.asJson) say(io, jsonLine(settingsJson(settings)));
  else say(io, `\n${settingsText(settings)}\n`);
  if (wish.yes) return E.right(undefined);
  if (io.person === undefined)
    return before('plan', {
      code: 'not_confirmed',
      sentence: 'There is no terminal to ask whether that shall be done.',
      hint: 'Say so with -y.',
      exit: exitCodes.usage,
    });
  const yes = await agrees(io, 'Shall it be done?', signal);
  return yes
    ? E.right(undefined)
    : before(
        'plan',
        signal.aborted ? interrupted : { ...interrupted, code: 'declined', sentence: 'It was not wanted.' },
      );
};

const withMachine = async (
  running: Running,
  machine: Machine,
  server: AtServer,
  given: Given,
): Promise<E.Either<Undone, Planned>> => {
  const { session, wish, report, signal } = running;
  const looked = await looking(
    running,
    'look',
    `looking at ${wish.host}`,
    async () => {
      const look = await machine.look(wish.runnerUser)();
      return E.isLeft(look)
        ? E.left(ofMachine(look.left))
        : planOf(running, server, given, machine.hostKey, look.right);
    },
    ({ settings: { look } }) =>
      `${look.attributes.platform ?? 'unknown'} ${look.attributes.platform_version ?? ''}`,
  );
  if (E.isLeft(looked)) return looked;
  const planned = looked.right;
  const yes = await confirmed(running, planned.settings);
  if (E.isLeft(yes)) return yes;
  running.begins();
  const steps = stepsOf({
    ...{ client: session.client, machine, settings: planned.settings, ...given },
    fetchPackages: () => fetchAll(running, planned),
    tell: report.tell,
  });
  const ended = await runSteps(steps, signal, report.tell);
  return E.isLeft(ended) ? ended : E.right(planned);
};

const sequence = async (running: Running): Promise<E.Either<Undone, Planned>> => {
  const { io, session, wish, open, report, signal } = running;
  const server = await looking(
    running,
    'server',
    `asking ${session.url}`,
    () => atServer(running),
    ({ existing }) =>
      existing === undefined || existing.state === 'retired'
        ? `the name ${wish.name} is free`
        : `${wish.name} is there, ${existing.state}`,
  );
  if (E.isLeft(server)) return server;
  const { existing } = server.right;
  const files = await localFiles(running, server.right);
  if (E.isLeft(files)) return before('files', files.left);
  report.clear();
  const proof = await proofOf(io, wish.login, `${wish.admin}@${wish.host}`, signal);
  if (E.isLeft(proof)) return before('login', proof.left);
  const where = {
    ...{ host: wish.host, port: portOf(wish, existing), user: wish.admin },
    hostKeys: hostKeysOf(wish, existing),
  };
  const machine = await looking(
    running,
    'connect',
    `connecting to ${wish.admin}@${wish.host}`,
    () => reach(io, open, where, proof.right, signal, report.clear),
    ({ hostKey }) => `${wish.admin}@${wish.host}:${where.port}, host key ${hostKey}`,
  );
  if (E.isLeft(machine)) return machine;
  try {
    return await withMachine(running, machine.right, server.right, files.right);
  } finally {
    await machine.right.close();
  }
};

const readyText = ({ wish, enrolment, look: { attributes } }: Settings): string => {
  const { slots } = enrolment;
  const platform = [attributes.platform, attributes.platform_version].filter((word) => word !== undefined);
  return plain(
    `Runner ${wish.name} is ready: ${slots} slot${slots === 1 ? '' : 's'} on ${platform.join(' ')}. See it with \`baton runner show ${wish.name}\`.`,
  );
};

/** Ends with the exit code set; everything was told. */
export const install = async (io: Io, session: Session, wish: Wish, open: OpenMachine): Promise<void> => {
  const report = reportOn(io, session.asJson);
  let hasBegun = false;
  const begins = (): void => void (hasBegun = true);
  const { signal, release } = interruptible(io.onInterrupt, () => {
    report.clear();
    const what = hasBegun ? 'What this run has changed is undone' : 'It ends';
    note(io, `\n${what} after the current step; Ctrl-C once more ends at once.`);
  });
  const ended = await sequence({ io, session, wish, report, signal, open, begins });
  report.close();
  release();
  if (E.isLeft(ended)) {
    tellFailure(io, session.asJson, ended.left);
    io.exit(ended.left.failure.exit ?? exitCodes.error);
    return;
  }
  const { settings } = ended.right;
  if (session.asJson) {
    const shown = await session.client.showRunner(wish.name);
    say(io, jsonLine({ result: 'ready', ...(E.isRight(shown) ? { runner: shown.right } : {}) }));
  } else say(io, readyText(settings));
};
