/** From Verify to Delivered, with a server that is killed at the worst moments of a merge. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { commit, gitIn } from '../source/given-repository.js';
import { until } from './processes.js';
import { aWorld, type Project, type World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.close());

const project = (commands: Project['commands']): Project => ({
  commands,
  config: {
    version: '2',
    job_dispatch: { version: 'v2' },
    skip_phases: ['lint', 'syntax', 'quality', 'security', 'publish', 'provision', 'smoke', 'functional'],
  },
});

const submit = (repository: string, branch = 'feature'): Promise<ChangeView> =>
  world.submitted(repository, branch);

/** A `git` that, when it is to push, says so and waits at a gate: before it pushes, or after. */
const aGateAt = (where: 'before' | 'after') => {
  const tools = join(world.folder, 'tools');
  const [gate, reached, gone] = ['gate', 'reached', 'gone'].map((name) => join(world.folder, name));
  mkdirSync(tools);
  execFileSync('sh', ['-c', 'mkfifo "$0"', gate ?? '']);
  const real = execFileSync('sh', ['-c', 'command -v git']).toString().trim();
  const wait = `: > '${reached}'; cat '${gate}' > /dev/null`;
  const push = `'${real}' "$@"`;
  const script = [
    '#!/bin/sh',
    'for word; do if [ "$word" = push ]; then',
    ...(where === 'before' ? [wait, push] : [push, wait]),
    `: > '${gone}'; exit 0`,
    'fi; done',
    `exec ${push}`,
  ];
  writeFileSync(join(tools, 'git'), `${script.join('\n')}\n`, { mode: 0o755 });
  return {
    path: { PATH: `${tools}:${process.env['PATH'] ?? '/usr/bin:/bin'}` },
    isReached: () => (existsSync(reached ?? '') ? true : undefined),
    /** Lets the waiting git go on; resolves when it has ended. */
    release: async () => {
      const end = await open(gate ?? '', 'w');
      await end.close();
      await until('the git at the gate has ended', () => (existsSync(gone ?? '') ? true : undefined));
    },
  };
};

const recorded = async (): Promise<readonly string[]> =>
  (await world.events()).filter(({ stream }) => stream.startsWith('change-')).map(({ event }) => event.type);

describe.each(['before', 'after'] as const)('a server killed by SIGKILL %s its push', (where) => {
  it('given it is started again, then the change is merged exactly once, and goes on to Delivered', async () => {
    const gate = aGateAt(where);
    await world.start(gate.path);
    await world.addRunner('first');
    const repository = world.aRepository('web', project({ unit: 'true', deploy: 'cat README.md' }));
    const { id } = await submit(repository);
    expect(await world.finished(id)).toMatchObject({ status: 'open', stages: [{ status: 'passed' }] });
    const before = gitIn(repository, ['rev-parse', 'main']);

    expect((await world.do(id, 'approve', { reason: 'good' })).status).toBe(202);
    await until('git stands at the gate', gate.isReached);
    await world.stop('SIGKILL');
    expect((await recorded()).slice(-1)).toEqual(['MergeIntended']);
    const between = gitIn(repository, ['rev-parse', 'main']);
    expect(between === before).toBe(where === 'before');

    await world.start();
    const merged = await world.finished(id);
    expect(merged).toMatchObject({ status: 'merged', approved: { reason: 'good' } });
    expect(merged.stages.map(({ stage, status }) => `${stage} ${status}`)).toEqual([
      ...['verify passed', 'build passed', 'acceptance passed'],
    ]);
    // the first push comes late, or has come long ago: it changes nothing any more
    await gate.release();
    expect(gitIn(repository, ['rev-parse', 'main'])).toBe(merged.merge?.sha);
    expect(gitIn(repository, ['rev-parse', 'main^1'])).toBe(before);
    expect(gitIn(repository, ['rev-list', '--merges', '--count', 'main'])).toBe('1');

    const delivered = await world.baton('change', 'deliver', id.slice(0, 8), '--wait');
    expect([delivered.code, delivered.err]).toMatchObject([0, expect.stringContaining('is delivered')]);
    expect(delivered.out).toContain('first delivered/deploy | More.');
    expect(await world.change(id)).toMatchObject({ status: 'delivered', actions: ['rerun-delivered'] });
    await world.stop();
    const types = await recorded();
    for (const type of ['MergeIntended', 'ChangeMerged', 'ChangeDelivered'])
      expect(
        types.filter((other) => other === type),
        type,
      ).toHaveLength(1);
  }, 180_000);
});

describe('a change', () => {
  it('given a new patchset, then what ran for the old one is ended; given a conflict, then the files and no event', async () => {
    await world.start();
    await world.addRunner('first');
    const repository = world.aRepository('web', project({ unit: 'sleep 300', deploy: 'true' }));
    const { id } = await submit(repository);
    const old = await until('the old job runs', async () =>
      (await world.jobsOf(id)).find(({ status }) => status === 'running'),
    );
    const toml = '[local_phases]\nunit = "true"\ndeploy = "true"\n';
    commit(repository, { '.delivery/project.toml': toml }, 'Be quick');
    await submit(repository);
    const verified = await world.finished(id);
    expect(verified.stages.map(({ status }) => status)).toEqual(['cancelled', 'passed']);
    expect((await world.jobsOf(id)).find((job) => job.id === old.id)).toMatchObject({ status: 'cancelled' });

    gitIn(repository, ['checkout', '--quiet', 'main']);
    commit(repository, { 'README.md': 'Else.\n' }, 'Meanwhile');
    gitIn(repository, ['checkout', '--quiet', 'feature']);
    const conflict = await world.do(id, 'approve');
    expect(conflict.status).toBe(422);
    expect(conflict.json()).toMatchObject({
      ...{ code: 'source', reason: 'merge_conflict', problems: [{ path: 'README.md' }] },
    });
    expect(await world.change(id)).toMatchObject({
      status: 'open',
      actions: ['approve', 'rerun-verify', 'delete'],
    });
    expect((await world.do(id, 'deliver')).json()).toMatchObject({ code: 'conflict', reason: 'change_open' });
  }, 120_000);

  it('given Build fails in one phase, then only this one runs again; given a cancel, then its process is gone', async () => {
    await world.start();
    await world.addRunner('first');
    const flag = join(world.folder, 'flag');
    const runs = join(world.folder, 'runs');
    const repository = world.aRepository('web', {
      commands: { unit: `echo unit >> '${runs}'`, quality: `test -e '${flag}'`, deploy: 'sleep 300' },
      config: {
        ...{ version: '2', job_dispatch: { version: 'v2' } },
        skip_phases: ['lint', 'syntax', 'security', 'publish', 'provision', 'smoke', 'functional'],
      },
    });
    const { id } = await submit(repository);
    await world.finished(id);
    await world.do(id, 'approve');
    expect(await world.finished(id)).toMatchObject({ status: 'merged', actions: ['rerun-build'] });
    world.file('flag', '');
    const rerun = await world.do(id, 'rerun', { stage: 'build', phase: 'quality' });
    expect(rerun.status, rerun.bytes.toString()).toBe(202);
    const running = await until('Acceptance runs', async () =>
      (await world.jobsOf(id)).find(({ phase, status }) => phase === 'deploy' && status === 'running'),
    );
    // Verify and the first Build; not the second
    expect(execFileSync('cat', [runs]).toString()).toBe('unit\nunit\n');
    expect((await world.do(id, 'cancel', { reason: 'enough' })).status).toBe(202);
    const cancelled = await world.finished(id);
    expect(cancelled.stages.at(-1)).toMatchObject({
      ...{
        stage: 'acceptance',
        status: 'cancelled',
        cancelRequested: { why: 'requested', reason: 'enough' },
      },
    });
    const pid = running.attempts.at(-1)?.pid ?? 0;
    expect(() => process.kill(pid, 0)).toThrow();
    expect(cancelled.actions).toEqual(['rerun-acceptance']);
  }, 120_000);
});
