/** A runner behind a jump host, and one that an ssh-agent opens, told on the command line: reached, used, and set anew. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd, type SystemSshd } from '../../src/ssh/system-sshd.js';
import { hasAgent, startAgent, type Agent } from '../ssh-agent.js';
import { hasSshd, requiresSshd } from '../sshd.js';
import type { Ran } from './program.js';
import { aWorld, type World } from './world.js';

const available = hasSshd || requiresSshd;
const user = userInfo().username;
const key = generateKeyPair();
const closers: (() => Promise<void>)[] = [];
let world: World;

beforeEach(async () => {
  world = await aWorld();
  closers.push(() => world.close());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const anSshd = async (name: string): Promise<SystemSshd> => {
  const server = await startSystemSshd({
    sshdPath: findSshd() ?? '',
    directory: join(world.folder, name),
    authorizedKey: key.publicKey,
    environment: { HOME: world.folder },
  });
  closers.push(server.close);
  return server;
};

const addArgs = ({ port }: SystemSshd): readonly string[] => [
  ...['runner', 'add', 'it', '--host', '127.0.0.1', '--port', String(port), '--user', user],
  ...['--base', join(world.folder, 'base')],
];
const through = ({ port }: SystemSshd): string => `${user}@127.0.0.1:${port}`;

const done = (ran: Ran): string => {
  expect([ran.code, ran.err]).toEqual([0, '']);
  return ran.out;
};
const show = async (): Promise<RunnerStatus> =>
  (await world.ask('GET', '/runners/it')).json() as RunnerStatus;
const tested = (): Promise<Ran> => world.baton('runner', 'test', 'it');

/** Hands in a branch of a project of its own, and waits; its one job says where it ran. */
const aJobRuns = async (project: string): Promise<void> => {
  const repository = world.aRepository(project, {
    commands: { unit: `echo "${project} ran in $HOME"` },
    config: { version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['lint', 'syntax'] },
  });
  const submit = ['change', 'submit', '--repo', repository, '--branch', 'feature', '--target', 'main'];
  const ran = await world.baton(...submit, '--wait');
  expect([ran.code, ran.err]).toEqual([0, expect.not.stringContaining('rror')]);
  const listed = JSON.parse(done(await world.baton('job', 'list', '--json'))) as {
    items: readonly { id: string; project: string; status: string }[];
  };
  const job = listed.items.find((one) => one.project === project);
  expect(job?.status).toBe('succeeded');
  const log = await world.baton('job', 'log', job?.id ?? '');
  expect(log.out).toContain(`${project} ran in ${world.folder}`);
};

describe.runIf(available)('a runner behind a jump host [needs sshd]', () => {
  it('given its key, when added with --jump, accepted and tested, then a job runs there; and directly after --jump none', async () => {
    const [runner, jump] = [await anSshd('runner'), await anSshd('gate')];
    await world.start();
    const added = done(
      await world.baton(
        ...addArgs(runner),
        ...['--identity', world.file('identity', key.privateKey)],
        ...['--jump', through(jump), '--jump-host-key', jump.fingerprint],
      ),
    );
    expect(added).toContain(`and at the jump host ${through(jump)}`);

    // the jump host's key was given, so the first key that is not known is the runner's own
    const first = await tested();
    expect([first.code, first.out]).toEqual([1, expect.stringContaining(runner.fingerprint)]);
    expect(first.out).toContain(`baton runner test it --accept-host-key ${runner.fingerprint}`);
    expect(first.out).not.toContain(jump.fingerprint);
    expect(
      done(await world.baton('runner', 'test', 'it', '--accept-host-key', runner.fingerprint)),
    ).toContain('is ready');
    expect(await show()).toMatchObject({
      state: 'ready',
      jump: through(jump),
      hostKeys: [runner.fingerprint],
    });
    await aJobRuns('behind');

    // nothing but the gate is closed: that the runner is not reached now shows which way was taken
    await jump.close();
    const closed = await tested();
    expect([closed.code, closed.out]).toEqual([1, expect.stringContaining('The jump host 127.0.0.1')]);
    expect((await show()).state).toBe('unreachable');

    const set = done(await world.baton('runner', 'set', 'it', '--jump', 'none'));
    expect(set).toContain('baton runner test it');
    expect(await show()).toMatchObject({ state: 'untested' });
    expect(done(await tested())).toContain('is ready');
    expect((await show()).jump).toBeUndefined();
    await aJobRuns('direct');
  });

  it('given no key of the jump host, then it is shown first, and each is accepted by itself', async () => {
    const [runner, jump] = [await anSshd('runner'), await anSshd('gate')];
    await world.start();
    const identity = ['--identity', world.file('identity', key.privateKey)];
    done(await world.baton(...addArgs(runner), ...identity, '--jump', through(jump)));
    const gate = await tested();
    expect(gate.code).toBe(1);
    expect(gate.out).toContain(`baton runner test it --accept-jump-host-key ${jump.fingerprint}`);
    const behind = await world.baton('runner', 'test', 'it', '--accept-jump-host-key', jump.fingerprint);
    expect([behind.code, behind.out]).toEqual([
      1,
      expect.stringContaining(`--accept-host-key ${runner.fingerprint}`),
    ]);
    done(await world.baton('runner', 'test', 'it', '--accept-host-key', runner.fingerprint));
    expect((await show()).state).toBe('ready');
  });
});

describe.runIf(available && hasAgent)('with the ssh-agent of the server [needs sshd, ssh-agent]', () => {
  const anAgent = async (): Promise<Agent> => {
    const agent = await startAgent(world.folder);
    closers.push(agent.close);
    await world.start({ SSH_AUTH_SOCK: agent.socket });
    return agent;
  };
  const keptKeys = (): readonly string[] => readdirSync(join(world.data, 'secrets'));

  it('given --auth agent and a jump host, then the agent opens both, a job runs, and no key is kept', async () => {
    const [runner, jump] = [await anSshd('runner'), await anSshd('gate')];
    const agent = await anAgent();
    const added = done(
      await world.baton(
        ...addArgs(runner),
        ...['--auth', 'agent', '--host-key', runner.fingerprint],
        ...['--jump', through(jump), '--jump-host-key', jump.fingerprint],
      ),
    );
    expect(added).toContain("The server's ssh-agent lets Baton in.");
    const empty = await tested();
    expect([empty.code, empty.out]).toEqual([1, expect.stringContaining('ssh-add')]);
    agent.hold(key.privateKey);
    expect(done(await tested())).toContain('is ready');
    await aJobRuns('by-agent');
    expect(keptKeys()).toEqual([]);
  });

  it('given a key that was kept, when set to --auth agent, then only the agent opens, until a key is set again', async () => {
    const runner = await anSshd('runner');
    const agent = await anAgent();
    const identity = ['--identity', world.file('identity', key.privateKey)];
    done(await world.baton(...addArgs(runner), ...identity, '--host-key', runner.fingerprint));
    expect(done(await tested())).toContain('is ready');
    done(await world.baton('runner', 'set', 'it', '--auth', 'agent'));
    expect(await show()).toMatchObject({ state: 'untested', auth: 'agent' });
    const empty = await tested();
    expect([empty.code, empty.out]).toEqual([1, expect.stringContaining('ssh-add')]);
    agent.hold(key.privateKey);
    expect(done(await tested())).toContain('is ready');
    await aJobRuns('by-agent');
    agent.empty();
    done(await world.baton('runner', 'set', 'it', ...identity));
    expect(done(await tested())).toContain('is ready');
    expect(await show()).toMatchObject({ state: 'ready', auth: 'key' });
  });
});
