/** An engine that has loaded Baton, with a webhook: is its receiver told, and what is said of a secret that is none? */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plugin } from '../../plugin/contract.js';
import { aReceiver, SECRET_TEXT, type Receiver } from '../webhooks/receiver.js';
import { aSite, aSubject, type Site } from './subject.js';

let site: Site;
let receiver: Receiver;
beforeAll(async () => {
  site = await aSite('in-process server');
  receiver = await aReceiver();
});
afterAll(async () => {
  await receiver.close();
  await site.close();
});

describe('webhooks of an engine that has loaded Baton', () => {
  it('are told what happens to its phases, in the scopes that they name', async () => {
    const secret = join(site.folder, 'chat.secret');
    await writeFile(secret, SECRET_TEXT, { mode: 0o600 });
    const subject = await aSubject(site, {
      webhooks: {
        chat: {
          ...{ url: receiver.url, secret_file: secret, topics: ['phases'] },
          scopes: ['default/default/sample'],
        },
        others: { url: receiver.url, secret_file: secret, topics: ['phases'], scopes: ['acme'] },
      },
    });
    await subject.plugin().handle({
      ...{ type: 'phase.promoted', commandId: 'a', actor: 'tester' },
      promotion: subject.promotion('a', 'succeeds'),
    });
    await receiver.until(() => receiver.taken.some(({ type }) => type === 'PhaseFinished'));
    await subject.close();
    expect(receiver.taken.map(({ type }) => type)).toEqual(['PhasePromoted', 'PhaseFinished']);
  });

  it('given a secret that others can read and one that is missing, then verify says both, and so does the start', async () => {
    const open = join(site.folder, 'open.secret');
    await writeFile(open, SECRET_TEXT, { mode: 0o644 });
    const subject = await aSubject(site, { slots: 0 });
    const loaded = await subject.load(subject.host, {
      data: join(site.folder, 'other'),
      webhooks: {
        a: { url: receiver.url, secret_file: open },
        b: { url: receiver.url, secret_file: '/nowhere' },
      },
    });
    if ('problems' in loaded) expect.fail(JSON.stringify(loaded.problems));
    const plugin: Plugin = loaded.plugin;
    expect((await plugin.verify()).map(({ path, found }) => `${path} found ${found}`)).toEqual([
      `webhooks.a.secret_file found ${open}: 0644`,
      'webhooks.b.secret_file found /nowhere: ENOENT',
    ]);
    await expect(plugin.start()).rejects.toMatchObject({
      code: 'webhook_secret',
      message: expect.stringMatching(/webhooks\.a\.secret_file: .*webhooks\.b\.secret_file: /s) as unknown,
    });
    await subject.close();
  });
});
