/** The account's shell may be any: it only ever sees one constant command. Here each as sshd would run it, with rc files that print. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptState, RunnerTransport } from '../../src/app/ports.js';
import { hasSshd, requiresSshd, startRig, type Rig } from '../sshd.js';

const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const SHELLS = ['dash', 'bash', 'zsh', 'fish', 'tcsh', 'mksh', 'busybox sh'];

const printing = async (home: string): Promise<void> => {
  await mkdir(join(home, '.config', 'fish'), { recursive: true });
  const files = ['.bashrc', '.profile', '.zshenv', '.tcshrc', '.mkshrc', '.config/fish/config.fish'];
  for (const file of files) await writeFile(join(home, file), 'echo noise of an rc file\n');
};

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(`expected success, found ${JSON.stringify(either.left)}`);
  return either.right;
};

const orderOf = async (transport: RunnerTransport, rig: Rig, jobId: string, script: string) => {
  const { baseId, bootId } = right(await transport.probe(rig.target)());
  const attempt = { jobId, attempt: 1 };
  return {
    ...{ ...attempt, fence: 1, baseId, bootId, script },
    ...{ environment: { VALUE: `it's "$HOME"\n` }, cancelGraceMs: 1000, logBytes: 1_000_000 },
  };
};

describe.skipIf(!hasSshd && !requiresSshd)('login shells', { timeout: 60_000 }, () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.close();
    rig = undefined;
  });

  const rigWith = async (shell: string): Promise<Rig> => {
    rig = await startRig('system sshd', {
      keyOptions: `command="exec ${shell} -c \\"$SSH_ORIGINAL_COMMAND\\""`,
    });
    return rig;
  };

  describe.each(SHELLS)('%s', (shell) => {
    it.skipIf(!has(shell))(
      'given its rc files print, then jobs run one after the other, are cancelled and tidied up',
      async () => {
        const here = await rigWith(shell);
        await printing(here.directory);
        const transport = here.transport();
        for (const jobId of ['first', 'second']) {
          const order = await orderOf(transport, here, jobId, 'printf %s "$VALUE"; exit 3');
          expect(right(await transport.start(here.target, order)()).kind).toBe('started');
          let log = '';
          let state: AttemptState | undefined;
          for await (const one of transport.follow(here.target, order, 0, new AbortController().signal)) {
            if (one.kind === 'bytes') log += one.bytes.toString();
            else state = one.state;
          }
          expect(log).toBe(order.environment.VALUE);
          expect(state).toMatchObject({ state: 'done', result: { exitCode: 3, why: 'exit' } });
        }
        const long = await orderOf(transport, here, 'long', 'sleep 60');
        right(await transport.start(here.target, long)());
        expect(right(await transport.cancel(here.target, long, 1000)()).kind).toBe('signalled');
        for await (const one of transport.follow(here.target, long, 0, new AbortController().signal))
          if (one.kind === 'ended') expect(one.state).toMatchObject({ result: { why: 'cancel' } });
        right(await transport.cleanUp(here.target, long)());
        expect((await readFile(join(here.folder, 'long.1.rc'), 'utf8')).trim()).toBe('tombstone .');
      },
    );
  });

  it.skipIf(!has('zsh'))(
    'given an rc file that reads what is meant for us, then it is said, and nothing was started',
    async () => {
      const here = await rigWith('zsh');
      const transport = here.transport({ markerMs: 3_000 });
      const order = await orderOf(transport, here, 'eaten', `touch ${join(here.directory, 'ran')}`);
      await writeFile(join(here.directory, '.zshenv'), 'read -r line; read -r line\n');
      const answer = await here.transport({ markerMs: 3_000 }).start(here.target, order)();
      expect(E.isLeft(answer) && answer.left.code).toBe('no_usable_shell');
      await expect(stat(join(here.directory, 'ran'))).rejects.toThrow('ENOENT');
    },
  );
});
