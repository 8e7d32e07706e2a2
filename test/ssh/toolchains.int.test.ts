/** Does a probe know what the machine's package managers know? With the real ones of this machine, and with stand-ins for the others. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRig, type Rig } from '../sshd.js';

const runner = new URL('../../src/ssh/runner/', import.meta.url);
const program = ['identity', 'probe'].map((name) => readFileSync(new URL(`${name}.sh`, runner), 'utf8'));

const hasDpkg = (): boolean => {
  try {
    execFileSync('dpkg-query', ['-W', 'dpkg'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe.runIf(hasDpkg())('a probe of a machine with dpkg', { timeout: 60_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig('in-process server');
  });
  afterAll(() => rig.close());

  const attributes = async (toolchains: readonly { readonly name: string; readonly package: string }[]) => {
    const transport = rig.transport({ toolchains });
    const [probed, checked] = [await transport.probe(rig.target)(), await transport.check(rig.target)()];
    if (E.isLeft(probed)) throw new Error(probed.left.message);
    if (E.isLeft(checked)) throw new Error(checked.left.message);
    expect(checked.right.attributes).toEqual(probed.right.attributes);
    return probed.right.attributes;
  };

  it('given toolchains, then the versions of those that are installed, by their own names', async () => {
    const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'dpkg'], { encoding: 'utf8' });
    const wanted = [
      { name: 'packager', package: 'dpkg' },
      { name: 'ghost', package: 'no-such-package' },
      { name: 'odd', package: 'g++-of.some_kind' },
    ];
    expect((await attributes(wanted)).toolchains).toEqual({ packager: version });
  });

  it('given none that is installed, then that is known; given none at all, then nothing is', async () => {
    const ghost = [{ name: 'ghost', package: 'no-such-package' }];
    expect((await attributes(ghost)).toolchains).toEqual({});
    expect(await attributes([])).not.toHaveProperty('toolchains');
  });

  it('given a name that is no plain word, then the runner refuses it', async () => {
    for (const odd of ['-f', 'a;id', '$(id)', 'a b*', '../a', 'x'.repeat(101)]) {
      const answer = await rig.transport({ toolchains: [{ name: 'odd', package: odd }] }).probe(rig.target)();
      expect(E.isLeft(answer) && answer.left.code, odd).toBe('protocol');
    }
  });
});

describe('what is asked of package managers', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-packages-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** On a machine that has these commands and no others; how often each was called is written down. */
  const asked = (
    name: string,
    commands: Readonly<Record<string, string>>,
    ...packages: readonly string[]
  ) => {
    const path = join(folder, name);
    mkdirSync(path);
    for (const [command, body] of Object.entries(commands)) {
      writeFileSync(
        join(path, command),
        `#!/bin/sh\nprintf '%s\\n' "${command} $*" >>"${path}/calls"\n${body}\n`,
      );
      chmodSync(join(path, command), 0o755);
    }
    symlinkSync('/bin/sh', join(path, 'sh'));
    const text = `${program.join('')}\nPATH=$1; shift; packages "$@"\n`;
    const said = execFileSync('/bin/sh', ['-c', text, 'sh', path, ...packages], { encoding: 'utf8' });
    return {
      said: said.split('\n').filter((line) => line.startsWith('p ')),
      calls: readFileSync(join(path, 'calls'), 'utf8').trim().split('\n'),
    };
  };

  it('given two managers and three packages, then each is asked once for all three', () => {
    const { said, calls } = asked(
      'both',
      {
        'dpkg-query': 'echo "p deb installed git 1:2.47.3-0"; exit 1',
        rpm: 'echo "p rpm installed chefdk 2.4.17-1.el7"; echo "package git is not installed"; exit 2',
      },
      ...['git', 'chefdk', 'gone'],
    );
    expect(said).toEqual([
      'p deb',
      'p deb installed git 1:2.47.3-0',
      'p rpm',
      'p rpm installed chefdk 2.4.17-1.el7',
    ]);
    expect(calls.map((call) => call.split(' ').slice(-3).join(' '))).toEqual([
      'git chefdk gone',
      'git chefdk gone',
    ]);
  });

  it('given apk, which says name and version as one word, then that word', () => {
    const { said, calls } = asked('apk', { apk: 'echo busybox-1.36.1-r29; exit 1' }, 'busybox', 'gone');
    expect(said).toEqual(['p apk', 'p apk installed busybox-1.36.1-r29']);
    expect(calls).toEqual(['apk info -e -v busybox gone']);
  });
});
