/** Through a jump host, with the same key or an agent at both; every refusal names the machine that refused. */
import { join } from 'node:path';
import { userInfo } from 'node:os';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunnerTarget, TransportError } from '../../src/app/ports.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { startLocalSshServer } from '../../src/ssh/local-server.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { hasAgent, startAgent } from '../ssh-agent.js';
import { hasSshd, requiresSshd, startRig, type Rig } from '../sshd.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const aRig = async (): Promise<Rig> => {
  const rig = await startRig('system sshd');
  closers.push(rig.close);
  return rig;
};

type Jump = NonNullable<RunnerTarget['jump']>;

/** A second sshd, which lets the runner's key in. */
const aJumpHost = async (
  rig: Rig,
  settings: readonly string[] = [],
  authorizedKey?: string,
): Promise<Jump> => {
  if (rig.target.auth.kind !== 'key') throw new Error('a rig has a key');
  const server = await startSystemSshd({
    sshdPath: findSshd() ?? '',
    directory: join(rig.directory, 'jump'),
    authorizedKey: authorizedKey ?? rig.target.auth.publicKey,
    environment: { HOME: rig.directory },
    settings,
  });
  closers.push(server.close);
  return { host: '127.0.0.1', port: server.port, user: server.user, hostKeys: [server.fingerprint] };
};

const refusal = async (rig: Rig, target: Partial<RunnerTarget>): Promise<TransportError> => {
  const answer = await rig.transport().probe({ ...rig.target, ...target })();
  if (E.isRight(answer)) throw new Error('expected a failure');
  return answer.left;
};

const available = hasSshd || requiresSshd;

describe.runIf(available)('through a jump host [needs sshd]', () => {
  it('given both machines as they should be, then the probe is the runner’s, and a job runs and is followed', async () => {
    const rig = await aRig();
    const target = { ...rig.target, jump: await aJumpHost(rig) };
    const transport = rig.transport();
    const report = await transport.probe(target)();
    if (E.isLeft(report)) throw new Error(report.left.message);
    const { baseId, bootId } = report.right;
    const order = {
      ...{ jobId: 'job-1', attempt: 1, fence: 1, baseId, bootId, environment: {} },
      ...{ script: 'seq 1 2000', cancelGraceMs: 1000, logBytes: 1_000_000 },
    };
    expect(await transport.start(target, order)()).toMatchObject({ right: { kind: 'started' } });
    let text = '';
    for await (const one of transport.follow(target, order, 0, new AbortController().signal))
      if (one.kind === 'bytes') text += one.bytes.toString();
    expect(text.split('\n').slice(-2)).toEqual(['2000', '']);
  });

  it('given a jump host whose key is not accepted, or is another, then that is told of the jump host', async () => {
    const rig = await aRig();
    const jump = await aJumpHost(rig);
    const unknown = await refusal(rig, { jump: { ...jump, hostKeys: [] } });
    expect(unknown).toMatchObject({ code: 'host_key_unknown', hop: 'jump', fingerprint: jump.hostKeys[0] });
    expect(unknown.message).toContain(`The jump host 127.0.0.1 port ${jump.port} of runner runner-1`);
    expect(unknown.message).toContain(`--accept-jump-host-key ${jump.hostKeys[0] ?? ''}`);
    const other = await refusal(rig, { jump: { ...jump, hostKeys: rig.target.hostKeys } });
    expect(other).toMatchObject({ code: 'host_key_changed', hop: 'jump', fingerprint: jump.hostKeys[0] });
    expect(other.message).toContain('trust runner-1 --jump');
  });

  it('given a runner behind it whose key is another, then that is told of the runner', async () => {
    const rig = await aRig();
    const jump = await aJumpHost(rig);
    const error = await refusal(rig, { jump, hostKeys: jump.hostKeys });
    expect(error).toMatchObject({ code: 'host_key_changed', fingerprint: rig.target.hostKeys[0] });
    expect(error.hop).toBeUndefined();
  });

  it.each([
    ['does not know the key', [], true, 'permission_denied', 'jump', 'the public key to ~'],
    [
      'does not forward',
      ['AllowTcpForwarding no'],
      false,
      'forwarding_refused',
      'jump',
      'AllowTcpForwarding',
    ],
  ] as const)('given a jump host that %s, then it says so', async (_, settings, stranger, code, hop, way) => {
    const rig = await aRig();
    const key = stranger ? generateKeyPair().publicKey : undefined;
    const error = await refusal(rig, { jump: await aJumpHost(rig, settings, key) });
    expect(error).toMatchObject({ code, hop });
    expect(error.message).toContain(way);
  });

  it('given nobody at the runner’s port, then the jump host’s word for it', async () => {
    const rig = await aRig();
    const error = await refusal(rig, { jump: await aJumpHost(rig), port: 1 });
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(error.message).toContain('the jump host says');
    expect(error.hop).toBeUndefined();
  });
});

describe('a jump host that cannot be used', () => {
  it('given nobody there, or a server that lets nothing through, then that is told of the jump host', async () => {
    const rig = await startRig('in-process server');
    closers.push(rig.close);
    const user = userInfo().username;
    const nobody = await refusal(rig, { jump: { host: '127.0.0.1', port: 1, user, hostKeys: ['SHA256:x'] } });
    expect(nobody).toMatchObject({ code: 'refused', hop: 'jump' });
    expect(nobody.message).toMatch(/^The jump host 127\.0\.0\.1 port 1 of runner runner-1: nothing accepts/);
    if (rig.target.auth.kind !== 'key') throw new Error('a rig has a key');
    const gate = await startLocalSshServer({
      ...{ hostKey: generateKeyPair().privateKey, authorizedKey: rig.target.auth.publicKey },
      home: rig.directory,
    });
    closers.push(gate.close);
    const jump = { host: '127.0.0.1', port: gate.port, user, hostKeys: [gate.fingerprint] };
    expect(await refusal(rig, { jump })).toMatchObject({ code: 'forwarding_refused', hop: 'jump' });
    expect(rig.authentications?.()).toBe(0);
  });
});

const anAgent = async (rig: Rig, privateKey?: string): Promise<string> => {
  const agent = await startAgent(rig.directory);
  closers.push(agent.close);
  if (privateKey !== undefined) agent.hold(privateKey);
  return agent.socket;
};

describe.runIf(available && hasAgent)('with an ssh-agent [needs sshd, ssh-agent]', () => {
  const agent = { kind: 'agent' } as const;

  it('given the key is in the agent, then runner and jump host let us in, and no secret is asked for', async () => {
    const rig = await aRig();
    const jump = await aJumpHost(rig);
    const agentSocket = await anAgent(rig, rig.privateKey);
    const asked: string[] = [];
    const privateKey = (ref: string): Promise<undefined> => {
      asked.push(ref);
      return Promise.resolve(undefined);
    };
    const transport = rig.transport({ agentSocket, privateKey });
    for (const target of [
      { ...rig.target, auth: agent },
      { ...rig.target, auth: agent, jump },
    ])
      expect(E.isRight(await transport.probe(target)())).toBe(true);
    expect(asked).toEqual([]);
  });

  it('given an empty agent, then permission_denied, with ssh-add as the way out', async () => {
    const rig = await aRig();
    const agentSocket = await anAgent(rig);
    const answer = await rig.transport({ agentSocket }).probe({ ...rig.target, auth: agent })();
    expect(answer).toMatchObject({ left: { code: 'permission_denied' } });
    expect(E.isLeft(answer) && answer.left.message).toContain('ssh-add');
  });
});

describe('check', () => {
  it.each(['in-process server', ...(available ? (['system sshd'] as const) : [])] as const)(
    'over the %s: the first opens a connection, later ones ride on it; once it was cut a new one is opened',
    async (kind) => {
      const rig = await startRig(kind);
      closers.push(rig.close);
      const transport = rig.transport();
      const check = async () => {
        const answer = await transport.check(rig.target)();
        if (E.isLeft(answer)) throw new Error(answer.left.message);
        return answer.right;
      };
      const first = await check();
      const logins = rig.authentications?.();
      const second = await check();
      expect(second).toMatchObject({ baseId: first.baseId, bootId: first.bootId });
      expect(second.findings).toContainEqual({ check: 'can_start', ok: true, found: 'rehearsed' });
      expect(Math.abs((second.epochSeconds ?? 0) - Date.now() / 1000)).toBeLessThan(10);
      expect(second.load).toBeGreaterThanOrEqual(0);
      expect(rig.authentications?.()).toBe(logins);
      await rig.cut();
      await check();
      if (logins !== undefined) expect(rig.authentications?.()).toBeGreaterThan(logins);
    },
  );
});
