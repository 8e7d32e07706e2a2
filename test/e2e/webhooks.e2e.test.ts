/** A server that tells a receiver, and is killed while it does: is every event told, and each by one id? */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aReceiver, SECRET_TEXT, type Receiver } from '../webhooks/receiver.js';
import { until } from './processes.js';
import { aWorld, onlyDeploy, type World } from './world.js';

let world: World;
let receiver: Receiver;
let config: string;
beforeAll(async () => {
  receiver = await aReceiver();
  world = await aWorld();
  world.file('chat.secret', `${SECRET_TEXT}\n`);
  config = world.file(
    'baton.toml',
    `[webhooks.chat]\nurl = "${receiver.url}"\nsecret_file = "chat.secret"\ntopics = ["jobs", "phases"]\n`,
  );
  await world.start({}, 'error', ['--config', config]);
  await world.addRunner('r1');
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});

const TOLD = /^(job|phase_run)-/;
const keyOf = (stream: string, revision: number): string => `${stream}@${revision}`;

describe('a webhook of a server', { timeout: 180_000 }, () => {
  it('is told every event of its topics by one id, although the server is killed in between', async () => {
    const repository = world.aRepository('web', onlyDeploy('true'));
    const change = await world.submitted(repository);
    await receiver.until(() => receiver.taken.length >= 3);
    await world.stop('SIGKILL');
    await world.start({}, 'error', ['--config', config]);
    await world.finished(change.id);
    await until('nothing is owed', async () => {
      const answer = await world.ask('GET', '/webhooks');
      const { items } = answer.json() as { items: readonly { readonly owed: number }[] };
      return items[0]?.owed === 0 || undefined;
    });
    await world.stop();
    const recorded = (await world.events()).filter(({ stream }) => TOLD.test(stream));
    const ids = new Map<string, string>();
    for (const { data } of receiver.taken) {
      const key = keyOf(data.stream, data.revision);
      expect(ids.get(key) ?? data.id).toBe(data.id);
      ids.set(key, data.id);
    }
    expect(new Set(ids.keys())).toEqual(
      new Set(recorded.map(({ stream, revision }) => keyOf(stream, revision))),
    );
    expect(new Set(ids.values())).toEqual(new Set(recorded.map(({ id }) => id)));
    await world.start({}, 'error', ['--config', config]);
  });

  it('is shown without the path of its address, and told again by a replay', async () => {
    const listed = await world.baton('webhook', 'list');
    expect(listed.out).toContain(new URL(receiver.url).origin);
    expect(listed.out).not.toContain('T0K3N');
    const before = receiver.taken.length;
    const replayed = await world.baton('webhook', 'replay', 'chat', '--from', 'start');
    expect(replayed).toMatchObject({ code: 0, out: 'Webhook chat is told what came after start.\n' });
    const recorded = new Set(receiver.taken.map(({ data }) => data.id)).size;
    await receiver.until(() => receiver.taken.length >= before + recorded);
    expect(new Set(receiver.taken.slice(before).map(({ data }) => data.id)).size).toBe(recorded);
  });

  it('given a name that there is none of, or a moment that is none, then it says what there is', async () => {
    const unknown = await world.baton('webhook', 'replay', 'talk', '--from', 'now');
    expect(unknown.code).toBe(3);
    expect(unknown.err).toContain('There is no webhook talk.\nhint: There are: chat.');
    const late = await world.baton('webhook', 'replay', 'chat', '--from', 'yesterday');
    expect(late.code).toBe(2);
    expect(late.err).toContain('a position, an RFC 3339 time, start or now');
  });

  it('given a secret that others can read, and one that is none, then the server does not start and says both', async () => {
    world.file('open.secret', SECRET_TEXT, 0o644);
    world.file('bad.secret', 'whsec_AAAA');
    const table = (name: string): string =>
      `[webhooks.${name}]\nurl = "${receiver.url}"\nsecret_file = "${name}.secret"\n`;
    const bad = world.file('bad.toml', `${table('bad')}${table('open')}`);
    await world.stop();
    await expect(world.start({}, 'error', ['--config', bad])).rejects.toThrow(
      /webhooks\.bad\.secret_file[^]*webhooks\.open\.secret_file[^]*chmod 0600/,
    );
  });
});
