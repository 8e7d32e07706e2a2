/** The cookie of a login: its name and attributes, how it is read, set and cleared. */
import type { Caller } from '../../app/calls.js';
import type { Session, Sessions, SessionText } from '../../app/sessions.js';
import type { Instant } from '../../kernel/time.js';
import type { HttpContext } from '../context.js';

export interface SessionCookie {
  /** Whether the request carries one, good or not. */
  readonly isShown: (ctx: HttpContext) => boolean;
  /** Whom it stands for; undefined when it stands for nobody. May be asked again. */
  readonly read: (ctx: HttpContext) => Session | undefined;
  /** One for a caller who has shown a token; answers when it ends. */
  readonly open: (ctx: HttpContext, caller: Caller) => Instant | undefined;
  readonly set: (ctx: HttpContext, session: SessionText) => void;
  readonly clear: (ctx: HttpContext) => void;
  /** The way from the browser to this server, or to the proxy before it, is TLS. */
  readonly isSecure: (ctx: HttpContext) => boolean;
}

/** Undefined unless the address is https. */
const secureHostOf = (publicUrl: string | undefined): URL | undefined => {
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  return url?.protocol === 'https:' ? url : undefined;
};

const valuesOf = (header: string, name: string): readonly string[] =>
  header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));

/** `publicUrl`: where people reach this server, perhaps through a proxy that speaks TLS in its place. */
export const sessionCookie = (sessions: Sessions, publicUrl: string | undefined): SessionCookie => {
  const proxied = secureHostOf(publicUrl);
  const isSecure = (ctx: HttpContext): boolean => {
    const host = ctx.get('Host').toLowerCase();
    return ctx.secure || (proxied !== undefined && (host === proxied.host || host === proxied.hostname));
  };
  // a browser takes the prefix from nobody but this very host, over TLS
  const nameOf = (ctx: HttpContext): string => `${isSecure(ctx) ? '__Host-' : ''}${sessions.name}`;
  const shown = (ctx: HttpContext): readonly string[] => valuesOf(ctx.get('Cookie'), nameOf(ctx));
  const write = (ctx: HttpContext, value: string, seconds: number): void => {
    ctx.append(
      'Set-Cookie',
      `${nameOf(ctx)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure(ctx) ? '; Secure' : ''}`,
    );
  };
  const set: SessionCookie['set'] = (ctx, { text, seconds }) => write(ctx, text, seconds);
  return {
    isSecure,
    isShown: (ctx) => shown(ctx).length > 0,
    read: (ctx) => {
      // of two with one name somebody else set one
      const [value, another] = shown(ctx);
      return value === undefined || another !== undefined ? undefined : sessions.read(value);
    },
    open: (ctx, caller) => {
      const session = sessions.open(caller);
      if (session !== undefined) set(ctx, session);
      return session?.expiresAt;
    },
    set,
    clear: (ctx) => write(ctx, '', 0),
  };
};
