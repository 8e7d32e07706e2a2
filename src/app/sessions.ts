/**
 * Logins that last: a text that stands for a token for some hours, without being it. Nothing is stored: the text says which token it
 * stands for and until when, and a signature keeps others from writing one. So it outlives the server, and ends with its token.
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { millisBetween, plusMillis, type Clock, type Instant } from '../kernel/time.js';
import type { Caller } from './calls.js';
import type { SecretStore } from './ports.js';

/** Longest time between a login, or its renewal, and its end. */
const SESSION_MS = 12 * 3_600_000;

/** What stands for a token until then. */
export interface SessionText {
  readonly text: string;
  readonly expiresAt: Instant;
  /** From now until then. */
  readonly seconds: number;
}

/** Whom such a text stands for, as of now. */
export interface Session {
  readonly caller: Caller;
  readonly expiresAt: Instant;
  /** To be used from now on: more than half of the time is over. */
  readonly renewed?: SessionText;
}

export interface Sessions {
  /** A name that is this installation's own, since others may serve pages at other ports of the same host. */
  readonly name: string;
  /** Undefined for a caller who has shown no token. */
  readonly open: (caller: Caller) => SessionText | undefined;
  /** Undefined for what was never one here, is over, or whose token was revoked or has expired: which of these is not told. */
  readonly read: (text: string) => Session | undefined;
}

export interface SessionDeps {
  readonly sign: SecretStore['sign'];
  readonly clock: Pick<Clock, 'now'>;
  /** Whom the token of that id stands for now; undefined when it is not usable. */
  readonly callerOf: (tokenId: string) => Caller | undefined;
}

const TEXT = /^(v1\.([A-Za-z0-9-]{1,64})\.(\d{1,11}))\.([A-Za-z0-9_-]{43})$/;

const ofSeconds = (seconds: number): Instant => new Date(seconds * 1000).toISOString();

const earlier = (one: Instant, other: Instant | undefined): Instant =>
  other === undefined || one < other ? one : other;

const isSigned = (key: KeyObject, head: string, given: string): boolean => {
  const made = createHmac('sha256', key).update(head, 'utf8').digest();
  const told = Buffer.from(given, 'base64url');
  // the last character has bits to spare: only the one spelling that was given out counts
  return made.length === told.length && timingSafeEqual(made, told) && told.toString('base64url') === given;
};

export const openSessions = ({ sign, clock, callerOf }: SessionDeps): Sessions => {
  // one key, one purpose: what jobs and programs are signed for is never a login
  const key = createSecretKey(Buffer.from(sign('key of sessions'), 'base64url'));

  const textOf = (tokenId: string, expiresAt: Instant): SessionText => {
    const seconds = Math.floor(Date.parse(expiresAt) / 1000);
    const head = `v1.${tokenId}.${seconds}`;
    const signature = createHmac('sha256', key).update(head, 'utf8').digest('base64url');
    const left = seconds - Math.floor(Date.parse(clock.now()) / 1000);
    return { text: `${head}.${signature}`, expiresAt: ofSeconds(seconds), seconds: Math.max(0, left) };
  };

  /** No longer than the token itself. */
  const endOf = ({ tokenEndsAt }: Caller): Instant =>
    earlier(plusMillis(clock.now(), SESSION_MS), tokenEndsAt);

  const renewed = (tokenId: string, caller: Caller, expiresAt: Instant): SessionText | undefined => {
    if (millisBetween(clock.now(), expiresAt) >= SESSION_MS / 2) return undefined;
    const next = textOf(tokenId, endOf(caller));
    return next.expiresAt > expiresAt ? next : undefined;
  };

  return {
    name: `baton_${Buffer.from(sign('name of sessions'), 'base64url').toString('hex').slice(0, 8)}`,
    open: (caller) => (caller.tokenId === undefined ? undefined : textOf(caller.tokenId, endOf(caller))),
    read: (text) => {
      const [, head, tokenId, seconds, signature] = TEXT.exec(text) ?? [];
      if (head === undefined || tokenId === undefined || signature === undefined) return undefined;
      if (!isSigned(key, head, signature)) return undefined;
      const expiresAt = ofSeconds(Number(seconds));
      const caller = expiresAt > clock.now() ? callerOf(tokenId) : undefined;
      if (caller === undefined) return undefined;
      const next = renewed(tokenId, caller, expiresAt);
      return { caller, expiresAt, ...(next === undefined ? {} : { renewed: next }) };
    },
  };
};
