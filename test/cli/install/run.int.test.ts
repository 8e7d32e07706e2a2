/** The sequence of install-runner over a real HTTP edge, with a machine that only remembers what was asked of it. */
import * as TE from 'fp-ts/lib/TaskEither.js';
import { Writable } from 'node:stream';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { appError, type AppError } from '../../../src/app/errors.js';
import type { UseCases } from '../../../src/app/use-cases.js';
import { createClient } from '../../../src/cli/client.js';
import { install } from '../../../src/cli/install/run.js';
import { uninstall, type UninstallWish } from '../../../src/cli/install/uninstall.js';
import type { Wish } from '../../../src/cli/install/wish.js';
import type { Io } from '../../../src/cli/io.js';
import type { Session } from '../../../src/cli/session.js';
import type { Login, Look, Machine, OpenMachine } from '../../../src/install/machine.js';
import { ar, member } from '../../install/package/made.js';
import { aRunner, startEdge, tokens, type Edge } from '../../http/edge.js';

const KEY = `SHA256:${'A'.repeat(43)}`;
let edge: Edge | undefined;
afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

const aLook = (over: Partial<Look> = {}): Look => ({
  attributes: { os: 'linux', platform: 'debian', platform_version: '12', platform_family: 'debian' },
  ...{ packageFormat: 'deb', init: 'systemd', privileges: 'sudo', freeKib: [], missingTools: [] },
  ...{ accounts: [], legacy: [], ...over },
});

const manifest = { runnerUser: 'job_runner', base: '/b', slots: 1, isolate: false, entries: [] };

/** Shows `KEY`; every operation is written down. */
const aMachine = (over: Partial<Machine> = {}, look = aLook()) => {
  const did: string[] = [];
  const logins: Login[] = [];
  const remembering =
    <A extends readonly unknown[], B>(name: string, work: (...args: A) => B) =>
    (...args: A): B => {
      did.push(name);
      return work(...args);
    };
  const machine: Machine = {
    hostKey: KEY,
    look: () => TE.right(look),
    prepare: () => TE.right({ accounts: [], manifest, changed: true }),
    undo: () => TE.right({ left: [] }),
    installPackage: () => TE.right({ outcome: 'installed' }),
    uninstall: () => TE.right({ left: [] }),
    close: () => Promise.resolve(),
    ...over,
  };
  const told: Machine = {
    hostKey: KEY,
    look: remembering('look', machine.look),
    prepare: remembering('prepare', machine.prepare),
    undo: remembering('undo', machine.undo),
    installPackage: remembering('installPackage', machine.installPackage),
    uninstall: remembering('uninstall', machine.uninstall),
    close: remembering('close', machine.close),
  };
  const open: OpenMachine = (login) => async () => {
    logins.push(login);
    const known =
      login.hostKeys.includes(KEY) || (login.hostKeys.length === 0 && (await login.onHostKey?.(KEY)));
    return TE.fromEither(
      known === true
        ? { _tag: 'Right' as const, right: told }
        : { _tag: 'Left' as const, left: appError('runner', 'host_key_unknown', 'Not accepted.') },
    )();
  };
  return { did, logins, open };
};

const aWish = (over: Partial<Wish> = {}): Wish => ({
  ...{
    host: 'h',
    serverHost: 'h',
    admin: 'admin',
    login: { agent: '/a' },
    name: 'b7',
    runnerUser: 'job_runner',
  },
  ...{ enterprises: [], labels: [], trustedCerts: [], isolate: false, yes: true, hostKey: KEY },
  ...over,
});

interface World {
  readonly use?: Partial<UseCases>;
  readonly answers?: readonly string[];
  readonly json?: boolean;
}

const aWorld = async ({ use = {}, answers, json = false }: World) => {
  edge = await startEdge({
    showRunner: () => TE.left(appError('not_found', 'runner_not_found', 'There is no runner b7.')),
    ...use,
  });
  let [out, err, code] = ['', '', 0];
  const collect = (take: (text: string) => void) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        take(chunk.toString());
        done();
      },
    });
  const asked: string[] = [];
  const left = [...(answers ?? [])];
  const answer = (question: string): Promise<string | undefined> => {
    asked.push(question);
    return Promise.resolve(left.shift());
  };
  const interrupts = new Set<() => void>();
  const io: Io = {
    env: {},
    stdout: collect((text) => (out += text)),
    stderr: collect((text) => (err += text)),
    cwd: '/',
    now: () => 0,
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => void interrupts.delete(listener);
    },
    exit: (next) => (code = next),
    ...(answers === undefined ? {} : { person: { ask: answer, askHidden: answer } }),
  };
  const session: Session = {
    client: createClient({ url: edge.url, token: tokens.admin }),
    url: edge.url,
    asJson: json,
    answer: (got): got is never => got._tag === 'Right',
  };
  return {
    io,
    session,
    asked,
    told: () => ({ out, err, code }),
    interrupt: () => interrupts.forEach((listener) => listener()),
    called: () => edge?.names() ?? [],
  };
};

const refuse = (reason: string, message: string): AppError => appError('runner', reason, message);

describe('install-runner', () => {
  it('given nothing stands in the way, then it is enrolled on trial, set up, tested and proved, in that order', async () => {
    const { did, open } = aMachine();
    const world = await aWorld({});
    await install(world.io, world.session, aWish({ slots: 2, labels: ['gpu'] }), open);
    expect(world.told()).toMatchObject({ code: 0, err: '' });
    expect(world.told().out).toMatch(/Runner b7 is ready: 2 slots on debian 12/);
    expect(did).toEqual(['look', 'prepare', 'close']);
    expect(world.called().filter((name) => /Runner$/u.test(name))).toEqual([
      ...['showRunner', 'addRunner', 'testRunner', 'proveRunner'],
    ]);
    expect(edge?.calls.find(({ name }) => name === 'addRunner')?.args[1]).toMatchObject({
      ...{ name: 'b7', host: 'h', port: 22, user: 'job_runner', slots: 2, labels: ['gpu'], hostKey: KEY },
      ...{ base: '/var/opt/baton/job_runner', trial: true },
    });
  });

  it('given --json, then each line is JSON, the last one the result', async () => {
    const world = await aWorld({ json: true });
    await install(world.io, world.session, aWish(), aMachine().open);
    const lines: unknown[] = world
      .told()
      .out.trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toContainEqual({ step: 'enrol', status: 'done', detail: expect.any(String) as string });
    expect(lines).toContainEqual(expect.objectContaining({ step: 'plan' }));
    expect(lines.at(-1)).toMatchObject({ result: 'ready' });
  });

  it.each([
    [
      'the machine refuses',
      { prepare: () => TE.left(refuse('disk_full', 'The disk is full.')) },
      {},
      'disk_full',
    ],
    [
      'the test fails',
      {},
      { testRunner: () => TE.right({ code: 'refused', sentence: 'Nobody answers.', runner: aRunner() }) },
      'refused',
    ],
    [
      'the proof fails',
      {},
      { proveRunner: () => TE.right({ code: 'not_proved', sentence: 'No.', runner: aRunner() }) },
      'not_proved',
    ],
  ])(
    'given %s, then the runner is removed, so that the server stays away, and the machine is undone',
    async (_what, machine, use, code) => {
      const { did, open } = aMachine(machine);
      const world = await aWorld({ use, json: true });
      await install(world.io, world.session, aWish(), open);
      expect(world.told().code).toBe(1);
      expect(did).toEqual(['look', 'prepare', 'undo', 'close']);
      expect(world.called().at(-1)).toBe('removeRunner');
      expect(JSON.parse(world.told().out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
        ...{ result: 'failed', code, kept: [] },
        undone: ['the runner b7 at the server', 'the changes on h'],
      });
    },
  );

  it('given the connection is lost, then what stays is told, and that the same command goes on', async () => {
    const lost = () => TE.left(refuse('connection_lost', 'The connection to h port 22 was lost.'));
    const world = await aWorld({});
    await install(world.io, world.session, aWish(), aMachine({ prepare: lost, undo: lost }).open);
    const { err } = world.told();
    expect(err).toContain(
      'The connection to h port 22 was lost (step machine). Could not be undone: the changes on h',
    );
    expect(err).toMatch(/hint: .*same command.*goes on/);
    expect(world.called().at(-1)).toBe('removeRunner');
  });

  it('given Ctrl-C while the machine is set up, then that step ends and everything is undone', async () => {
    const world = await aWorld({});
    const { did, open } = aMachine({
      prepare: () => () => {
        world.interrupt();
        return TE.right({ accounts: [], manifest, changed: true })();
      },
    });
    await install(world.io, world.session, aWish(), open);
    expect(world.told()).toMatchObject({ code: 8 });
    expect(did).toEqual(['look', 'prepare', 'undo', 'close']);
    expect(world.called()).not.toContain('testRunner');
    expect(world.called().at(-1)).toBe('removeRunner');
  });

  it.each([
    [
      'another runner',
      { installation: 'here', name: 'm1' },
      /the runner m1, which.*--name m1.*--runner-user/su,
    ],
    [
      'another Baton',
      { installation: 'there', name: 'b7' },
      /another Baton \(installation there\).*--runner-user/su,
    ],
  ])(
    'given the machine was installed for %s, then it is refused before anything is changed',
    async (_what, owner, told) => {
      const world = await aWorld({});
      const { did, open } = aMachine({}, aLook({ manifest: { ...manifest, owner } }));
      await install(world.io, world.session, aWish(), open);
      expect(world.told()).toMatchObject({ code: 5, err: expect.stringMatching(told) as string });
      expect(world.told().err).toContain('Nothing was changed');
      expect(did).toEqual(['look', 'close']);
      expect(world.called()).not.toContain('addRunner');
    },
  );

  it('given what was there before goes, then the plan says so, and that slots stay apart', async () => {
    const existing = aRunner({
      ...{ name: 'b7', host: 'h', user: 'job_runner', port: 22, hostKeys: [KEY], isolated: true },
    });
    const made = (name: string) => ({ kind: 'file' as const, run: 'ab', name, marks: [] });
    const entries = [
      made('/usr/local/share/ca-certificates/baton-job_runner-ours.crt'),
      made('/etc/baton/job_runner.fips-chain.pem'),
      made('/home/job_runner/.ssh/authorized_keys'),
    ];
    const look = aLook({ manifest: { ...manifest, entries }, sudo: '/usr/bin/id, /usr/bin/true' });
    const use = { showRunner: () => TE.right(existing) };
    const world = await aWorld({ use });
    await install(world.io, world.session, aWish(), aMachine({}, look).open);
    const { out } = world.told();
    expect(out).toMatch(/may do as root: +nothing \(before: \/usr\/bin\/id, \/usr\/bin\/true\)/);
    expect(out).toMatch(/trusted certificates: +none \(before: ours\)/);
    expect(out).toMatch(/FIPS chain: +none \(before: one\)/);
    expect(out).toMatch(/jobs run as: .*each with an account of its own/);
    await edge?.close();

    const json = await aWorld({ use, json: true });
    await install(json.io, json.session, aWish(), aMachine({}, look).open);
    expect(json.told().out).toMatch(/"step":"plan".*"isolate":true/);
    expect(json.told().out).toContain(
      '"before":{"sudo":["/usr/bin/id","/usr/bin/true"],"certificates":["ours"]',
    );
  });

  it('given it is there already, then nothing is enrolled, its key is used, and a failure leaves it alone', async () => {
    const existing = aRunner({
      ...{ name: 'b7', host: 'h', user: 'job_runner', port: 2222, hostKeys: [KEY] },
      publicKey: 'ssh-ed25519 BBBB',
    });
    const specs: unknown[] = [];
    const { logins, open } = aMachine({
      prepare: (spec) => {
        specs.push(spec);
        return TE.left(refuse('disk_full', 'The disk is full.'));
      },
    });
    const world = await aWorld({ use: { showRunner: () => TE.right(existing) } });
    const { hostKey: _, ...wish } = aWish({ slots: 3 });
    await install(world.io, world.session, wish, open);
    expect(logins).toMatchObject([{ port: 2222, hostKeys: [KEY] }]);
    expect(specs).toMatchObject([{ publicKey: 'ssh-ed25519 BBBB', slots: 3 }]);
    const sets = edge?.calls.filter(({ name }) => name === 'setRunner').map(({ args }) => args[2]);
    expect(sets).toEqual([{ slots: 3 }, { slots: 2 }]);
    expect(world.called()).not.toContain('removeRunner');
    expect(world.called()).not.toContain('addRunner');
  });
});

describe('what is asked', () => {
  const { hostKey: _, ...open } = aWish({ yes: true });

  it('given an unknown host key and nobody there, then it is refused with the key, although -y was given', async () => {
    const world = await aWorld({});
    const { did, open: opening } = aMachine();
    await install(world.io, world.session, open, opening);
    expect(world.told().code).toBe(1);
    expect(world.told().err).toContain(`--host-key ${KEY}`);
    expect(did).toEqual([]);
  });

  it('given somebody there, then the key is shown and asked for; a no ends it, a yes logs in with just that key', async () => {
    const no = await aWorld({ answers: ['n'] });
    await install(no.io, no.session, open, aMachine().open);
    expect(no.asked[0]).toContain(KEY);
    expect(no.told()).toMatchObject({
      code: 1,
      err: expect.stringContaining('nobody has accepted') as string,
    });
    await edge?.close();
    const yes = await aWorld({ answers: ['y'] });
    const { logins, open: opening } = aMachine();
    await install(yes.io, yes.session, open, opening);
    expect(yes.told().code).toBe(0);
    expect(logins.map(({ hostKeys }) => hostKeys)).toEqual([[], [KEY]]);
  });

  it('given no -y, then nothing is done before a yes; without a terminal it says so', async () => {
    const { did, open: opening } = aMachine();
    const no = await aWorld({ answers: [''] });
    await install(no.io, no.session, aWish({ yes: false }), opening);
    expect(no.told()).toMatchObject({
      code: 8,
      err: expect.stringContaining('Nothing was changed') as string,
    });
    expect(did).toEqual(['look', 'close']);
    await edge?.close();
    const nobody = await aWorld({});
    await install(nobody.io, nobody.session, aWish({ yes: false }), aMachine().open);
    expect(nobody.told()).toMatchObject({ code: 64, err: expect.stringContaining('-y') as string });
  });

  it('given a password, then it goes to the machine, and to the server in no request', async () => {
    const world = await aWorld({ answers: ['correct horse'] });
    const { logins, open: opening } = aMachine();
    await install(world.io, world.session, aWish({ login: { password: 'asked' } }), opening);
    expect(logins).toMatchObject([{ auth: { password: 'correct horse' }, sudoPassword: 'correct horse' }]);
    expect(JSON.stringify([edge?.calls, world.told()])).not.toContain('correct horse');
  });

  it('given Ctrl-C before anything is begun, then nothing is said to be undone', async () => {
    const world = await aWorld({ answers: [] });
    const { open: opening } = aMachine();
    const asking = {
      ...world.io,
      person: {
        ask: () => {
          world.interrupt();
          return Promise.resolve(undefined);
        },
        askHidden: () => Promise.resolve(undefined),
      },
    };
    await install(asking, world.session, open, opening);
    expect(world.told()).toMatchObject({ code: 8, err: expect.stringContaining('It ends after') as string });
    expect(world.told().err).not.toContain('has changed');
  });

  const folder = mkdtempSync(join(tmpdir(), 'baton-files-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const unnamed = join(folder, 'tool.deb');
  writeFileSync(unnamed, ar(member('control.tar.xz', Buffer.alloc(9))));
  it.each([
    ['certificates that are not there', { trustedCerts: ['/nowhere.pem'] }, 'certificate_unusable'],
    ['a chain that is not there', { fipsChain: '/nowhere.pem' }, 'certificate_unusable'],
    ['a package that is not there', { installer: '/nowhere.deb' }, 'package_file'],
    ['a package that does not tell what it is', { installer: unnamed }, 'package_unread'],
    ['a toolchain that nobody knows', { toolchain: 'x' }, 'toolchain_unknown'],
    ['a version of nothing', { version: '1.0' }, 'toolchain_unclear'],
  ])('given %s, then that is told before a password is asked for', async (_what, over, code) => {
    const world = await aWorld({ answers: ['correct horse'], json: true });
    const { logins, open: opening } = aMachine();
    await install(world.io, world.session, aWish({ login: { password: 'asked' }, ...over }), opening);
    expect(JSON.parse(world.told().out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ code });
    expect(world.asked).toEqual([]);
    expect(logins).toEqual([]);
  });

  it('given a machine that lacks tools, then it is refused before anything is changed', async () => {
    const world = await aWorld({});
    const { did, open: opening } = aMachine({}, aLook({ missingTools: ['tar'] }));
    await install(world.io, world.session, aWish(), opening);
    expect(world.told().err).toMatch(/h lacks tar .*Nothing was changed/);
    expect(did).toEqual(['look', 'close']);
  });
});

describe('delete-runner --uninstall', () => {
  const wish: UninstallWish = {
    name: 'b7',
    admin: 'admin',
    login: { agent: '/a' },
    cancelJobs: false,
    wait: false,
    anyOwner: false,
    yes: true,
  };
  const ownedBy = (installation: string, name: string) =>
    aLook({ manifest: { ...manifest, runnerUser: 'jobs', owner: { installation, name } } });
  const there = (over = {}) =>
    aRunner({ name: 'b7', host: 'h', user: 'jobs', port: 2222, hostKeys: [KEY], ...over });

  it('given a runner, then its machine is looked at where jobs log in, it is removed and waited for, and then uninstalled', async () => {
    let looks = 0;
    const world = await aWorld({
      use: {
        showRunner: () => TE.right(there({ state: looks++ === 0 ? 'ready' : 'retired' })),
        removeRunner: () => TE.right({ value: there({ state: 'removing' }), repeated: false }),
      },
    });
    const { did, logins, open } = aMachine(
      { uninstall: () => TE.right({ left: ['A file was changed.'] }) },
      ownedBy('here', 'b7'),
    );
    await uninstall(world.io, world.session, wish, open);
    expect(world.told()).toMatchObject({ code: 0, err: 'left there: A file was changed.\n' });
    expect(world.told().out).toContain('is taken away, but for what follows');
    expect(logins).toMatchObject([{ host: 'h', port: 2222, user: 'admin', hostKeys: [KEY] }]);
    expect(did).toEqual(['look', 'uninstall', 'close']);
    expect(looks).toBe(2);
  });

  it('given the machine is not reached, then it is retired all the same, and what to run later is told', async () => {
    const world = await aWorld({ use: { showRunner: () => TE.right(there({ state: 'ready' })) } });
    await uninstall(world.io, world.session, wish, () => TE.left(refuse('refused', 'Nothing accepts.')));
    expect(world.called()).toContain('removeRunner');
    expect(world.told().code).toBe(1);
    expect(world.told().err).toContain('baton delete-runner b7 --uninstall --as admin');
  });

  it('given a retired one, then nothing is asked of the server, and it is uninstalled', async () => {
    const world = await aWorld({ use: { showRunner: () => TE.right(there({ state: 'retired' })) } });
    const { did, open } = aMachine({}, ownedBy('here', 'b7'));
    await uninstall(world.io, world.session, wish, open);
    expect(world.told().code).toBe(0);
    expect(did).toEqual(['look', 'uninstall', 'close']);
    expect(world.called()).not.toContain('removeRunner');
  });

  it('given nothing is there any more, then it ends well and says so', async () => {
    const world = await aWorld({ use: { showRunner: () => TE.right(there({ state: 'retired' })) } });
    const { did, open } = aMachine();
    await uninstall(world.io, world.session, wish, open);
    expect(world.told()).toMatchObject({ code: 0, err: '' });
    expect(world.told().out).toContain('nothing of an installation for jobs is there on h');
    expect(did).toEqual(['look', 'close']);
  });

  it.each([
    ['another runner', 'here', 'b8', 'the runner b8, so'],
    ['another Baton', 'there', 'b7', 'the runner b7 of another Baton (installation there)'],
  ])(
    'given %s was installed there, then nothing is done, and who has it and the way out are told',
    async (_what, installation, name, told) => {
      const world = await aWorld({ use: { showRunner: () => TE.right(there()) } });
      const { did, open } = aMachine({}, ownedBy(installation, name));
      await uninstall(world.io, world.session, wish, open);
      expect(world.told().code).toBe(5);
      expect(world.told().err).toContain(told);
      expect(world.told().err).toContain('--any-owner');
      expect(did).toEqual(['look', 'close']);
      expect(world.called()).not.toContain('removeRunner');
      await edge?.close();

      const all = await aWorld({ use: { showRunner: () => TE.right(there()) } });
      const forced = aMachine({}, ownedBy(installation, name));
      await uninstall(all.io, all.session, { ...wish, anyOwner: true }, forced.open);
      expect(all.told().code).toBe(0);
      expect(forced.did).toEqual(['look', 'uninstall', 'close']);
    },
  );

  it('given the machine does not let the administrator in, then the runner is not retired', async () => {
    const world = await aWorld({ use: { showRunner: () => TE.right(there()) } });
    const denied = refuse('permission_denied', 'It did not let admin in.');
    await uninstall(world.io, world.session, wish, () => TE.left(denied));
    expect(world.told()).toMatchObject({ code: 1, err: expect.stringContaining('as it was') as string });
    expect(world.called()).not.toContain('removeRunner');
  });

  it('given another runner at another port of the same host, then that is another machine', async () => {
    const others = () => TE.right([there(), there({ name: 'b8', port: 2223 })]);
    const world = await aWorld({ use: { showRunner: () => TE.right(there()), listRunners: others } });
    await uninstall(world.io, world.session, wish, aMachine({}, ownedBy('here', 'b7')).open);
    expect(world.told()).toMatchObject({ code: 0, err: '' });
  });

  it('given another runner uses the account, then it is refused, and nothing is done', async () => {
    const others = () => TE.right([there(), there({ name: 'b8' })]);
    const world = await aWorld({ use: { showRunner: () => TE.right(there()), listRunners: others } });
    await uninstall(world.io, world.session, wish, aMachine().open);
    expect(world.told()).toMatchObject({ code: 5, err: expect.stringContaining('b8') as string });
    expect(world.called()).not.toContain('removeRunner');
  });

  it('given jobs run there, then it is refused with the way out, and nobody logs in', async () => {
    const world = await aWorld({ use: { showRunner: () => TE.right(there({ current: { 0: 'a-job' } })) } });
    const { logins, open } = aMachine();
    await uninstall(world.io, world.session, wish, open);
    expect(world.told()).toMatchObject({
      code: 5,
      err: expect.stringMatching(/--wait.*--cancel-jobs/su) as string,
    });
    expect(world.called()).not.toContain('removeRunner');
    expect(logins).toEqual([]);
  });

  it('given --wait, then it is drained, waited for, retired, and cleaned by another login', async () => {
    let looks = 0;
    const busy = { current: { 0: 'a-job' } };
    const world = await aWorld({
      use: {
        showRunner: () => TE.right(there(looks++ < 2 ? busy : {})),
        drainRunner: () => TE.right({ value: there({ state: 'draining', ...busy }), repeated: false }),
      },
    });
    const { did, logins, open } = aMachine({}, ownedBy('here', 'b7'));
    await uninstall(world.io, world.session, { ...wish, wait: true }, open);
    expect(world.told()).toMatchObject({ code: 0, err: '' });
    expect(world.called().filter((name) => /^(?:drain|remove)/u.test(name))).toEqual([
      ...['drainRunner', 'removeRunner'],
    ]);
    expect(looks).toBe(3);
    expect(did).toEqual(['look', 'uninstall', 'close', 'close']);
    expect(logins).toHaveLength(2);
  });

  it('given Ctrl-C while it waits, then it goes on draining, which is told, and nothing is removed', async () => {
    const busy = there({ current: { 0: 'a-job' } });
    let looks = 0;
    const world = await aWorld({
      use: {
        showRunner: () => {
          if (looks++ > 0) world.interrupt();
          return TE.right(busy);
        },
        drainRunner: () => TE.right({ value: busy, repeated: false }),
      },
    });
    const { did, open } = aMachine({}, ownedBy('here', 'b7'));
    await uninstall(world.io, world.session, { ...wish, wait: true }, open);
    expect(world.told()).toMatchObject({ code: 8, err: expect.stringContaining('is draining') as string });
    expect(world.told().err).toContain('baton runner resume b7');
    expect(did).toEqual(['look', 'close']);
    expect(world.called()).not.toContain('removeRunner');
  });

  it('given a job came meanwhile, then the refusal of the server ends it, and nothing is taken away', async () => {
    const busy = () => TE.left(appError('conflict', 'runner_busy', 'Jobs run there.'));
    const world = await aWorld({ use: { showRunner: () => TE.right(there()), removeRunner: busy } });
    const { did, open } = aMachine({}, ownedBy('here', 'b7'));
    await uninstall(world.io, world.session, wish, open);
    expect(world.told()).toMatchObject({ code: 5, err: 'baton: Jobs run there.\n' });
    expect(did).toEqual(['look', 'close']);
  });
});
