/** Each way in which a runner cannot be reached or used has its own code and a sentence with a way out. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunnerTarget, TransportError } from '../../src/app/ports.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { operate } from '../../src/ssh/operation.js';
import { connectOnce, createPool } from '../../src/ssh/pool.js';
import { eventually, hasSshd, requiresSshd, startRig, type Rig, type RigKind } from '../sshd.js';

const rigs: Rig[] = [];
const servers: Server[] = [];
const rigOf = async (...args: Parameters<typeof startRig>): Promise<Rig> => {
  const rig = await startRig(...args);
  rigs.push(rig);
  return rig;
};
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
  for (const server of servers.splice(0)) server.close();
});

const right = <A>(either: E.Either<TransportError, A>): A => {
  if (E.isLeft(either)) throw new Error(either.left.message);
  return either.right;
};

const probeError = async (rig: Rig, target: Partial<RunnerTarget>, options = {}): Promise<TransportError> => {
  const answer = await rig.transport(options).probe({ ...rig.target, ...target })();
  if (E.isRight(answer)) throw new Error('expected a failure');
  return answer.left;
};

const kinds: readonly RigKind[] =
  hasSshd || requiresSshd ? ['in-process server', 'system sshd'] : ['in-process server'];
if (kinds.length === 1)
  describe('connecting to the system sshd', () => {
    it.skip('skipped: this machine has no sshd (install openssh-server)', () => undefined);
  });

describe.each(kinds)('connecting to the %s', { timeout: 120_000 }, (kind) => {
  it('given the right key and host key, then the probe tells what the machine is', async () => {
    const rig = await rigOf(kind);
    const answer = await rig.transport({ epoch: 5 }).probe(rig.target)();
    if (E.isLeft(answer)) throw new Error(answer.left.message);
    const report = answer.right;
    expect(report.attributes).toMatchObject({ os: 'linux', kernel: expect.stringMatching(/^\d/) as string });
    expect(report.attributes.hostname).not.toBe('');
    expect(report.bootId).toBe((await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim());
    expect(report.findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['shell', 'proc', 'setsid', 'tools', 'base_writable', 'disk_free']),
    );
    expect(report.findings.filter(({ check, ok }) => !ok && check !== 'disk_free')).toEqual([]);
    expect(report.latencyMs).toBeGreaterThan(0);
    const again = await rig.transport({ epoch: 6 }).probe(rig.target)();
    expect(E.isRight(again) && again.right.baseId).toBe(report.baseId);
    expect(await readdir(join(rig.folder, 'fence'))).toEqual(['6']);
  });

  it('given a probe, then sessions are counted; a check over the open connection counts none', async () => {
    const rig = await rigOf(kind);
    const transport = rig.transport();
    const probed = await transport.probe(rig.target)();
    expect(E.isRight(probed) && probed.right.sessions).toEqual({ asked: 8, opened: 8 });
    const checked = await transport.check(rig.target)();
    expect(E.isRight(checked) && checked.right.epochSeconds).toBeGreaterThan(0);
    expect(E.isRight(checked) && checked.right.sessions).toBeUndefined();
  });

  it('given no accepted host key, then host_key_unknown with the one found, and nothing is authenticated', async () => {
    const rig = await rigOf(kind);
    const error = await probeError(rig, { hostKeys: [] });
    expect(error).toMatchObject({ code: 'host_key_unknown', fingerprint: rig.target.hostKeys[0] });
    expect(error.message).toContain('--accept-host-key SHA256:');
    expect(rig.authentications?.() ?? 0).toBe(0);
  });

  it('given another host key than accepted, then host_key_changed, and nothing is authenticated', async () => {
    const rig = await rigOf(kind);
    const error = await probeError(rig, { hostKeys: ['SHA256:another'] });
    expect(error).toMatchObject({ code: 'host_key_changed', fingerprint: rig.target.hostKeys[0] });
    expect(error.message).toContain('SHA256:another');
    expect(rig.authentications?.() ?? 0).toBe(0);
  });

  it('given another private key, then permission_denied, and the key is in no message', async () => {
    const rig = await rigOf(kind);
    const { privateKey } = generateKeyPair();
    const error = await probeError(rig, {}, { privateKey: () => Promise.resolve(privateKey) });
    expect(error.code).toBe('permission_denied');
    expect(JSON.stringify(error)).not.toContain('PRIVATE KEY');
  });

  it('given no secret, or one that is no key, then no_key', async () => {
    const rig = await rigOf(kind);
    expect((await probeError(rig, {}, { privateKey: () => Promise.resolve(undefined) })).code).toBe('no_key');
    const broken = await probeError(rig, {}, { privateKey: () => Promise.resolve('hush-hush') });
    expect(broken.code).toBe('no_key');
    expect(broken.message).not.toContain('hush-hush');
    expect((await probeError(rig, { auth: { kind: 'agent' } })).code).toBe('no_key');
  });

  it('given nobody at the port, then refused', async () => {
    const rig = await rigOf(kind);
    expect((await probeError(rig, { port: 1 })).code).toBe('refused');
  });

  it('given a name that does not exist, then name_not_found', async () => {
    const rig = await rigOf(kind);
    expect((await probeError(rig, { host: 'x.invalid' })).code).toBe('name_not_found');
  });

  it('given a server that accepts and says nothing, then timed_out', async () => {
    const rig = await rigOf(kind);
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    servers.push(silent);
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const error = await probeError(rig, { port }, { connectTimeoutMs: 300 });
    expect(error.code).toBe('timed_out');
  });

  it('given a file where the folder should be, then workspace_not_writable', async () => {
    const rig = await rigOf(kind);
    await writeFile(join(rig.directory, 'file'), '');
    const error = await probeError(rig, { base: join(rig.directory, 'file') });
    expect(error.code).toBe('workspace_not_writable');
    expect(error.message).toContain('Not a directory');
  });

  it.skipIf(process.getuid?.() === 0)(
    'given a folder without write permission, then workspace_not_writable',
    async () => {
      const rig = await rigOf(kind);
      const base = join(rig.directory, 'read-only');
      await mkdir(base, { mode: 0o500 });
      expect((await probeError(rig, { base })).code).toBe('workspace_not_writable');
      await chmod(base, 0o700);
    },
  );

  it('given a base that leads upwards, then it is refused before anything is sent', async () => {
    const rig = await rigOf(kind);
    for (const base of ['../x', 'a/../../b', '', '-rf', 'a\nb'])
      expect((await probeError(rig, { base })).code).toBe('workspace_not_writable');
    expect(rig.authentications?.() ?? 0).toBe(0);
  });

  it('given a base with blanks and quotes, then it is only a name', async () => {
    const rig = await rigOf(kind);
    const base = join(rig.directory, `a "b' $(touch c) ;d`);
    const answer = await rig.transport().probe({ ...rig.target, base })();
    expect(E.isRight(answer)).toBe(true);
  });

  it('given hostile orders past our own checks, then the runner refuses each', async () => {
    const rig = await rigOf(kind);
    const options = {
      privateKey: () => Promise.resolve(rig.privateKey),
      ...{ connectTimeoutMs: 5000, keepaliveMs: 5000 },
    };
    const pool = createPool((target) => connectOnce(target, options), { waitMs: 5000 });
    const site = { installationId: 'test', interpreter: 'sh', markerMs: 5000, operationMs: 5000 } as const;
    const canary = join(rig.directory, 'canary');
    const ids = [
      '../x.1',
      '..',
      '-rf.1',
      'a/b.1',
      'a;id.1',
      '$(id).1',
      '`id`.1',
      '.x.1',
      'x',
      'x.01',
      'x.',
      '*.1',
      `$(touch ${canary}).1`,
    ];
    for (const id of ids) {
      for (const order of [`query ${id}`, `cancel ${id} 0`, `tidy ${id}`, `follow ${id} 0`]) {
        const answer = await operate(pool.channel(rig.target, 'short'), rig.target, site, order);
        expect(E.isLeft(answer) && answer.left.code, order).toBe('protocol');
      }
    }
    for (const order of [
      'put ../x 0',
      'put x -1',
      'put x 08',
      'nothing',
      'operate x',
      'main',
      'start x.1 0 a b 0 0 0 ../x 0 0',
    ])
      expect(E.isLeft(await operate(pool.channel(rig.target, 'short'), rig.target, site, order)), order).toBe(
        true,
      );
    for (const installationId of ['..', '../x', '-x', 'a/b', '$(id)']) {
      const answer = await operate(
        pool.channel(rig.target, 'short'),
        rig.target,
        { ...site, installationId },
        'probe 0',
      );
      expect(E.isLeft(answer) && answer.left.code, installationId).toBe('protocol');
    }
    await expect(readFile(canary)).rejects.toThrow('ENOENT');
    await pool.close();
  });

  it('given a closed transport, then closed', async () => {
    const rig = await rigOf(kind);
    const transport = rig.transport();
    await transport.close();
    const answer = await transport.query(rig.target, { jobId: 'a', attempt: 1 })();
    expect(E.isLeft(answer) && answer.left.code).toBe('closed');
  });
});

describe.runIf(kinds.includes('system sshd'))('what only a real sshd can do', { timeout: 120_000 }, () => {
  it.each([
    ['prints and leaves', 'command="echo This account is currently not available."', 'not available'],
    ['says nothing', 'command="exit 1"', 'POSIX shell'],
    ['echoes what it gets', 'command="cat"', 'POSIX shell'],
  ])('given a forced command that %s, then no_usable_shell', async (_, keyOptions, text) => {
    const rig = await rigOf('system sshd', { keyOptions });
    const error = await probeError(rig, {});
    expect(error.code).toBe('no_usable_shell');
    expect(error.message).toContain(text);
  });

  it('given MaxSessions 1 and several operations and follows at once, then all are done', async () => {
    const rig = await rigOf('system sshd', { settings: ['MaxSessions 1'] });
    const transport = rig.transport();
    const report = await transport.probe(rig.target)();
    if (E.isLeft(report)) throw new Error(report.left.message);
    const run = async (n: number): Promise<string> => {
      const order = {
        jobId: `job-${String(n)}`,
        attempt: 1,
        fence: 1,
        baseId: report.right.baseId,
        bootId: report.right.bootId,
        script: `echo ${String(n)}; sleep 0.5`,
        environment: {},
        cancelGraceMs: 1000,
        logBytes: 4096,
      };
      const answer = await transport.start(rig.target, order)();
      if (E.isLeft(answer)) throw new Error(answer.left.message);
      let text = '';
      for await (const one of transport.follow(rig.target, order, 0, new AbortController().signal))
        if (one.kind === 'bytes') text += one.bytes.toString();
      return text;
    };
    expect(await Promise.all([1, 2, 3, 4].map(run))).toEqual(['1\n', '2\n', '3\n', '4\n']);
  });

  it.each([1, 3])('given MaxSessions %i, then the probe finds that out', async (most) => {
    const rig = await rigOf('system sshd', { settings: [`MaxSessions ${most}`] });
    const answer = await rig.transport().probe(rig.target)();
    expect(E.isRight(answer) && answer.right.sessions).toEqual({ asked: 8, opened: most });
  });

  it('given jobs in all sessions of the open connection, then counting disturbs none of them', async () => {
    const rig = await rigOf('system sshd', { settings: ['MaxSessions 2'] });
    const transport = rig.transport();
    const { baseId, bootId } = right(await transport.probe(rig.target)());
    const orders = ['a', 'b'].map((jobId) => ({
      ...{ jobId, attempt: 1, fence: 1, baseId, bootId, cancelGraceMs: 1000, logBytes: 4096 },
      script: `while [ ! -e ${join(rig.directory, 'counted')} ]; do sleep 0.05; done; echo ${jobId}`,
      environment: {},
    }));
    for (const order of orders) right(await transport.start(rig.target, order)());
    expect(right(await transport.probe(rig.target)()).sessions).toEqual({ asked: 8, opened: 2 });
    await writeFile(join(rig.directory, 'counted'), '');
    for (const order of orders) {
      const told: string[] = [];
      for await (const one of transport.follow(rig.target, order, 0, new AbortController().signal))
        told.push(one.kind === 'bytes' ? one.bytes.toString() : one.state.state);
      expect(told).toEqual([`${order.jobId}\n`, 'done']);
    }
  });

  it.each([
    ['no session at all', 'MaxSessions 0', 'MaxSessions'],
    ['SFTP only', 'ForceCommand internal-sftp', 'POSIX shell'],
  ])('given an account for %s, then no_usable_shell', async (_, setting, text) => {
    const rig = await rigOf('system sshd', { settings: ['Subsystem sftp internal-sftp', setting] });
    const error = await probeError(rig, {});
    expect(error.code).toBe('no_usable_shell');
    expect(error.message).toContain(text);
  });

  it('given only old algorithms, then they are refused', async () => {
    const rig = await rigOf('system sshd', { settings: ['Ciphers aes128-cbc', 'MACs hmac-sha1'] });
    const error = await probeError(rig, {});
    expect(error.code).toBe('protocol');
    expect(rig.authentications?.() ?? 0).toBe(0);
  });

  it('given noise of an rc file before ours, then it is skipped', async () => {
    const rig = await rigOf('system sshd', {
      keyOptions: 'command="echo noise; echo more >&2; eval \\"$SSH_ORIGINAL_COMMAND\\""',
    });
    const answer = await rig.transport().probe(rig.target)();
    expect(E.isRight(answer)).toBe(true);
  });

  it('given an answer that comes only after the start was given up, then the job has not run', async () => {
    const rig = await rigOf('system sshd', {
      keyOptions:
        'command="(eval \\"$SSH_ORIGINAL_COMMAND\\") | (while [ -e $HOME/slow ]; do sleep 0.1; done; cat); touch $HOME/through"',
    });
    const patient = rig.transport();
    const report = await patient.probe(rig.target)();
    if (E.isLeft(report)) throw new Error(report.left.message);
    const { baseId, bootId } = report.right;
    await rm(join(rig.directory, 'through'));
    await writeFile(join(rig.directory, 'slow'), '');
    const order = {
      ...{ jobId: 'late', attempt: 1, fence: 1, baseId, bootId, cancelGraceMs: 1000, logBytes: 4096 },
      script: `touch ${join(rig.directory, 'ran')}`,
      environment: {},
    };
    const answer = await rig.transport({ markerMs: 500 }).start(rig.target, order)();
    expect(E.isLeft(answer) && answer.left.code).toBe('timed_out');
    await rm(join(rig.directory, 'slow'));
    await eventually('the command is through', () => existsSync(join(rig.directory, 'through')));
    const state = await patient.query(rig.target, order)();
    expect(E.isRight(state) && state.right.state).toBe('absent');
    expect(existsSync(join(rig.directory, 'ran'))).toBe(false);
  });

  // As pyenv's lock does: the shells of many commands wait for each other.
  it('given slow rc files that let in one shell at a time, then many operations at once are no silence', async () => {
    const rig = await rigOf('system sshd', {
      keyOptions: 'command="flock $HOME sleep 0.3; eval \\"$SSH_ORIGINAL_COMMAND\\""',
    });
    const transport = rig.transport({ markerMs: 3_000 });
    await transport.probe(rig.target)();
    const attempts = Array.from({ length: 16 }, (_, n) => ({ jobId: `job-${String(n)}`, attempt: 1 }));
    const answers = await Promise.all(attempts.map((one) => transport.query(rig.target, one)()));
    expect(answers.map((one) => (E.isLeft(one) ? one.left.code : one.right.state))).toEqual(
      attempts.map(() => 'absent'),
    );
  });
});
