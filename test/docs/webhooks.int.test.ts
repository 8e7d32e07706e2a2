/** Is the receiver of docs/webhooks.md one that takes what Baton tells, and nothing else? */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/ssh/system-sshd.js';
import { bodyOf, headersOf } from '../../src/webhooks/message.js';
import { aQueuedJob } from '../builders.js';
import { until } from '../e2e/processes.js';
import { SECRET, SECRET_TEXT } from '../webhooks/receiver.js';

const root = join(import.meta.dirname, '..', '..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-docs-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true }));

it('the receiver of docs/webhooks.md says once what it is told twice, and refuses what is not signed', async () => {
  const page = await readFile(join(root, 'docs', 'webhooks.md'), 'utf8');
  const [, block = ''] = /```js\n(import [^`]*(?:`[^`\n]*`[^`]*)*?)\n```/.exec(page) ?? [];
  const port = await freePort();
  const told = block.replace('8099', String(port));
  expect(told).not.toBe(block);
  await writeFile(join(folder, 'receiver.mjs'), told);
  await writeFile(join(folder, 'chat.secret'), `${SECRET_TEXT}\n`);
  const child = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  try {
    createInterface(child.stdout).on('line', (line) => said.push(line));
    const id = 'c0ffee';
    const body = bodyOf({
      ...{ stream: 'job-1', revision: 0, position: '1', id },
      event: { type: 'JobQueued', data: aQueuedJob({ label: 'ä €' }) },
      metadata: {
        ...{ commandId: 'x', bodySha256: '0'.repeat(64), recordedAt: '2026-01-31T12:00:00.000Z', schema: 1 },
        actor: 'ann',
      },
    });
    const signed = headersOf(SECRET, id, Math.floor(Date.now() / 1000), body);
    const post = async (text: string): Promise<number | undefined> => {
      const options = { method: 'POST', headers: signed, body: text };
      // it may not listen yet
      const answer = await fetch(`http://127.0.0.1:${port}/hooks`, options).catch(() => undefined);
      return answer?.status;
    };
    expect(await until('it answers', () => post(body))).toBe(204);
    expect([await post(body), await post(`${body} `)]).toEqual([204, 400]);
  } finally {
    child.kill();
    await once(child, 'close');
  }
  expect(said).toEqual(['JobQueued of job-1']);
});
