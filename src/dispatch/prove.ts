/** Two small attempts in a slot, as jobs have them: one runs to its end and every byte of its output is compared, one is cancelled. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import type { AttemptRef, AttemptResult, RunnerTarget, RunnerTransport, StartOrder } from '../app/ports.js';
import type { NoProof, SlotProof, SlotTrial } from '../app/prove-runner.js';
import {
  differenceIn,
  endlessScript,
  PROOF_EXIT,
  PROOF_LIMIT_MS,
  proofId,
  proofScript,
  userIn,
} from '../domain/proof.js';
import { deriveId } from '../kernel/ids.js';
import { asTransportError, orThrow } from './link.js';

type Transport = Pick<RunnerTransport, 'start' | 'follow' | 'cancel' | 'cleanUp'>;

class Unproved extends Error {}

const CANCEL_GRACE_MS = 5_000;
const OUTPUT_BYTES = 1_000_000;
/** One that was left by a server that died has its name for ever; more than a few are another trouble. */
const MOST_TRIES = 5;

/** The name of an attempt that has begun. */
const begin = async (
  transport: Transport,
  { slot, target, baseId, bootId, fence, commandId, source, word }: SlotTrial,
  script: string,
): Promise<AttemptRef> => {
  const jobId = proofId(deriveId(commandId, 'proof', slot, script));
  for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
    const ref = { jobId, attempt };
    const order: StartOrder = {
      ...{ ...ref, fence, baseId, bootId, script, source },
      environment: { BATON_PROOF: word },
      ...{ totalMs: PROOF_LIMIT_MS, cancelGraceMs: CANCEL_GRACE_MS, logBytes: OUTPUT_BYTES },
    };
    const answer = await orThrow(transport.start(target, order));
    switch (answer.kind) {
      case 'started':
        return ref;
      case 'exists':
        await transport.cancel(target, ref, CANCEL_GRACE_MS)();
        await transport.cleanUp(target, ref)();
        break;
      case 'not_started':
        throw new Unproved(`a job could not be started: ${answer.why}, ${answer.message}`);
      case 'stale_fence':
        throw new Unproved('another server has taken the runner over meanwhile');
      case 'runner_changed':
        throw new Unproved('it was restarted, or its folder was replaced, meanwhile');
    }
  }
  throw new Unproved('attempts of earlier proofs are in the way');
};

/** Everything that the attempt writes, and its result; then its files go. */
const collect = async (
  transport: Transport,
  target: RunnerTarget,
  ref: AttemptRef,
  onBytes: () => Promise<void>,
): Promise<{ readonly output: Buffer; readonly result: AttemptResult }> => {
  const pieces: Buffer[] = [];
  let isOver = false;
  const stopping = new AbortController();
  try {
    for await (const item of transport.follow(target, ref, 0, stopping.signal)) {
      if (item.kind === 'bytes') {
        pieces.push(item.bytes);
        if (pieces.length === 1) await onBytes();
      } else if (item.state.state === 'done') {
        isOver = true;
        return { output: Buffer.concat(pieces), result: item.state.result };
      } else throw new Unproved(`a job has no result (${item.state.state})`);
    }
    throw new Unproved('the output of a job came to no end');
  } finally {
    stopping.abort();
    // what stays is tidied up after a day
    if (!isOver) await transport.cancel(target, ref, CANCEL_GRACE_MS)();
    await transport.cleanUp(target, ref)();
  }
};

const runsWell = async (transport: Transport, trial: SlotTrial): Promise<SlotProof> => {
  const ref = await begin(transport, trial, proofScript);
  const { output, result } = await collect(transport, trial.target, ref, () => Promise.resolve());
  const difference = differenceIn(output, trial.word, trial.user);
  if (difference !== undefined)
    throw new Unproved(`a job should have written ${difference.expected}, and wrote ${difference.found}`);
  if (result.why !== 'exit' || result.exitCode !== PROOF_EXIT)
    throw new Unproved(
      `a job should have ended with the code ${PROOF_EXIT}, and ended with ${result.exitCode} (${result.why})`,
    );
  return {
    user: userIn(output) ?? '',
    bytes: output.length,
    sha256: createHash('sha256').update(output).digest('hex'),
  };
};

const endsWhenCancelled = async (transport: Transport, trial: SlotTrial): Promise<void> => {
  const ref = await begin(transport, trial, endlessScript);
  const { result } = await collect(transport, trial.target, ref, async () => {
    await orThrow(transport.cancel(trial.target, ref, CANCEL_GRACE_MS));
  });
  if (result.why !== 'cancel' || result.survivors.length > 0)
    throw new Unproved(
      `a job that was cancelled should have ended with all its processes, and ended by ${result.why} with ${result.survivors.length} left`,
    );
};

/** Throws only what is a bug. */
export const proveSlot = async (
  transport: Transport,
  trial: SlotTrial,
): Promise<E.Either<NoProof, SlotProof>> => {
  try {
    const proof = await runsWell(transport, trial);
    await endsWhenCancelled(transport, trial);
    return E.right(proof);
  } catch (cause) {
    if (cause instanceof Unproved) return E.left({ code: 'not_proved', detail: cause.message });
    const error = asTransportError(cause);
    if (error === undefined) throw cause;
    return E.left({ code: error.code, detail: error.message });
  }
};
