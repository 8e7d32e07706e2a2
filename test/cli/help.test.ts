/** Each command tells by an example how it is used, and the example is one that the command line understands. */
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';

const silent = {
  env: {},
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  cwd: '/',
  now: () => 0,
  onInterrupt: () => () => undefined,
  exit: () => undefined,
};

const program = await buildProgram(silent, ['serve', 'openapi', 'store', 'demo']);

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

const leavesOf = (command: Command, path: readonly string[] = []): readonly Leaf[] =>
  command.commands.length === 0
    ? [{ path: path.join(' '), command }]
    : command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));

const helpOf = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
};

describe('help', () => {
  // `complete` is for the completion scripts alone
  it.each(leavesOf(program).filter(({ path }) => path !== 'complete'))(
    'of `$path` shows an example of it',
    ({ path, command }) => {
      const [, examples = ''] = helpOf(command).split(/^Examples?:\n/mu);
      const lines = examples.split('\n').filter((line) => line.startsWith('  '));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.some((line) => new RegExp(`\\bbaton ${path}\\b`, 'u').test(line))).toBe(true);
    },
  );

  it.each(leavesOf(program))('of `$path` shows no default that says nothing', ({ command }) => {
    expect(helpOf(command)).not.toContain('(default: [])');
  });
});
