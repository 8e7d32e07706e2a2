/** Sessions over tokens that a test makes, revokes and lets expire, at a time that it sets. */
import { createHmac } from 'node:crypto';
import type { Caller } from '../../src/app/calls.js';
import { openSessions, type Sessions } from '../../src/app/sessions.js';

export const HOUR = 3_600_000;

export interface GivenSessions {
  readonly sessions: Sessions;
  /** By token. */
  readonly callers: Map<string, Caller>;
  /** As another server with another key would have them. */
  readonly withKey: (key: string) => Sessions;
  readonly pass: (ms: number) => void;
  readonly now: () => string;
}

export const givenSessions = (): GivenSessions => {
  let ms = Date.parse('2026-01-31T12:00:00.000Z');
  const now = (): string => new Date(ms).toISOString();
  const ops: Caller = { actor: 'ops', tokenId: 'token-1', grants: [{ role: 'admin' }] };
  const callers = new Map([['baton_ops', ops]]);
  const withKey = (key: string): Sessions =>
    openSessions({
      sign: (text) => createHmac('sha256', key).update(text).digest('base64url'),
      clock: { now },
      callerOf: (id) => [...callers.values()].find(({ tokenId }) => tokenId === id),
    });
  return { sessions: withKey('ours'), callers, withKey, now, pass: (more) => void (ms += more) };
};
