/** Reads what people write of webhooks: every problem at once, each with its place. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import { shown, suggest, type Problem } from './problem.js';
import { readScopes, type WebhookScope } from './webhook-scope.js';

/** What a webhook may be told of, each a kind of streams; see docs/events.md. */
export const webhookTopics = ['jobs', 'phases', 'changes', 'runners'] as const;
export type WebhookTopic = (typeof webhookTopics)[number];

/** One receiver. */
export interface Webhook {
  readonly name: string;
  /** Where messages are posted to. Some receivers have a secret in its path, so it is never shown in full. */
  readonly url: string;
  /** File that holds the secret by which messages are signed, and nothing else. */
  readonly secretFile: string;
  readonly topics: readonly WebhookTopic[];
  /** It is told of what belongs to one of these only; absent: of everything. */
  readonly scopes?: readonly WebhookScope[];
}

/** Keys of one table of `webhooks`. */
export const webhookKeys = ['url', 'secret_file', 'topics', 'scopes'];

/** Each has its own connections and its own place in the log. */
const MOST_WEBHOOKS = 16;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

export const isWebhookName = (name: string): boolean => NAME.test(name);

type Table = Readonly<Record<string, unknown>>;
type Read<A> = E.Either<readonly Problem[], A>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const refuse = (path: string, expected: string, found: string, mend: string): Read<never> =>
  E.left([{ path, expected, found, mend }]);

/** Nobody else hears what goes to the machine itself. */
const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

const readUrl = (path: string, value: unknown): Read<string> => {
  const expected = 'an address that starts with https://';
  if (typeof value !== 'string' || !URL.canParse(value))
    return refuse(
      path,
      expected,
      value === undefined ? 'nothing' : 'something else',
      'write it in full: "https://example.org/hook"',
    );
  const url = new URL(value);
  if (url.username !== '' || url.password !== '')
    return refuse(
      path,
      'an address without a user',
      'one with a user',
      'messages are signed: the receiver knows by that who sent them',
    );
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
    return E.right(url.href);
  return refuse(
    path,
    expected,
    `one with ${shown(url.protocol)}`,
    'use https; http is taken for this machine itself',
  );
};

const readFile = (path: string, value: unknown): Read<string> =>
  typeof value === 'string' && value !== '' && !value.includes('\0')
    ? E.right(value)
    : refuse(path, 'the path of a file', shown(value), 'see docs/webhooks.md for what it holds');

const isTopic = (value: unknown): value is WebhookTopic => webhookTopics.some((topic) => topic === value);

const readTopics = (path: string, value: unknown): Read<readonly WebhookTopic[]> => {
  if (value === undefined) return E.right(webhookTopics);
  if (!Array.isArray(value) || value.length === 0)
    return refuse(
      path,
      `a list of ${webhookTopics.join(', ')}`,
      shown(value),
      'leave it out for all of them',
    );
  const list: readonly unknown[] = value;
  const problems = list.flatMap((one, n) =>
    isTopic(one)
      ? []
      : [
          {
            path: `${path}[${n}]`,
            expected: `one of ${webhookTopics.join(', ')}`,
            found: shown(one),
            ...(typeof one === 'string' ? { mend: suggest(one, webhookTopics) } : {}),
          },
        ],
  );
  return problems.length > 0
    ? E.left(problems)
    : E.right(webhookTopics.filter((topic) => list.includes(topic)));
};

/** What belongs to no project would never be told to who wants some projects only. */
const readPlaces = (path: string, scopes: unknown, topics: unknown): Read<Pick<Webhook, 'scopes'>> => {
  if (scopes === undefined) return E.right({});
  const read = readScopes(path, scopes);
  if (E.isLeft(read)) return read;
  return Array.isArray(topics) && topics.includes('runners')
    ? refuse(
        path,
        'no scopes beside the topic runners',
        'both',
        'runners belong to no project: give them a webhook of its own',
      )
    : E.right({ scopes: read.right });
};

const readOne = (name: string, value: unknown): Read<Webhook> => {
  const path = isWebhookName(name) ? name : shown(name);
  const misnamed = isWebhookName(name)
    ? E.right(name)
    : refuse(
        path,
        'a name of up to 63 letters, digits and _ - that starts with a letter or digit',
        shown(name),
        'give it another name',
      );
  if (!isTable(value))
    return E.left([
      ...(E.isLeft(misnamed) ? misnamed.left : []),
      { path, expected: 'a table with url and secret_file', found: shown(value) },
    ]);
  const strangers = Object.keys(value)
    .filter((key) => !webhookKeys.includes(key))
    .map((key) => ({
      path: `${path}.${shown(key).slice(1, -1)}`,
      expected: 'the name of a setting of a webhook',
      found: 'an unknown one',
      mend: suggest(key, webhookKeys),
    }));
  const url = readUrl(`${path}.url`, value['url']);
  const secretFile = readFile(`${path}.secret_file`, value['secret_file']);
  const topics = readTopics(`${path}.topics`, value['topics']);
  const places = readPlaces(`${path}.scopes`, value['scopes'], value['topics']);
  const problems = [
    ...strangers,
    ...[misnamed, url, secretFile, topics, places].flatMap((one) => (E.isLeft(one) ? one.left : [])),
  ];
  return problems.length > 0 || E.isLeft(url) || E.isLeft(secretFile) || E.isLeft(topics) || E.isLeft(places)
    ? E.left(problems)
    : E.right({
        ...{ name, url: url.right, secretFile: secretFile.right, topics: topics.right },
        ...places.right,
      });
};

/** The table `webhooks`, in the order of names. Paths start below it: `chat.topics[0]`. */
export const parseWebhooks = (raw: unknown): Read<readonly Webhook[]> => {
  if (!isTable(raw))
    return E.left([{ path: '', expected: 'a table with one table for each webhook', found: shown(raw) }]);
  const names = Object.keys(raw).sort();
  if (names.length > MOST_WEBHOOKS)
    return E.left([{ path: '', expected: `at most ${MOST_WEBHOOKS} webhooks`, found: String(names.length) }]);
  const read = names.map((name) => readOne(name, raw[name]));
  const problems = read.flatMap((one) => (E.isLeft(one) ? one.left : []));
  return problems.length > 0
    ? E.left(problems)
    : E.right(read.flatMap((one) => (E.isRight(one) ? [one.right] : [])));
};

/** As much of the address as may be shown. */
export const originOf = ({ url }: Pick<Webhook, 'url'>): string => new URL(url).origin;
