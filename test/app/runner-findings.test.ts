import { describe, expect, it } from 'vitest';
import { clockSkew, sessionsFinding } from '../../src/app/runner-findings.js';

describe('sessionsFinding', () => {
  it('given fewer sessions than slots and operations need, then the consequence and the way out', () => {
    expect(sessionsFinding(4, { asked: 8, opened: 3 })).toEqual({
      ...{ check: 'sessions', ok: false, found: '3' },
      consequence:
        '4 slots need 6 sessions, this sshd allows 3 at a login: Baton logs in more than once, which takes longer and may meet other limits of sshd; set MaxSessions to at least 6 in its sshd_config.',
    });
  });
  it('given more slots than one connection ever serves, then no more is asked for than that', () => {
    const { ok, consequence = '' } = sessionsFinding(20, { asked: 8, opened: 7 });
    expect(ok).toBe(false);
    expect(consequence).toMatch(
      /^20 slots need 22 sessions, 8 of them over one connection, .* at least 8 in/,
    );
    expect(sessionsFinding(20, { asked: 8, opened: 8 })).toEqual({
      ...{ check: 'sessions', ok: true, found: '8 or more' },
    });
  });
  it.each([
    [1, 3, true],
    [1, 2, false],
    [4, 6, true],
    [4, 5, false],
  ])('given %i slots and %i sessions, then well: %s', (slots, opened, ok) => {
    expect(sessionsFinding(slots, { asked: 8, opened }).ok).toBe(ok);
  });
});

describe('clockSkew', () => {
  const at = 1_800_000_000_000;
  const epoch = at / 1000;
  it.each([
    ['the same second', epoch, 10, 0, 'as here'],
    ['a second that was cut', epoch - 1, 0, 0, 'as here'],
    ['5 s ahead', epoch + 5, 10, 5, 'as here'],
    ['20 s ahead', epoch + 20, 10, 20, '20 s ahead, give or take 1 s'],
    ['an hour behind', epoch - 3600, 10, -3599, '3599 s behind, give or take 1 s'],
    ['a way of 20 s, which may be all of it', epoch + 4, 20_000, 14, 'as here'],
  ])('given %s, then so', (_, seconds, latencyMs, skewSeconds, found) => {
    const skew = clockSkew(seconds, latencyMs, at);
    expect(skew).toMatchObject({ skewSeconds, finding: { check: 'clock', ok: found === 'as here', found } });
    expect(skew.finding.consequence === undefined).toBe(skew.finding.ok);
  });
});
