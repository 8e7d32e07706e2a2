/** Jobs in slots that have accounts of their own, on a machine with real users: they are apart, whatever happens to the server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import type { JobView } from '../../projections/jobs.js';
import type { RunnerStatus } from '../../src/app/evidence.js';
import type { ChangeView, RunnerTested } from '../../src/app/use-cases.js';
import { decode } from '../../src/events/catalog.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startMachine, whyNoMachine, type FreshMachine } from '../machine.js';
import { skipped } from '../store/small-disk.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const why = await whyNoMachine();
const key = generateKeyPair();
const accounts = ['ci-0', 'ci-1'];

/** As an installed runner has it: the home and the key in it belong to root, the folder to the account. */
const anAccount = (name: string): string =>
  [
    `useradd -m -s /bin/sh -p '*' ${name}`,
    `chown -R root:root /home/${name} && mkdir /home/${name}/.ssh`,
    `echo 'restrict ${key.publicKey}' >/home/${name}/.ssh/authorized_keys`,
    `chmod 755 /home/${name} /home/${name}/.ssh && chmod 644 /home/${name}/.ssh/authorized_keys`,
    `mkdir -p /var/opt/baton && mkdir -m 700 /var/opt/baton/${name} && chown ${name} /var/opt/baton/${name}`,
  ].join('\n');

/** Tries everything that it could do to the job beside it, once that is there; then waits for a word. */
const attack = [
  'me=$(id -un); n=${me#ci-}; other=ci-$((1 - n)); echo "I am $me at home in $HOME"',
  'touch "/tmp/there-$me"; while [ ! -e "/tmp/there-$other" ]; do sleep 0.05; done',
  'ls "/var/opt/baton/$other" >/dev/null 2>&1 && echo "read its folder"',
  'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\\\0" "\\\\n" | grep "^BATON_COOKIE=" | sort -u | wc -l | sed "s/^ */cookies seen: /"',
  'ends=0; for p in $(ps -o pid= -u "$other"); do kill -9 "$p" 2>/dev/null && ends=$((ends + 1)); done; echo "ended $ends of its processes"',
  '(: >"/var/opt/baton/$other/mine") 2>/dev/null && echo "wrote into its folder"',
  'touch "/tmp/tried-$me"; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo survived',
].join('; ');

describe.skipIf(why !== undefined)(`slots with accounts of their own [needs machine]${skipped(why)}`, () => {
  let machine: FreshMachine;
  let world: World;
  beforeAll(async () => {
    machine = await startMachine({ before: accounts.map(anAccount).join('\n') });
  }, 60_000);
  afterAll(() => machine.close());
  beforeEach(async () => {
    world = await aWorld();
    await world.start();
    await machine.run('rm -rf /tmp/there-* /tmp/tried-* /tmp/go');
  });
  afterEach(() => world.close());

  const add = (more: object = {}) =>
    world.ask('POST', '/runners', {
      ...{ name: 'r1', host: '127.0.0.1', port: machine.port, user: 'ci', hostKey: machine.hostKey },
      ...{ privateKey: key.privateKey, base: '/var/opt/baton/ci', slots: 2, isolated: true, ...more },
    });
  const asked = async (verb: string, body: object = {}): Promise<RunnerTested> =>
    (await world.ask('POST', `/runners/r1/${verb}`, body)).json() as RunnerTested;
  const aChange = async (commands: Readonly<Record<string, string>>): Promise<string> => {
    const repository = world.aRepository('shop', { commands });
    const answer = await world.ask('POST', '/changes', { repository, branch: 'feature', target: 'main' });
    return (answer.json() as ChangeView).id;
  };
  const logOf = async (job: JobView): Promise<string> =>
    (await world.ask('GET', `/jobs/${job.id}/log`)).bytes.toString();
  const tried = () =>
    until('both have tried what they can', async () =>
      (await machine.run('ls /tmp')).match(/tried-ci-/g)?.length === 2 ? true : undefined,
    );

  it('are proved one by one, and keep their jobs apart, also over the death of the server', async () => {
    await add({ trial: true });
    expect(await asked('test')).toMatchObject({ code: 'ready' });
    const proved = await asked('prove');
    expect(proved.sentence).toContain('Each of its 2 slots ran a job as ci-0, ci-1');
    expect(proved).toMatchObject({ code: 'ready', runner: { state: 'ready', isolated: true } });
    expect(proved.runner.proved?.slots.map(({ user }) => user)).toEqual(accounts);

    const id = await aChange({ lint: attack, syntax: attack, unit: 'id -un' });
    await tried();
    await world.stop('SIGKILL');
    await world.start();
    await machine.run('touch /tmp/go');
    const change = await world.finished(id);
    expect(change.stages[0]?.status).toBe('passed');
    const jobs = await world.jobsOf(id);
    const logs = await Promise.all(jobs.filter(({ phase }) => phase !== 'unit').map(logOf));
    expect([...logs].sort()).toEqual(
      accounts.map(
        (account) =>
          `I am ${account} at home in /var/opt/baton/${account}/home\ncookies seen: 1\nended 0 of its processes\nsurvived\n`,
      ),
    );
    await world.stop();
    const places = (await world.events())
      .map(decode)
      .flatMap((one) =>
        E.isRight(one) && one.right.event.type === 'JobAssigned' ? [one.right.event.data] : [],
      );
    expect(new Set(places.map(({ slot, baseId }) => `${slot} ${baseId}`)).size).toBe(2);
    expect(new Set(places.map(({ baseId }) => baseId)).size).toBe(2);
  }, 120_000);

  it('are cancelled one by one: the other goes on', async () => {
    await add();
    await asked('test');
    const id = await aChange({ lint: attack, syntax: attack, unit: 'true' });
    await tried();
    // that a job began is recorded a little later than it has
    const [first, second] = await until('both are known to run', async () => {
      const running = (await world.jobsOf(id)).filter(({ status }) => status === 'running');
      return running.length === 2 ? running : undefined;
    });
    await world.ask('POST', `/jobs/${first?.id ?? ''}/cancel`, {});
    const statusOf = async (job: JobView | undefined) =>
      (await world.jobsOf(id)).find((one) => one.id === job?.id)?.status;
    await until('one is cancelled', async () => ((await statusOf(first)) === 'cancelled' ? true : undefined));
    expect(await statusOf(second)).toBe('running');
    await machine.run('touch /tmp/go');
    await until('the other succeeds', async () =>
      (await statusOf(second)) === 'succeeded' ? true : undefined,
    );
  }, 120_000);

  it('given fewer of them, then a job in one that goes is not disturbed, and its account is left when it has ended', async () => {
    await add();
    await asked('test');
    const id = await aChange({ lint: attack, syntax: attack, unit: 'true' });
    await tried();
    await world.ask('POST', '/runners/r1/settings', { slots: 1 });
    await machine.run('touch /tmp/go');
    expect((await world.finished(id)).stages[0]?.status).toBe('passed');
    const jobs = (await world.jobsOf(id)).filter(({ phase }) => phase !== 'unit');
    for (const log of await Promise.all(jobs.map(logOf))) expect(log).toMatch(/survived$/mu);
    await until('nobody is logged in there any more', async () =>
      (await machine.run('ps -o pid= -u ci-1 || :')).trim() === '' ? true : undefined,
    );
  }, 120_000);

  it('are all looked at: one that cannot be used, or is new, is named', async () => {
    await add();
    expect((await asked('test')).code).toBe('ready');
    await world.ask('POST', '/runners/r1/settings', { slots: 3 });
    expect((await world.ask('GET', '/runners/r1')).json() as RunnerStatus).toMatchObject({
      state: 'untested',
    });
    const tested = await asked('test');
    expect(tested.code).toBe('permission_denied');
    expect(tested.sentence).toMatch(/^In slot 2 \(account ci-2\): /);
    expect(tested.runner.state).toBe('unfit');
    await world.ask('POST', '/runners/r1/settings', { slots: 2 });
    expect((await asked('test')).code).toBe('ready');
  }, 60_000);

  it('need an absolute folder', async () => {
    const answer = await add({ base: 'baton' });
    expect([answer.status, answer.bytes.toString()]).toEqual([
      409,
      expect.stringContaining('must be an absolute path'),
    ]);
  });
});
