/** What may be done with a runner as it is now, and what each is called. */
import type { RunnerAsOf } from '../../app/evidence.js';

export type Act =
  | { readonly kind: 'test' | 'prove' | 'drain' | 'pause' | 'resume' | 'clear' | 'remove' }
  /** `accept`: none was accepted before. */
  | { readonly kind: 'trust' | 'accept'; readonly hop: 'runner' | 'jump' }
  | { readonly kind: 'clear_slot'; readonly slot: number };

export interface Offer {
  readonly act: Act;
  readonly word: string;
}

/** Whose hands: `operator` looks and takes out of service, `admin` changes what is accepted. */
export interface Hands {
  readonly operator: boolean;
  readonly admin: boolean;
}

const keyOffer = (
  hop: 'runner' | 'jump',
  found: string | undefined,
  accepted: readonly string[],
  { operator, admin }: Hands,
): readonly Offer[] => {
  if (found === undefined) return [];
  const key = hop === 'jump' ? 'the jump host’s key' : 'host key';
  if (accepted.length === 0)
    return operator ? [{ act: { kind: 'accept', hop }, word: `Accept ${key}…` }] : [];
  return admin ? [{ act: { kind: 'trust', hop }, word: `Trust ${key}…` }] : [];
};

/** In the order in which they are wanted: what ends a trouble comes first. */
export const offersFor = (runner: RunnerAsOf, hands: Hands): readonly Offer[] => {
  const { state, foundHostKey, foundJumpHostKey, hostKeys, jumpHostKeys = [] } = runner;
  if (state === 'retired') return [];
  const keys = [
    ...keyOffer('runner', foundHostKey, hostKeys, hands),
    ...keyOffer('jump', foundJumpHostKey, jumpHostKeys, hands),
  ];
  const isKeyOpen = foundHostKey !== undefined || foundJumpHostKey !== undefined;
  const offer = (kind: Exclude<Act['kind'], 'trust' | 'accept' | 'clear_slot'>, word: string, when = true) =>
    when ? [{ act: { kind }, word }] : [];
  const isKept = state === 'draining' || state === 'paused' || runner.pausedUntil !== undefined;
  const isOpen = state !== 'removing';
  return [
    ...keys,
    ...(hands.operator
      ? [
          // a key that is not accepted has to be trusted first
          ...offer('clear', 'Clear quarantine…', runner.quarantine !== undefined && !isKeyOpen),
          ...[...runner.quarantinedSlots]
            .sort((a, b) => a - b)
            .map((slot): Offer => ({ act: { kind: 'clear_slot', slot }, word: `Clear slot ${slot}…` })),
          ...offer('resume', 'Resume…', isOpen && isKept),
          ...offer('test', 'Test'),
          ...offer('drain', 'Drain…', isOpen && state !== 'draining'),
          ...offer('pause', 'Pause…', isOpen),
        ]
      : []),
    ...(hands.admin ? [...offer('prove', 'Prove', isOpen), ...offer('remove', 'Remove…', isOpen)] : []),
  ];
};
