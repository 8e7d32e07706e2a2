import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRunner } from '../../src/cli/demo/fleet.js';
import { until } from '../e2e/processes.js';
import { aWorld, type World } from '../e2e/world.js';
import { tallyOf } from '../faults/tally.js';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start();
});
afterAll(() => world.close());

/** The arguments of every process of this machine. */
const allArguments = async (): Promise<string> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return (
    await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  ).join();
};

describe('B11: nobody logs in where the host key is not the accepted one, and no key or token is in arguments or events', () => {
  it('given another host key than the accepted one, then the runner is quarantined and not used', async () => {
    const runner = await startRunner(world.folder, 'other', 'debian');
    world.runners.push(runner);
    const { port, user, privateKey, base } = runner;
    const hostKey = `SHA256:${'A'.repeat(43)}`;
    await world.ask('POST', '/runners', {
      ...{ name: 'other', host: '127.0.0.1', port, user, privateKey, base, hostKey },
    });
    const tested = (await world.ask('POST', '/runners/other/test', {})).json();
    expect(tested).toMatchObject({ code: 'host_key_changed', runner: { state: 'quarantined' } });
  });

  it('given a job that runs, then neither the private key nor the token can be read in any process or event', async () => {
    const tally = tallyOf(world);
    const { privateKey } = await world.addRunner('r1', 1);
    const change = await tally.submit(tally.project('exec sleep 98765')).change();
    const job = await until('it runs', async () =>
      (await world.jobsOf(change)).find(({ status }) => status === 'running'),
    );
    const secrets = [
      world.token,
      ...privateKey.split('\n').filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)),
    ];
    expect(secrets.length).toBeGreaterThan(2);
    const seen = await allArguments();
    // the look itself is able to see
    expect(seen).toContain('98765');
    expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
    await world.ask('POST', `/jobs/${job.id}/cancel`, {});
    await world.finished(change);
    await world.stop();
    const events = JSON.stringify(await world.events());
    expect(events).toContain(job.id);
    expect(secrets.filter((secret) => events.includes(secret))).toEqual([]);
  });
});
