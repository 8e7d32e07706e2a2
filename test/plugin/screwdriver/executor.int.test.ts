/** The executor with the real Baton in it, before that has been loaded. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createExecutor, type Executor } from '../../../plugin/hosts/screwdriver/executor.js';
import * as baton from '../../../plugin/index.js';
import { freePort } from '../../../src/ssh/system-sshd.js';
import { until } from '../../e2e/processes.js';

let folder: string;
let executor: Executor;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-executor-'));
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  said = [];
  executor = createExecutor({
    config: { data: join(folder, 'data'), keyFile, logLevel: 'silent' },
    baton: () => Promise.resolve(baton),
    say: (sentence) => said.push(sentence),
  });
});
afterEach(async () => {
  await executor.cleanUp();
  await rm(folder, { recursive: true, force: true });
});

it('a stop that comes right after the start, while Baton is being loaded, ends the build', async () => {
  // nobody is there
  const apiUri = `http://127.0.0.1:${await freePort()}`;
  const start = executor.start({ buildId: 7, jobId: 1, pipelineId: 4, apiUri, token: 'of the start' });
  await Promise.all([start, executor.stop({ buildId: 7 })]);
  await until('it is over', async () =>
    (await executor.status({ buildId: 7 })) === 'the build is closed' ? true : undefined,
  );
  expect(said).toEqual([]);
});
