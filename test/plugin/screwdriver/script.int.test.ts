/** Does the script do what Screwdriver's launcher does, in the shells that runners have? */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { splitText } from '../../../plugin/hosts/screwdriver/borders.js';
import { scriptOf, type BuildStep } from '../../../plugin/hosts/screwdriver/script.js';
import { eventually } from '../../sshd.js';

const word = '00112233445566778899aabbccddeeff';
const has = (shell: string): boolean => {
  const [program, ...args] = [...shell.split(' '), '-c', ':'];
  return spawnSync(program, args).status === 0;
};

describe.each([['dash'], ['bash --posix'], ['busybox sh']].filter(([shell = '']) => has(shell)))(
  'the script of a build in %s',
  (shell) => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'baton-script-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const write = (steps: readonly BuildStep[], meta = '{}'): string => {
      const script = scriptOf({
        ...{ word, steps, meta },
        environment: { GREETING: "it's\n$HOME `id`" },
        secrets: { SD_BUILD_1_0: 'SD_TOKEN' },
      });
      if ('cannot' in script) throw new Error(script.cannot);
      writeFileSync(join(folder, 'script'), script.run);
      return join(folder, 'script');
    };
    const environment = { ...process.env, SD_BUILD_1_0: 'the token', HOME: '/home/nobody' };
    const run = (steps: readonly BuildStep[], meta?: string) => {
      const [program, ...args] = [...shell.split(' '), write(steps, meta)];
      const { status, stdout } = spawnSync(program, args, {
        cwd: folder,
        encoding: 'utf8',
        env: environment,
      });
      const { pieces } = splitText(word, '', stdout, true);
      const told = pieces.flatMap((piece) => {
        if (piece.kind === 'line') return [piece.text];
        if (piece.name === 'sd.meta') return [];
        return [piece.kind === 'begin' ? `> ${piece.name}` : `< ${piece.name} ${piece.code ?? ''}`];
      });
      return { status, told: told.filter((line) => !/^[A-Za-z0-9+/=]{4,}$/.test(line)) };
    };
    const step = (name: string, command: string): BuildStep => ({ name, command });

    it('keeps exports, variables and folders from one step to the next, and gives them to the teardown', () => {
      const { status, told } = run([
        step('one', 'export A=1\nB=2\ncd ..'),
        step('two', 'echo "- $A $B $(basename "$PWD")" "$GREETING"'),
        step('teardown-x', 'echo "- $A $SD_TOKEN ${SD_BUILD_1_0-gone}"; export C=3'),
        step('sd-teardown-y', 'echo "- $C"'),
      ]);
      expect(status).toBe(0);
      expect(told).toEqual([
        ...[
          '> one',
          '< one 0',
          '> two',
          `- 1 2 ${folder.split('/').at(-1) ?? ''} it's`,
          '$HOME `id`',
          '< two 0',
        ],
        ...[
          '> teardown-x',
          '- 1 the token gone',
          '< teardown-x 0',
          '> sd-teardown-y',
          '- 3',
          '< sd-teardown-y 0',
        ],
      ]);
    });

    it.each([
      ['a command that fails in the middle', 'echo - a; false; echo - b', 1, ['- a']],
      ['an exit of its own', 'echo - a; exit 9', 9, ['- a']],
      ['a last command that fails where errors are let pass', 'set +e; false; (exit 4)', 4, []],
      ['no end of a quote', "echo 'a", 2, []],
      ['a trap of its own at the exit', 'trap "echo - mine" EXIT; exit 6', 6, ['- mine']],
    ])('%s ends the step with its code, and skips the rest', (_, command, code, output) => {
      const { status, told } = run([
        step('one', command),
        step('never', 'echo - never'),
        step('teardown-x', 'echo - tidy'),
      ]);
      expect(
        told.filter(
          (line) => !line.startsWith('sh:') && !/[Ss]yntax|unterminated|unexpected|line \d/.test(line),
        ),
      ).toEqual([...['> one', ...output, `< one ${code}`, '> teardown-x', '- tidy', '< teardown-x 0']]);
      expect(status).toBe(code);
    });

    it('a teardown that fails fails a build that went well, and the next one still runs', () => {
      const { status, told } = run([
        ...[step('one', ':'), step('teardown-x', 'false'), step('sd-teardown-y', 'echo - tidy')],
      ]);
      expect(status).toBe(1);
      expect(told.slice(2)).toEqual([
        '> teardown-x',
        '< teardown-x 1',
        '> sd-teardown-y',
        '- tidy',
        '< sd-teardown-y 0',
      ]);
    });

    it('has a folder for artifacts below its workspace, whatever the home of the account', () => {
      run([step('one', 'echo "$SD_ARTIFACTS_DIR" >"$SD_ARTIFACTS_DIR/where"')]);
      expect(readFileSync(join(folder, 'artifacts', 'where'), 'utf8').trim()).toBe(join(folder, 'artifacts'));
    });

    it('leaves its meta in the output, as base64', () => {
      const script = write([step('one', `printf '{"b":2}' >"$SD_META_PATH"`)], '{"a":1}');
      const [program, ...args] = [...shell.split(' '), script];
      const out = execFileSync(program, args, { cwd: folder, encoding: 'utf8', env: environment });
      expect(out).toContain(Buffer.from('{"b":2}').toString('base64'));
    });

    it('ended from outside, the teardown still runs', async () => {
      const [program, ...args] = [
        ...shell.split(' '),
        write([
          step('one', 'echo $$ >"$SD_ROOT_DIR/pid"; sleep 30'),
          step('teardown-x', 'touch "$SD_ROOT_DIR/tidy"'),
        ]),
      ];
      const child = spawn(program, args, { cwd: folder, env: environment, detached: true, stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await eventually(
        'the step runs',
        () => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8') !== '',
      );
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      expect(await ended).toBe(143);
      expect(existsSync(join(folder, 'tidy'))).toBe(true);
    });
  },
);
