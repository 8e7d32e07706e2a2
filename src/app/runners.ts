/** Use cases of runners: add, list, show, test. */
import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerHealthView, RunnerView } from '../../projections/runner-health.js';
import { runner, type Probed, type RunnerCommand, type RunnerRefusal } from '../domain/runner.js';
import type { RunnerEnrolled } from '../events/runner.js';
import { appError, type AppError } from './errors.js';
import { handle, load, type Deps, type Envelope, type Handled } from './handle.js';
import type { ProbeReport, RunnerTarget, RunnerTransport, SecretStore, TransportError } from './ports.js';
import type { Repeats } from './repeats.js';
import type { ReadModel } from './read-models.js';
import { runnerReads } from './runner-reads.js';
import type { AddRunner, CommandContext, Done, RunnerAdded, RunnerTested, UseCases } from './use-cases.js';

export interface RunnerDeps extends Deps {
  readonly transport: RunnerTransport;
  readonly secrets: SecretStore;
  readonly repeats: Repeats;
  readonly health: ReadModel<RunnerHealthView>;
  readonly keys: {
    readonly generate: () => { readonly privateKey: string; readonly publicKey: string };
    /** Public half of a private key, as a line for authorized_keys; undefined when it cannot be read. */
    readonly publicKeyOf: (privateKey: string) => string | undefined;
  };
}

/** Baton's folder on a runner, below the home of its user, unless told otherwise. */
const DEFAULT_BASE = '.baton';

export const envelopeOf = (context: CommandContext, correlationId: string): Envelope => ({
  commandId: context.commandId,
  bodySha256: context.bodySha256,
  actor: context.caller.actor,
  correlationId,
  ...(context.reason === undefined ? {} : { reason: context.reason }),
  ...(context.expectedRevision === undefined ? {} : { expectedRevision: context.expectedRevision }),
});

const refused = (name: string, refusal: RunnerRefusal): AppError => {
  switch (refusal.code) {
    case 'runner_unknown':
      return appError('not_found', refusal.code, `There is no runner named ${name}.`, {
        hint: 'baton runner list',
      });
    case 'runner_exists':
      return appError('conflict', refusal.code, `A runner named ${name} is enrolled already.`, {
        hint: `baton runner show ${name}`,
      });
    case 'runner_retired':
      return appError(
        'conflict',
        refusal.code,
        `The runner ${name} was retired; history speaks of it under this name.`,
        {
          hint: 'Enrol the machine under a new name.',
        },
      );
    case 'host_key_pinned':
      return appError(
        'conflict',
        refusal.code,
        `The runner ${name} has the accepted host key ${refusal.pinned.join(', ')} already.`,
        { hint: 'A changed key needs to be trusted by name: find out first why it changed.' },
      );
  }
};

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

/** Everything needed to reach a runner, from its events. */
export const targetOf = async (deps: Deps, name: string): Promise<E.Either<AppError, RunnerTarget>> => {
  const history = await load(deps.store, `runner-${name}`);
  if (E.isLeft(history)) return history;
  let enrolled: RunnerEnrolled | undefined;
  let hostKeys: readonly string[] = [];
  for (const { event } of history.right.events) {
    if (event.type === 'RunnerEnrolled') enrolled = event.data;
    if (event.type === 'HostKeyPinned') hostKeys = [...hostKeys, event.data.fingerprint];
    if (event.type === 'HostKeyTrusted') hostKeys = [event.data.fingerprint];
  }
  if (enrolled === undefined) return E.left(refused(name, { code: 'runner_unknown' }));
  const { host, port, user, auth, base = DEFAULT_BASE } = enrolled;
  return E.right({ name, host, port, user, auth, hostKeys, base });
};

/** Without these no job can be started, or none be known again. */
const NEEDED: ReadonlySet<string> = new Set(['proc', 'setsid', 'tools']);

const probedOf = (
  answer: E.Either<TransportError, ProbeReport>,
  probeOf: (e: TransportError) => Probed,
): Probed => {
  if (E.isLeft(answer)) return probeOf(answer.left);
  const { findings, baseId, bootId, latencyMs, attributes } = answer.right;
  const bad = findings.filter((f) => !f.ok && f.consequence !== undefined);
  const unfit = findings.some((f) => !f.ok && NEEDED.has(f.check));
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

const sentenceOf = (name: string, answer: E.Either<TransportError, ProbeReport>, probed: Probed): string =>
  E.isLeft(answer)
    ? answer.left.message
    : probed.verdict === 'ready'
      ? `The runner ${name} is ready: it answered within ${Math.max(1, Math.round(answer.right.latencyMs))} ms.`
      : `The runner ${name} was reached, but cannot run jobs: ${probed.detail ?? 'see the findings'}`;

export const runnerUseCases = (
  deps: RunnerDeps,
  probeOf: (error: TransportError) => Probed,
): Pick<UseCases, 'addRunner' | 'listRunners' | 'showRunner' | 'testRunner'> & {
  readonly probeAgain: (name: string) => Promise<void>;
} => {
  const reads = runnerReads(deps.health);
  const view = (name: string): Promise<E.Either<AppError, RunnerView>> => reads.showRunner(name)();

  const add = async (
    context: CommandContext,
    request: AddRunner,
  ): Promise<E.Either<AppError, Done<RunnerAdded>>> => {
    const before = await deps.repeats.streamOf(context);
    if (E.isLeft(before)) return before;
    const { name, host, port, user, slots, labels, hostKey, base, privateKey } = request;
    const secretRef = `runner/${name}`;
    const known = await load(deps.store, `runner-${name}`);
    if (E.isLeft(known)) return known;
    const first = known.right.events[0];
    let publicKey = '';
    if (first === undefined) {
      const pair =
        privateKey === undefined
          ? deps.keys.generate()
          : { privateKey, publicKey: deps.keys.publicKeyOf(privateKey) };
      if (pair.publicKey === undefined)
        return E.left(
          appError('invalid', 'private_key', 'The private key cannot be read.', {
            problems: [
              {
                path: 'privateKey',
                expected: 'an OpenSSH or PEM private key without a passphrase',
                found: 'something else (not shown)',
                mend: 'ssh-keygen -p -N "" -f COPY_OF_KEY takes a passphrase off a copy',
              },
            ],
          }),
        );
      const kept = await deps.secrets.put(secretRef, pair.privateKey)();
      if (E.isLeft(kept)) return kept;
      publicKey = pair.publicKey;
    } else if (first.event.type === 'RunnerEnrolled' && first.event.data.auth.kind === 'key')
      publicKey = first.event.data.auth.publicKey;
    const data: RunnerEnrolled = {
      name,
      host,
      port,
      user,
      slots,
      labels,
      auth: { kind: 'key', secretRef, publicKey },
      ...(base === undefined ? {} : { base }),
    };
    const done = await onRunner(
      deps,
      name,
      { kind: 'EnrolRunner', data, ...(hostKey === undefined ? {} : { hostKey }) },
      envelopeOf(context, name),
    );
    if (E.isLeft(done)) return done;
    const shown = await view(name);
    return E.isLeft(shown)
      ? shown
      : E.right({ value: { runner: shown.right, publicKey }, repeated: done.right.repeated });
  };

  const test = async (
    context: CommandContext,
    name: string,
    acceptHostKey?: string,
  ): Promise<E.Either<AppError, RunnerTested>> => {
    const { expectedRevision, ...envelope } = envelopeOf(context, name);
    const expected = expectedRevision === undefined ? {} : { expectedRevision };
    if (acceptHostKey !== undefined) {
      const pinned = await onRunner(
        deps,
        name,
        { kind: 'PinHostKey', fingerprint: acceptHostKey, how: 'approved' },
        { ...envelope, ...expected },
      );
      if (E.isLeft(pinned)) return pinned;
    }
    const target = await targetOf(deps, name);
    if (E.isLeft(target)) return target;
    const answer = await deps.transport.probe(target.right)();
    const probed = probedOf(answer, probeOf);
    const recorded = await onRunner(
      deps,
      name,
      { kind: 'RecordProbe', probe: probed },
      // a probe is a fact of its own: the same request asked twice finds twice
      {
        ...envelope,
        // when a key was pinned, that has moved the revision
        ...(acceptHostKey === undefined ? expected : {}),
        commandId: randomUUID(),
        causationId: envelope.commandId,
      },
    );
    if (E.isLeft(recorded)) return recorded;
    const shown = await view(name);
    if (E.isLeft(shown)) return shown;
    return E.right({
      code: E.isLeft(answer) ? answer.left.code : probed.verdict,
      sentence: sentenceOf(name, answer, probed),
      ...(E.isLeft(answer) && answer.left.fingerprint !== undefined
        ? { fingerprint: answer.left.fingerprint }
        : {}),
      runner: shown.right,
    });
  };

  /** Looks again; what has changed is recorded. */
  const probeAgain = async (name: string): Promise<void> => {
    const target = await targetOf(deps, name);
    if (E.isLeft(target)) return;
    const probe = probedOf(await deps.transport.probe(target.right)(), probeOf);
    await onRunner(
      deps,
      name,
      { kind: 'RecordProbe', probe },
      { commandId: randomUUID(), bodySha256: '', actor: 'baton', correlationId: name },
    );
  };

  return {
    addRunner: (context, request) => () => add(context, request),
    ...reads,
    probeAgain,
    testRunner: (context, name, acceptHostKey) => () => test(context, name, acceptHostKey),
  };
};
