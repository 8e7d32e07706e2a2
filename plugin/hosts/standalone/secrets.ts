/**
 * Which secrets do the phases of a commit name? Recorded once per commit, on `phase_secrets-<sha>`, before anything is triggered for it;
 * added to each promotion as it is made. A commit that names none has no such stream.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { AppError } from '../../../src/app/errors.js';
import { handle, load, type Deps } from '../../../src/app/handle.js';
import type { SourceProvider } from '../../../src/app/ports.js';
import type { CommandContext } from '../../../src/app/use-cases.js';
import { parseDispatchConfig, type DispatchConfig } from '../../../src/domain/dispatch-config.js';
import { phases, stages, type Stage } from '../../../src/domain/stage-plan.js';
import type { PhaseSecretsEvent } from '../../../src/events/catalog.js';
import type { PhasePromoted } from '../../../src/events/phase-run.js';
import type { PhaseSecrets } from '../../../src/events/secret.js';
import type { Source } from '../../../src/events/shapes.js';
import type { Decider } from '../../../src/kernel/decider.js';
import { deriveId } from '../../../src/kernel/ids.js';

const streamOf = (sha: string): string => `phase_secrets-${sha}`;

const CONFIG = '.delivery/config.json';

/** What a configuration names; phases without secrets are left out. One that cannot be used names none: it is refused elsewhere. */
export const secretsIn = (configText: string | undefined): readonly PhaseSecrets[] => {
  const config = parseDispatchConfig(configText ?? '');
  if (E.isLeft(config)) return [];
  const everywhere = config.right.phases;
  const named = phases.flatMap((phase): readonly PhaseSecrets[] => {
    const { skipped, secrets } = everywhere[phase];
    return skipped || secrets === undefined ? [] : [{ phase, secrets }];
  });
  return [...named, ...stages.flatMap((stage) => otherwiseIn(config.right, stage))];
};

/** Of a stage only what differs there; a phase that has secrets elsewhere and none here says so. */
const otherwiseIn = (config: DispatchConfig, stage: Stage): readonly PhaseSecrets[] =>
  phases.flatMap((phase): readonly PhaseSecrets[] => {
    const own = config.stages[stage]?.[phase];
    if (own === undefined || own.skipped) return [];
    const { skipped, secrets: elsewhere = [] } = config.phases[phase];
    const secrets = own.secrets ?? [];
    const isSame = JSON.stringify(secrets) === JSON.stringify(skipped ? [] : elsewhere);
    return isSame ? [] : [{ stage, phase, secrets }];
  });

/** A commit says the same each time. */
const once: Decider<readonly PhaseSecrets[], boolean, PhaseSecretsEvent, never> = {
  initial: false,
  evolve: () => true,
  decide: (phases, isRecorded) =>
    E.right(isRecorded || phases.length === 0 ? [] : [{ type: 'PhaseSecretsConfigured', data: { phases } }]),
};

/** Before the change's own events, so that no promotion can come first. */
export const recordPhaseSecrets = async (
  deps: Deps & { readonly source: SourceProvider },
  context: CommandContext,
  commit: Source,
): Promise<E.Either<AppError, undefined>> => {
  const text = await deps.source.readFile(commit, CONFIG)();
  if (E.isLeft(text)) return text;
  const phases = secretsIn(text.right);
  if (phases.length === 0) return E.right(undefined);
  const done = await handle(deps, streamOf(commit.sha), once, phases, {
    commandId: deriveId(context.commandId, 'phase_secrets'),
    bodySha256: context.bodySha256,
    actor: context.caller.actor,
    causationId: context.commandId,
    ...(context.reason === undefined ? {} : { reason: context.reason }),
  });
  if (E.isRight(done)) return E.right(undefined);
  return done.left.kind === 'failed' ? E.left(done.left.error) : E.right(undefined);
};

/** The promotion with the names of its secrets. Throws when the store cannot be read: it is tried again. */
export const withSecrets = async (deps: Deps, promotion: PhasePromoted): Promise<PhasePromoted> => {
  if (promotion.source === undefined) return promotion;
  const history = await load(deps.store, streamOf(promotion.source.sha));
  if (E.isLeft(history)) throw new Error(history.left.message, { cause: history.left });
  const named = history.right.events.flatMap(({ event }) =>
    event.type === 'PhaseSecretsConfigured' ? event.data.phases : [],
  );
  const ofPhase = named.filter(({ phase }) => phase === promotion.phase);
  const found =
    ofPhase.find(({ stage }) => stage === promotion.stage) ??
    ofPhase.find(({ stage }) => stage === undefined);
  return found === undefined ? promotion : { ...promotion, secretRefs: found.secrets };
};
