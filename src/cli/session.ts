/** What every command starts from: the global options, a client for them, and one way to end with a refusal. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { createClient, type Client, type Got } from './client.js';
import { exitCodes } from './exit.js';
import { note, type Io } from './io.js';
import { fail, show } from './print.js';
import { plain } from './terminal.js';
import { trustingFetch, type Fetch } from './trusting-fetch.js';

const DEFAULT_URL = 'http://127.0.0.1:7350';

export interface Session {
  readonly client: Client;
  /** Of the server, without a slash at its end. */
  readonly url: string;
  readonly asJson: boolean;
  /** Certificates in PEM form that `--ca` trusts instead of the system's. */
  readonly ca?: string;
  /** Prints the answer, or the refusal; true when there was an answer. */
  readonly answer: <A>(got: Got<A>, text: (value: A) => string) => got is E.Right<A>;
}

/** A mistake on the command line that only the command itself can see: exit code 64. */
export const usage = (io: Io, sentence: string): void => {
  note(io, `baton: ${sentence}`);
  io.exit(exitCodes.usage);
};

const isLoopback = (name: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(name);

const endpoint = (io: Io, given: string): string | undefined => {
  if (!URL.canParse(given)) return undefined;
  const url = new URL(given);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    note(io, `note: ${url.host} is spoken to without encryption; whoever listens learns the token`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
};

/** The certificates that are trusted instead of the system's; the exit code is set when they cannot be read. */
const trustedBy = (
  io: Io,
  url: string,
  file: string | undefined,
): { fetch?: Fetch; ca?: string } | 'unreadable' => {
  if (file === undefined || file === '' || !url.startsWith('https:')) return {};
  try {
    const ca = readFileSync(resolve(io.cwd, file), 'utf8');
    return { fetch: trustingFetch(ca), ca };
  } catch {
    usage(io, `--ca or BATON_CA names a file that cannot be read: ${plain(file)}`);
    return 'unreadable';
  }
};

/** Global options as they stand for this command; undefined, with the exit code set, when they are unusable. */
export const sessionOf = (io: Io, command: Command): Session | undefined => {
  const options = command.optsWithGlobals<{
    url?: string;
    token?: string;
    ca?: string;
    json?: boolean;
  }>();
  const given = options.url ?? io.env['BATON_URL'] ?? DEFAULT_URL;
  const url = endpoint(io, given);
  if (url === undefined) {
    usage(
      io,
      '--url or BATON_URL is no URL that begins with http:// or https:// and holds neither user nor password',
    );
    return undefined;
  }
  const asJson = options.json === true;
  const trusted = trustedBy(io, url, options.ca ?? io.env['BATON_CA']);
  if (trusted === 'unreadable') return undefined;
  return {
    url,
    client: createClient({
      url,
      token: options.token ?? io.env['BATON_TOKEN'],
      ...(trusted.fetch === undefined ? {} : { fetch: trusted.fetch }),
    }),
    ...(trusted.ca === undefined ? {} : { ca: trusted.ca }),
    asJson,
    answer: <A>(got: Got<A>, text: (value: A) => string): got is E.Right<A> => {
      if (E.isLeft(got)) {
        fail(io, asJson, got.left);
        return false;
      }
      show(io, asJson, got.right, () => text(got.right));
      return true;
    },
  };
};

/** Colours in logs, unless NO_COLOR is set to anything (no-color.org). */
export const wantsColours = (io: Io): boolean => (io.env['NO_COLOR'] ?? '') === '';
