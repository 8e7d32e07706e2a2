/** Use cases of runners: add, list, show, test. */
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { runnerView, type RunnerHealthView, type RunnerView } from '../../projections/runner-health.js';
import { COMPATIBILITY, noRules, type Compatibility } from '../domain/compatibility.js';
import type { Probed } from '../domain/runner-probe.js';
import { runner, type RunnerCommand } from '../domain/runner.js';
import type { Enrolled, RunnerState } from '../domain/runner-state.js';
import type { Finding, RunnerAuth, RunnerEnrolled } from '../events/runner.js';
import type { BatonEvent } from '../events/catalog.js';
import { deriveId } from '../kernel/ids.js';
import type { Recorded } from '../kernel/recorded.js';
import { lookAt, type Look } from './account-looks.js';
import { appError, type AppError } from './errors.js';
import type { Evidence, Measured, RunnerStatus } from './evidence.js';
import { handle, load, type Deps, type Envelope, type Handled } from './handle.js';
import type { ProbeReport, RunnerTarget, RunnerTransport, SecretStore, TransportError } from './ports.js';
import { authRefusal } from './runner-auth.js';
import { otherKeyShown, refused } from './runner-refusals.js';
import { judgedBy, standingsBy } from './judged-runner.js';
import { clockSkew, compatibilityFindings, sessionsFinding } from './runner-findings.js';
import { accountsOf, reachOf, runnerState, targetOf } from './runner-target.js';
import { tidyLeftBehind } from './left-behind.js';
import { slotsToClear } from './slot-recovery.js';
import type { Repeats } from './repeats.js';
import type { ReadModel } from './read-models.js';
import type { RunnerWindow } from './runner-window.js';
import { runnerReads, showRunner, type RunnerSources } from './runner-reads.js';
import type { AddRunner, CommandContext, Done, RunnerAdded, RunnerTested, UseCases } from './use-cases.js';

export interface RunnerDeps extends Deps {
  readonly transport: RunnerTransport;
  readonly secrets: SecretStore;
  readonly repeats: Repeats;
  readonly health: ReadModel<RunnerHealthView>;
  readonly jobs: RunnerSources['jobs'];
  readonly evidence: Evidence;
  /** By which runners are judged fit; absent: no rules. */
  readonly compatibility?: Compatibility;
  readonly keys: {
    readonly generate: () => { readonly privateKey: string; readonly publicKey: string };
    /** Public half of a private key, as a line for authorized_keys; undefined when it cannot be read. */
    readonly publicKeyOf: (privateKey: string) => string | undefined;
  };
}

export const envelopeOf = (context: CommandContext, correlationId: string): Envelope => ({
  commandId: context.commandId,
  bodySha256: context.bodySha256,
  actor: context.caller.actor,
  correlationId,
  ...(context.reason === undefined ? {} : { reason: context.reason }),
  ...(context.expectedRevision === undefined ? {} : { expectedRevision: context.expectedRevision }),
});

/** For what follows the first command of a request, which may have moved the revision. */
export const withoutRevision = ({ expectedRevision: _, ...envelope }: Envelope): Envelope => envelope;

/** Records a command on a runner's stream. */
export const onRunner = async (
  deps: Deps,
  name: string,
  command: RunnerCommand,
  envelope: Envelope,
): Promise<E.Either<AppError, Handled>> => {
  const handled = await handle(deps, `runner-${name}`, runner, command, envelope);
  if (E.isRight(handled)) return handled;
  return E.left(handled.left.kind === 'failed' ? handled.left.error : refused(name, handled.left.refusal));
};

/** Without these no job can be started, or none be known again. */
const NEEDED: ReadonlySet<string> = new Set([
  ...['proc', 'setsid', 'tools', 'base_writable', 'can_start', 'slots_apart', COMPATIBILITY],
]);

type Answer = Look['answer'];

const probedOf = (
  answer: Answer,
  findings: readonly Finding[],
  probeOf: (e: TransportError) => Probed,
): Probed => {
  if (E.isLeft(answer)) return probeOf(answer.left);
  const { baseId, bootId, latencyMs, attributes } = answer.right;
  const isNeeded = ({ check }: Finding): boolean => NEEDED.has(check);
  const told = findings.filter((f) => !f.ok && f.consequence !== undefined);
  // what keeps jobs away before what is only advice
  const bad = [...told.filter(isNeeded), ...told.filter((f) => !isNeeded(f))];
  const unfit = findings.some((f) => !f.ok && isNeeded(f));
  return {
    verdict: unfit ? 'unfit' : 'ready',
    findings,
    baseId,
    bootId,
    latencyMs,
    attributes,
    ...(bad.length === 0 ? {} : { detail: bad.map((f) => f.consequence).join(' ') }),
  };
};

const onTrial = (name: string, state: RunnerState): string =>
  state.status === 'enrolled' && state.trial
    ? ` It takes jobs once it is proved: baton runner prove ${name}`
    : '';

const sentenceOf = (name: string, answer: Answer, probed: Probed, state: RunnerState): string =>
  E.isLeft(answer)
    ? answer.left.message
    : probed.verdict === 'ready'
      ? `The runner ${name} is ready: it answered within ${Math.max(1, Math.round(answer.right.latencyMs))} ms.${probed.detail === undefined ? '' : ` ${probed.detail}`}${onTrial(name, state)}`
      : `The runner ${name} was reached, but cannot run jobs: ${probed.detail ?? 'see the findings'}`;

const NO_KEY = (): AppError =>
  appError('invalid', 'private_key', 'The private key cannot be read.', {
    problems: [
      {
        path: 'privateKey',
        expected: 'an OpenSSH or PEM private key without a passphrase',
        found: 'something else (not shown)',
        mend: 'ssh-keygen -p -N "" -f COPY_OF_KEY takes a passphrase off a copy',
      },
    ],
  });

/** Keeps the given key, or a new one, under that name. */
export const keepKey = async (
  deps: Pick<RunnerDeps, 'keys' | 'secrets'>,
  secretRef: string,
  privateKey: string | undefined,
): Promise<E.Either<AppError, RunnerAuth>> => {
  const pair =
    privateKey === undefined
      ? deps.keys.generate()
      : { privateKey, publicKey: deps.keys.publicKeyOf(privateKey) };
  if (pair.publicKey === undefined) return E.left(NO_KEY());
  const kept = await deps.secrets.put(secretRef, pair.privateKey)();
  return E.isLeft(kept) ? kept : E.right({ kind: 'key', secretRef, publicKey: pair.publicKey });
};

type PinKey = Extract<RunnerCommand, { kind: 'PinHostKey' | 'PinJumpHostKey' }>;

export interface RunnerLooks {
  /** The runner now, with its evidence. */
  readonly view: (name: string) => Promise<E.Either<AppError, RunnerStatus>>;
  /** Connects, records what is new, and answers for people. */
  readonly test: (name: string, envelope: Envelope) => Promise<E.Either<AppError, RunnerTested>>;
  /** Looks again over the open connection; what has changed is recorded. */
  readonly probeAgain: (name: string) => Promise<void>;
}

/** Another boot or folder than was seen last: what holds for as long as a machine is up may be otherwise now. */
const isAnother = ({ answer, slotBaseIds = [] }: Look, state: RunnerState): boolean => {
  const known: Enrolled['probe'] = state.status === 'enrolled' ? state.probe : undefined;
  if (E.isLeft(answer) || known === undefined) return false;
  const { baseId, bootId } = answer.right;
  const sameFolders = known.baseId === baseId && known.slotBaseIds.join(' ') === slotBaseIds.join(' ');
  return !sameFolders || known.bootId !== bootId;
};

/** Looking at runners. */
export const runnerLooks = (
  deps: Deps & Pick<RunnerDeps, 'transport' | 'health' | 'evidence' | 'compatibility'>,
  probeOf: (error: TransportError) => Probed,
): RunnerLooks => {
  const { compatibility = noRules } = deps;
  const view = async (name: string): Promise<E.Either<AppError, RunnerStatus>> => {
    const found = await showRunner(deps.health, name);
    return E.isLeft(found) ? found : E.right(judgedBy(compatibility)(deps.evidence.beside(found.right)));
  };

  /** Sessions are not counted at each look: what was found last still holds. */
  const sessionsOf = (name: string, report: ProbeReport, state: RunnerState): readonly Finding[] => {
    if (report.sessions !== undefined && state.status === 'enrolled') {
      const { isolated, slots } = state.settings;
      return [sessionsFinding(isolated ? 1 : slots, report.sessions)];
    }
    const recorded = runnerView(deps.health.view(), name);
    if (recorded === undefined) return [];
    const before = deps.evidence.beside(recorded).evidence?.findings ?? recorded.probe?.findings ?? [];
    return before.filter(({ check }) => check === 'sessions');
  };

  /** Puts together what was found, and keeps it as evidence. */
  const judge = (name: string, { answer, slotBaseIds }: Look, state: RunnerState): Probed => {
    const at = deps.clock.now();
    const report = E.isRight(answer) ? answer.right : undefined;
    const skew =
      report?.epochSeconds === undefined
        ? undefined
        : clockSkew(report.epochSeconds, report.latencyMs, Date.parse(at));
    const findings =
      report === undefined
        ? []
        : [
            ...report.findings,
            ...sessionsOf(name, report, state),
            ...(skew === undefined ? [] : [skew.finding]),
            ...compatibilityFindings(compatibility, { name, attributes: report.attributes }),
          ];
    const probed: Probed = {
      ...probedOf(answer, findings, probeOf),
      ...(slotBaseIds === undefined ? {} : { slotBaseIds }),
    };
    const measured: Measured = {
      ...(report?.load === undefined ? {} : { load: report.load }),
      ...(skew === undefined ? {} : { skewSeconds: skew.skewSeconds }),
    };
    deps.evidence.saw(name, at, probed, measured);
    return probed;
  };

  /** What a look that reached the runner is the time for. */
  const mend = async (
    name: string,
    { leftBehind }: Look,
    state: RunnerState,
    envelope: Envelope,
  ): Promise<void> => {
    const targetOf = (slot: number): RunnerTarget | undefined => {
      const target = reachOf(name, state, slot);
      return E.isRight(target) ? target.right : undefined;
    };
    for (const { target, names } of leftBehind) await tidyLeftBehind(deps, target, names);
    // what cannot be recorded now is found again by the next probe
    for (const command of await slotsToClear(deps.transport, targetOf, state))
      await onRunner(deps, name, command, {
        ...withoutRevision(envelope),
        ...{ commandId: randomUUID(), causationId: envelope.commandId },
      });
  };

  const test = async (name: string, envelope: Envelope): Promise<E.Either<AppError, RunnerTested>> => {
    const state = await runnerState(deps, name);
    if (E.isLeft(state)) return state;
    const targets = accountsOf(name, state.right);
    if (E.isLeft(targets)) return targets;
    const look = await lookAt(targets.right, deps.transport.probe);
    const { answer } = look;
    const probed = judge(name, look, state.right);
    const recorded = await onRunner(
      deps,
      name,
      { kind: 'RecordProbe', probe: probed },
      // a probe is a fact of its own: the same request asked twice finds twice
      { ...envelope, commandId: randomUUID(), causationId: envelope.commandId },
    );
    if (E.isLeft(recorded)) return recorded;
    if (E.isRight(answer)) await mend(name, look, state.right, envelope);
    const shown = await view(name);
    if (E.isLeft(shown)) return shown;
    const failure = E.isLeft(answer) ? answer.left : undefined;
    return E.right({
      code: failure?.code ?? probed.verdict,
      sentence: sentenceOf(name, answer, probed, state.right),
      ...(failure?.fingerprint === undefined ? {} : { fingerprint: failure.fingerprint }),
      ...(failure?.hop === undefined ? {} : { hop: failure.hop }),
      runner: shown.right,
    });
  };

  const probeAgain = async (name: string): Promise<void> => {
    const state = await runnerState(deps, name);
    if (E.isLeft(state)) return;
    const targets = accountsOf(name, state.right);
    if (E.isLeft(targets)) return;
    let look = await lookAt(targets.right, deps.transport.check);
    if (isAnother(look, state.right)) look = await lookAt(targets.right, deps.transport.probe);
    const { answer } = look;
    if (E.isLeft(answer) && answer.left.code === 'closed') return;
    const probed = judge(name, look, state.right);
    // no free session means that it is busy, which says nothing against it
    if (E.isLeft(answer) && answer.left.code === 'back_pressure') return;
    const envelope = { commandId: randomUUID(), bodySha256: '', actor: 'baton', correlationId: name };
    await onRunner(deps, name, { kind: 'RecordProbe', probe: { ...probed, automatic: true } }, envelope);
    if (E.isRight(answer)) await mend(name, look, state.right, envelope);
  };

  return { view, test, probeAgain };
};

/** Enrolling and seeing. */
export const runnerUseCases = (
  deps: RunnerDeps,
  looks: RunnerLooks,
): Pick<UseCases, 'addRunner' | 'listRunners' | 'windowRunners' | 'showRunner' | 'testRunner'> => {
  const authFor = async (
    { name, auth = 'key', privateKey }: AddRunner,
    commandId: string,
    past: readonly Recorded<BatonEvent>[],
  ): Promise<E.Either<AppError, RunnerAuth>> => {
    const enrolments = past.flatMap(({ event, metadata }) =>
      event.type === 'RunnerEnrolled' ? [{ auth: event.data.auth, by: metadata.commandId }] : [],
    );
    const repeated = enrolments.find(({ by }) => by === commandId);
    const last = enrolments.at(-1);
    if (repeated !== undefined) return E.right(repeated.auth);
    const turn = past.findLast(
      ({ event: { type } }) => type === 'RunnerEnrolled' || type === 'RunnerRetired',
    );
    // it will be refused, and keeps its key
    if (last !== undefined && turn?.event.type === 'RunnerEnrolled') return E.right(last.auth);
    if (auth === 'agent') return E.right({ kind: 'agent' });
    // a name of its own: the keys of one that had the name before may still have to be removed
    return keepKey(deps, last === undefined ? `runner/${name}` : `runner/${name}/${commandId}`, privateKey);
  };

  const add = async (
    context: CommandContext,
    request: AddRunner,
  ): Promise<E.Either<AppError, Done<RunnerAdded>>> => {
    const refusal = authRefusal(request);
    if (refusal !== undefined) return E.left(refusal);
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const {
      name,
      host,
      port,
      user,
      slots,
      labels,
      hostKey,
      base,
      jump,
      jumpHostKey,
      enterprises = [],
      trial = false,
      isolated = false,
    } = request;
    const known = await load(deps.store, `runner-${name}`);
    if (E.isLeft(known)) return known;
    const auth = await authFor(request, context.commandId, known.right.events);
    if (E.isLeft(auth)) return auth;
    const data: RunnerEnrolled = {
      ...{ name, host, port, user, slots, labels, auth: auth.right },
      ...(base === undefined ? {} : { base }),
      ...(jump === undefined || jump === '' ? {} : { jump }),
      ...(enterprises.length === 0 ? {} : { enterprises }),
      ...(trial ? { trial: true as const } : {}),
      ...(isolated ? { isolated } : {}),
    };
    const done = await onRunner(
      deps,
      name,
      {
        kind: 'EnrolRunner',
        data,
        ...(hostKey === undefined ? {} : { hostKey }),
        ...(jumpHostKey === undefined ? {} : { jumpHostKey }),
      },
      envelopeOf(context, name),
    );
    if (E.isLeft(done)) return done;
    if (!done.right.repeated) {
      deps.evidence.forget(name);
      // one that had the name before may have had fewer
      await deps.transport.keep(name, isolated ? slots : undefined);
    }
    const shown = await looks.view(name);
    if (E.isLeft(shown)) return shown;
    const value = {
      runner: shown.right,
      ...(auth.right.kind === 'key' ? { publicKey: auth.right.publicKey } : {}),
    };
    return E.right({ value, repeated: done.right.repeated });
  };

  /** A key that is accepted for the first time must be the one that is shown, if one is shown now. */
  const otherKey = async (name: string, command: PinKey): Promise<AppError | undefined> => {
    const target = await targetOf(deps, name);
    if (E.isLeft(target)) return undefined;
    const hop = command.kind === 'PinJumpHostKey' ? 'jump' : 'runner';
    const { hostKeys, jump } = target.right;
    if ((hop === 'jump' ? (jump?.hostKeys ?? []) : hostKeys).length > 0) return undefined;
    const seen = await deps.transport.probe(target.right)();
    if (E.isRight(seen) || (seen.left.hop ?? 'runner') !== hop) return undefined;
    const found = seen.left.fingerprint;
    return found === undefined || found === command.fingerprint
      ? undefined
      : otherKeyShown(name, command.fingerprint, found, hop);
  };

  const test = async (
    context: CommandContext,
    name: string,
    accept: { readonly hostKey?: string; readonly jumpHostKey?: string },
  ): Promise<E.Either<AppError, RunnerTested>> => {
    let envelope = envelopeOf(context, name);
    const commands: readonly (readonly [PinKey, string])[] = [
      ...(accept.jumpHostKey === undefined
        ? []
        : [
            [
              { kind: 'PinJumpHostKey', fingerprint: accept.jumpHostKey, how: 'approved' },
              deriveId(envelope.commandId, 'jump'),
            ] as const,
          ]),
      ...(accept.hostKey === undefined
        ? []
        : [
            [
              { kind: 'PinHostKey', fingerprint: accept.hostKey, how: 'approved' },
              envelope.commandId,
            ] as const,
          ]),
    ];
    for (const [command, commandId] of commands) {
      const other = await otherKey(name, command);
      if (other !== undefined) return E.left(other);
      const pinned = await onRunner(deps, name, command, { ...envelope, commandId });
      if (E.isLeft(pinned)) return pinned;
      // a pinned key has moved the revision
      envelope = withoutRevision(envelope);
    }
    return looks.test(name, envelope);
  };

  const rules = deps.compatibility ?? noRules;
  const reads = runnerReads(deps, standingsBy(rules));
  const judged = judgedBy(rules);
  const statusOf = (runner: RunnerView): RunnerStatus => judged(deps.evidence.beside(runner));
  return {
    addRunner: (context, request) => () => add(context, request),
    listRunners: (sight) =>
      TE.map((all: readonly RunnerView[]) => all.map(statusOf))(reads.listRunners(sight)),
    windowRunners: (request, sight) =>
      TE.map(({ items, ...rest }: RunnerWindow<RunnerView>) => ({ ...rest, items: items.map(statusOf) }))(
        reads.windowRunners(request, sight),
      ),
    showRunner: (name, sight) => TE.map(statusOf)(reads.showRunner(name, sight)),
    testRunner: (context, name, accept) => () => test(context, name, accept),
  };
};
