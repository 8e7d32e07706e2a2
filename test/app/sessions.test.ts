import { describe, expect, it } from 'vitest';
import { givenSessions, HOUR } from './given-sessions.js';

const opened = () => {
  const given = givenSessions();
  const ops = given.callers.get('baton_ops')!;
  const session = given.sessions.open(ops);
  if (session === undefined) throw new Error('no session');
  return { ...given, ops, session };
};

describe('a session', () => {
  it('stands for its token for 12 hours, without holding it', () => {
    const { sessions, session, ops, pass } = opened();
    expect(session).toMatchObject({ expiresAt: '2026-02-01T00:00:00.000Z', seconds: 43_200 });
    expect(session.text).not.toContain('baton_ops');
    expect(sessions.read(session.text)).toEqual({ caller: ops, expiresAt: session.expiresAt });
    pass(12 * HOUR - 1);
    expect(sessions.read(session.text)?.caller).toEqual(ops);
    pass(1);
    expect(sessions.read(session.text)).toBeUndefined();
  });

  it('is renewed when more than half of its time is over, and not before', () => {
    const { sessions, session, pass } = opened();
    pass(6 * HOUR);
    expect(sessions.read(session.text)?.renewed).toBeUndefined();
    pass(1);
    const renewed = sessions.read(session.text)?.renewed;
    expect(renewed).toMatchObject({ expiresAt: '2026-02-01T06:00:00.000Z', seconds: 43_200 });
    pass(11 * HOUR);
    expect(sessions.read(session.text)).toBeUndefined();
    expect(sessions.read(renewed?.text ?? '')).toBeDefined();
  });

  it('ends with its token, and what ends with its token is not renewed', () => {
    const { sessions, callers, ops, pass } = opened();
    const short = { ...ops, tokenEndsAt: '2026-01-31T13:00:00.000Z' };
    callers.set('baton_ops', short);
    const session = sessions.open(short)!;
    expect(session).toMatchObject({ expiresAt: short.tokenEndsAt, seconds: 3600 });
    pass(HOUR / 2 + 1);
    expect(sessions.read(session.text)).toEqual({ caller: short, expiresAt: short.tokenEndsAt });
    callers.delete('baton_ops');
    expect(sessions.read(session.text)).toBeUndefined();
  });

  it('is not to be had without a token', () => {
    const { sessions } = opened();
    expect(sessions.open({ actor: 'host', grants: [{ role: 'admin' }] })).toBeUndefined();
  });

  it('is known by the key that signed it alone, also after a restart', () => {
    const { withKey, session } = opened();
    expect(withKey('ours').read(session.text)).toBeDefined();
    expect(withKey('theirs').read(session.text)).toBeUndefined();
    expect(withKey('theirs').name).not.toBe(withKey('ours').name);
  });

  it('given one character changed, anywhere, then it is none', () => {
    const { sessions, session } = opened();
    for (let i = 0; i < session.text.length; i++)
      for (const other of ['A', '9', '.', '_', '']) {
        if (other === session.text[i]) continue;
        const text = `${session.text.slice(0, i)}${other}${session.text.slice(i + 1)}`;
        expect(sessions.read(text), text).toBeUndefined();
      }
  });

  it.each([
    '',
    'v1',
    'v1...',
    `v1.token-1.99999999999.${'A'.repeat(43)}`,
    'v1.__proto__.1.x',
    'x'.repeat(4000),
  ])('is not %s', (text) => {
    expect(opened().sessions.read(text)).toBeUndefined();
  });
});
