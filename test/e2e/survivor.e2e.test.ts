/** A process that a cancel could not end closes its slot; when it is gone, the next probe opens the slot again. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { isAlive } from '../sshd.js';
import { skipped, whyNoMount } from '../store/small-disk.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const sshd = findSshd();
const why = sshd === undefined ? 'this machine has no sshd' : await whyNoMount();

/** Root that may not signal other users (capabilities(7)), and sees no control groups, which would end all the same. */
const weakSshd = (real: string): string => `#!/bin/sh
exec unshare -m sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec setpriv --bounding-set=-kill --inh-caps=-kill "$0" "$@"' ${real} "$@"
`;

describe.skipIf(why !== undefined)(`a survivor${skipped(why)}`, () => {
  let world: World;
  const closers: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    world = await aWorld();
    await world.start({}, 'error', ['--probe-interval', '1s']);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await world.close();
  });

  const show = async (): Promise<RunnerStatus> =>
    (await world.ask('GET', '/runners/r1')).json() as RunnerStatus;
  /** The runner after a look that began later than now. */
  const lookedAt = async (): Promise<RunnerStatus> => {
    const before = (await show()).evidence?.at;
    let second: string | undefined;
    return until('two further probes', async () => {
      const found = await show();
      const at = found.evidence?.at;
      if (at !== before) second ??= at;
      return second !== undefined && at !== second ? found : undefined;
    });
  };
  const submit = async (repository: string, branch: string): Promise<string> => {
    const answer = await world.ask('POST', '/changes', { repository, branch, target: 'main' });
    return (answer.json() as ChangeView).id;
  };

  it('given one of another user, then its slot is closed while it lives, and open after it has ended', async () => {
    const key = generateKeyPair();
    const server = await startSystemSshd({
      sshdPath: world.file('weak-sshd', weakSshd(sshd ?? ''), 0o755),
      directory: join(world.folder, 'sshd'),
      authorizedKey: key.publicKey,
      environment: { HOME: world.folder },
    });
    closers.push(server.close);
    await world.ask('POST', '/runners', {
      ...{ name: 'r1', host: '127.0.0.1', port: server.port, user: userInfo().username, slots: 1 },
      ...{ hostKey: server.fingerprint, privateKey: key.privateKey, base: join(world.folder, 'base') },
    });
    expect((await world.ask('POST', '/runners/r1/test', {})).bytes.toString()).toContain('"code":"ready"');
    const repository = world.aRepository('shop', {
      commands: {
        lint: 'setpriv --reuid 65534 --clear-groups sleep 1000 </dev/null >/dev/null 2>&1 & sleep 1000',
        syntax: 'true',
        unit: 'true',
      },
    });
    world.aBranch(repository, 'short', { commands: { lint: 'true', syntax: 'true', unit: 'true' } });
    const change = await submit(repository, 'feature');
    const running = await until('the job runs', async () =>
      (await world.jobsOf(change)).find(({ phase, status }) => phase === 'lint' && status === 'running'),
    );
    await world.ask('POST', `/jobs/${running.id}/cancel`, {});
    const ended = await until('it is cancelled', async () => {
      const job = (await world.ask('GET', `/jobs/${running.id}`)).json() as JobView;
      return job.evidence === undefined ? undefined : job;
    });
    const [survivor] = ended.evidence?.survivors ?? [];
    expect(survivor).toEqual({
      ...{ pid: expect.any(Number) as number, command: 'sleep' },
      startTime: expect.stringMatching(/^\d+$/) as string,
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      pidNamespace: expect.stringMatching(/^\d+$/) as string,
    });
    const pid = survivor?.pid ?? 0;
    closers.push(async () => {
      if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
    });

    await until('its slot is closed', async () => (await show()).quarantinedSlots.includes(0) || undefined);
    expect((await lookedAt()).quarantinedSlots).toEqual([0]);
    const next = await submit(repository, 'short');
    expect(await isAlive(pid)).toBe(true);

    process.kill(pid, 'SIGKILL');
    await until('its slot is open', async () => (await show()).quarantinedSlots.length === 0 || undefined);
    expect((await world.finished(next)).stages[0]?.status).toBe('passed');
    await world.stop();
    const cleared = (await world.events()).filter(({ event }) => event.type === 'SlotCleared');
    expect(cleared.map(({ event, metadata }) => [event.data, metadata.actor])).toEqual([
      [{ slot: 0, by: 'probe', gone: [survivor] }, 'baton'],
    ]);
  });
});
