/** Orders that come at once, late, or full of what could be code; and accounts that let nobody work. With the system's sshd. */
import { createHash, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunnerTransport, StartAnswer, StartOrder } from '../../src/app/ports.js';
import { generateKeyPair } from '../../src/ssh/keys.js';
import { findSshd, startSystemSshd } from '../../src/ssh/system-sshd.js';
import { sshTransport } from '../../src/ssh/transport.js';
import { hasSshd, requiresSshd, startRig, type Rig } from '../sshd.js';
import { skipped, whyNoMount } from '../store/small-disk.js';
import { isLong } from './length.js';

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(`expected success, found ${JSON.stringify(either.left)}`);
  return either.right;
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe.skipIf(!hasSshd && !requiresSshd)('orders to a runner', { timeout: 120_000 }, () => {
  let rig: Rig;
  let transport: RunnerTransport;
  let known: Pick<StartOrder, 'baseId' | 'bootId'>;
  beforeEach(async () => {
    rig = await startRig('system sshd');
    transport = rig.transport();
    const { baseId, bootId } = right(await transport.probe(rig.target)());
    known = { baseId, bootId };
  });
  afterEach(() => rig.close());

  const order = (jobId: string, script: string, environment: StartOrder['environment'] = {}): StartOrder => ({
    ...{ jobId, attempt: 1, fence: 1, ...known, script, environment },
    ...{ cancelGraceMs: 1000, logBytes: 10_000_000 },
  });
  const output = async (wanted: StartOrder): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const one of transport.follow(rig.target, wanted, 0, new AbortController().signal))
      if (one.kind === 'bytes') parts.push(one.bytes);
    return Buffer.concat(parts).toString();
  };
  const runs = async (file: string): Promise<number> =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').length - 1;

  it('given 50 starts of one attempt at the same time, from five servers, then it runs once', async () => {
    const marker = join(rig.directory, 'marker');
    const wanted = order('many', `echo ran >> ${marker}; sleep 0.3`);
    const servers = [transport, ...Array.from({ length: 4 }, () => rig.transport())];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (servers[i % 5] ?? transport).start(rig.target, wanted)()),
    );
    const kinds = answers.map((one): StartAnswer['kind'] => right(one).kind).sort();
    expect(kinds).toEqual([...Array.from({ length: 49 }, () => 'exists'), 'started']);
    await output(wanted);
    expect(await runs(marker)).toBe(1);
  });

  it('given starts that come late, after a revoke and after the clean-up, from another server, then nothing runs again', async () => {
    const marker = join(rig.directory, 'marker');
    const [revoked, ended] = [
      order('revoked', `echo ran >> ${marker}`),
      order('ended', `echo ran >> ${marker}`),
    ];
    expect(right(await transport.revoke(rig.target, revoked)()).kind).toBe('revoked');
    right(await transport.start(rig.target, ended)());
    await output(ended);
    right(await transport.cleanUp(rig.target, ended)());
    right(await transport.cleanUp(rig.target, revoked)());
    const late = rig.transport();
    for (const wanted of [revoked, ended, revoked, ended])
      expect(right(await late.start(rig.target, wanted)())).toEqual({
        kind: 'exists',
        state: { state: 'tombstone' },
      });
    expect(await runs(marker)).toBe(1);
  });

  it('given random bytes in ids, names, values and scripts, then nothing but the script of a job is ever run', async () => {
    const seed = Number(process.env['BATON_TEST_SEED'] ?? randomInt(2 ** 31));
    const canary = join(rig.directory, 'canary');
    const touch = `touch ${canary}`;
    const fragments = [
      ...[`$(${touch})`, `\`${touch}\``, `;${touch};`, `\n${touch}\n`, `'${touch}'`, `"; ${touch}; "`],
      ...[
        `'; ${touch}; '`,
        `|${touch}`,
        `&${touch}&`,
        `\x1e`,
        `\r`,
        `\\`,
        `'`,
        `"`,
        `$`,
        `\``,
        `\n`,
        `end\n`,
      ],
      ...[
        '../',
        '-',
        '=',
        ' ',
        '\0',
        '{',
        '}',
        '(',
        ')',
        '%s',
        '%n',
        '*',
        '~',
        '!',
        '#',
        '\u2028',
        '\u0007',
        'É',
      ],
    ];
    const text = fc
      .array(
        fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...fragments) }, fc.string({ unit: 'binary' })),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(''));
    const name = fc.oneof(text, fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/));
    let n = 0;
    let ran = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(text, name, text, text, async (id, variable, value, tail) => {
        n += 1;
        // a hostile id is refused before anything is sent, or is a word
        const withId = await transport.start(rig.target, order(`${id}${n}`, 'true'))();
        if (E.isLeft(withId)) expect(withId.left.code).toBe('protocol');
        const script = `sha256sum < "$0"; printf %s "$VALUE" | sha256sum; exit 0\n${tail}`;
        const wanted = order(`fuzz-${n}`, script, {
          VALUE: value,
          [variable === 'VALUE' ? 'OTHER' : variable]: value,
        });
        const answer = await transport.start(rig.target, wanted)();
        if (E.isLeft(answer)) {
          refused += 1;
          expect(answer.left.code).toBe('protocol');
          return;
        }
        if (answer.right.kind !== 'started') {
          // a name that a shell keeps for itself, e.g. one that is read-only
          expect(answer.right.kind).toBe('not_started');
          return;
        }
        ran += 1;
        expect((await output(wanted)).replaceAll(/ .*/g, '')).toBe(`${sha256(script)}\n${sha256(value)}\n`);
      }),
      { seed, numRuns: isLong ? 400 : 60, interruptAfterTimeLimit: 90_000 },
    );
    console.log(`faults: fuzz ${n} orders, ${ran} ran, ${refused} refused, seed ${seed}`);
    expect([ran > 0, refused > 0]).toEqual([true, true]);
    expect(existsSync(canary)).toBe(false);
  });

  it.skipIf(!/\/bash$/.test(userInfo().shell ?? ''))(
    'given a .bashrc that prints, then a job runs; given one that reads what is meant for us, then it is said, and nothing was started',
    async () => {
      const rc = join(rig.directory, '.bashrc');
      await writeFile(rc, 'echo noise; echo more >&2; printf "\\036 half"\n');
      const wanted = order('noisy', 'echo fine');
      const noisy = rig.transport();
      expect(right(await noisy.start(rig.target, wanted)()).kind).toBe('started');
      expect(await output(wanted)).toBe('fine\n');
      await writeFile(rc, 'read -r line; read -r line\n');
      const answer = await rig
        .transport({ markerMs: 3000 })
        .start(rig.target, order('eaten', `touch ${rig.directory}/ran`))();
      expect(E.isLeft(answer) && answer.left.code).toBe('no_usable_shell');
      expect(existsSync(join(rig.directory, 'ran'))).toBe(false);
    },
  );
});

const why = hasSshd ? await whyNoMount() : 'this machine has no sshd';
describe.skipIf(why !== undefined)(`an account${skipped(why)}`, { timeout: 120_000 }, () => {
  const { username } = userInfo();
  it.each([
    [
      'without a shell',
      'passwd',
      new RegExp(`^(${username}:.*:)[^:]*$`, 'm'),
      '$1/usr/sbin/nologin',
      'no_usable_shell',
    ],
    ['that is locked', 'shadow', new RegExp(`^(${username}:)[^:]*`, 'm'), '$1!locked', 'permission_denied'],
  ] as const)('given one %s, then it is said', async (_, file, line, becomes, code) => {
    const directory = await mkdtemp(join(tmpdir(), 'baton-account-'));
    await mkdir(join(directory, 'sshd'));
    // seen by this sshd alone
    const changed = join(directory, file);
    await copyFile(`/etc/${file}`, changed);
    await writeFile(changed, (await readFile(changed, 'utf8')).replace(line, becomes));
    const start = join(directory, 'start.sh');
    await writeFile(
      start,
      `#!/bin/sh\nexec unshare --mount sh -c "mount --bind '${changed}' /etc/${file} && exec ${findSshd() ?? 'sshd'} \\"\\$@\\"" sh "$@"\n`,
      { mode: 0o755 },
    );
    const { privateKey, publicKey } = generateKeyPair();
    const sshd = await startSystemSshd({
      sshdPath: start,
      directory: join(directory, 'sshd'),
      authorizedKey: publicKey,
    });
    const transport = sshTransport({
      installationId: 'test',
      epoch: 1,
      privateKey: () => Promise.resolve(privateKey),
    });
    const target = {
      ...{ name: 'runner', host: '127.0.0.1', port: sshd.port, user: username, hostKeys: [sshd.fingerprint] },
      ...{ base: join(directory, 'base'), auth: { kind: 'key', secretRef: 'key', publicKey } as const },
    };
    const answer = await transport.probe(target)();
    await transport.close();
    await sshd.close();
    await rm(directory, { recursive: true, force: true });
    expect(E.isLeft(answer) && answer.left.code, JSON.stringify(answer)).toBe(code);
  });
});
