/** What do sessions and clock of a runner mean for its jobs? Findings beside those that the runner tells of itself. Pure. */
import { COMPATIBILITY, judgeRules, type Compatibility, type Machine } from '../domain/compatibility.js';
import type { Finding } from '../events/runner.js';
import type { ProbeReport } from './ports.js';

/** Beside one session for each slot: one to read logs, one to ask and to stop. */
const FOR_OPERATIONS = 2;

/** `opened` of the `asked` sessions could be had over one connection. */
export const sessionsFinding = (
  slots: number,
  { asked, opened }: NonNullable<ProbeReport['sessions']>,
): Finding => {
  const [check, need] = ['sessions', slots + FOR_OPERATIONS];
  // no more than these are ever on one connection
  const wanted = Math.min(need, asked);
  if (opened >= wanted) return { check, ok: true, found: `${opened}${opened < asked ? '' : ' or more'}` };
  const counted = `${slots} ${slots === 1 ? 'slot needs' : 'slots need'} ${need} sessions`;
  const some = wanted < need ? `, ${wanted} of them over one connection` : '';
  return {
    ...{ check, ok: false, found: String(opened) },
    consequence: `${counted}${some}, this sshd allows ${opened} at a login: Baton logs in more than once, which takes longer and may meet other limits of sshd; set MaxSessions to at least ${wanted} in its sshd_config.`,
  };
};

/** Less than this matters to nothing. */
const SKEW_SECONDS = 5;

export interface Skew {
  /** How far the runner's clock is ahead, to the second. */
  readonly skewSeconds: number;
  readonly finding: Finding;
}

/** From the clock that the runner read, and when that answer was here (ms since 1970). */
export const clockSkew = (epochSeconds: number, latencyMs: number, receivedMs: number): Skew => {
  // The answer took between nothing and a whole round trip, and seconds were cut.
  const aheadMs = epochSeconds * 1000 + 500 - receivedMs + Math.round(latencyMs / 2);
  const uncertainMs = 500 + Math.round(latencyMs / 2);
  // `+ 0`: no minus zero
  const skewSeconds = Math.abs(aheadMs) <= uncertainMs ? 0 : Math.trunc(aheadMs / 1000) + 0;
  const check = 'clock';
  if (Math.abs(aheadMs) - uncertainMs <= SKEW_SECONDS * 1000)
    return { skewSeconds, finding: { check, ok: true, found: 'as here' } };
  const found = `${Math.abs(skewSeconds)} s ${aheadMs > 0 ? 'ahead' : 'behind'}, give or take ${Math.ceil(uncertainMs / 1000)} s`;
  const consequence =
    'Baton itself decides nothing by this clock, but times that jobs write are wrong, and TLS and package managers may refuse; let it be set by NTP.';
  return { skewSeconds, finding: { check, ok: false, found, consequence } };
};

/** One for each rule that is broken or cannot be judged; one for all when there is nothing to say of any. */
export const compatibilityFindings = (facts: Compatibility, machine: Machine): readonly Finding[] => {
  if (facts.rules.length === 0) return [];
  const told = judgeRules(facts, machine).filter(({ outcome }) => outcome !== 'kept');
  if (told.length === 0) return [{ check: COMPATIBILITY, ok: true, found: 'every rule holds' }];
  return told.map(({ rule, outcome, sentence }) => ({
    check: COMPATIBILITY,
    ok: outcome !== 'broken',
    found: `${outcome === 'broken' ? 'broken' : 'not judged'}: ${rule.text}`,
    consequence: sentence,
  }));
};
