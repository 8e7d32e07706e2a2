/** A disk that takes nothing any more of what a host has taken: what the host sees of that, and what comes of it. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../e2e/processes.js';
import { aSite, aSubject, type Site } from './subject.js';

let site: Site;
beforeAll(async () => {
  site = await aSite('in-process server');
});
afterAll(() => site.close());

it('given that places in logs cannot be written, then health says so, and they are written when they can be, though nothing moves', async () => {
  const data = join(site.folder, 'data');
  const subject = await aSubject(site, { data });
  const { host } = subject;
  // all that is kept for a host before there is output
  const outbox = join(data, 'outbox');
  await subject.plugin().handle({
    ...{ type: 'phase.promoted', commandId: 'a', actor: 'tester' },
    promotion: subject.promotion('a', 'waits'),
  });
  await host.logs.taken.that(({ text }) => text === 'began\n');
  await until('all of that is kept', () => subject.plugin().health().ok || undefined);
  await rename(outbox, `${outbox}.away`);
  await writeFile(outbox, 'in the way');
  await subject.plugin().handle({
    ...{ type: 'phase.promoted', commandId: 'b', actor: 'tester' },
    promotion: subject.promotion('b', 'waits'),
  });
  await host.logs.taken.that(({ hostKey, text }) => hostKey === 'b' && text === 'began\n');
  const sick = await until('health says so', () => {
    const health = subject.plugin().health();
    return health.ok ? undefined : health;
  });
  expect(sick.detail).toMatch(
    /; what the host has taken cannot be kept, and would be told again after a crash \(checkpoint .*\/outbox\/.* could not be kept: EEXIST\)\.$/,
  );
  await rm(outbox);
  await rename(`${outbox}.away`, outbox);
  await until('it is well again', () => subject.plugin().health().ok || undefined);

  // what is on disk is what the host has: nothing comes twice
  await subject.restart();
  await subject.release('a');
  await subject.release('b');
  for (const key of ['a', 'b'])
    await host.tookThat(({ hostKey, type }) => hostKey === key && type === 'phase.finished');
  expect(host.logs.told.all.length).toBe(host.logs.taken.all.length);
  expect(host.told.length).toBe(host.taken.length);
  await subject.close();
});
