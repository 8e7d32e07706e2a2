/** Command lines to paste: a shell makes exactly the words of them that were typed, and the command line takes those. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addCommand,
  authorizedKeysLine,
  installCommand,
  labelsOf,
  quoted,
  type Machine,
} from '../../src/web/runners/paste.js';

const machine: Machine = {
  ...{ name: 'build-09', host: 'build-09.example.org', admin: 'root', user: 'job_runner' },
  ...{ port: 22, slots: 1, labels: [], jump: '' },
};

/** What a shell makes of a line whose first word is `baton`. */
const wordsOf = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `baton() { for word; do printf '%s\\0' "$word"; done; }\n${line}`])
    .toString('utf8')
    .split('\0')
    .slice(0, -1);

describe('quoted', () => {
  it('leaves plain words as they are', () => {
    expect(['build-09.example.org', 'a_b', 'x:y=z/1@2'].map(quoted)).toEqual([
      ...['build-09.example.org', 'a_b', 'x:y=z/1@2'],
    ]);
  });

  it('makes one word of anything for a real shell', () => {
    const awkward = fc.string({
      unit: fc.constantFrom(...'\'"\\$`!;&|<>(){}[]*?~# \t\n-=a%é'.split('')),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1, maxLength: 60 }), (words) => {
        expect(wordsOf(`baton ${words.map(quoted).join(' ')}`)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});

describe('installCommand', () => {
  it('says no more than differs from the usual', () => {
    expect(installCommand(machine)).toBe('baton install-runner build-09.example.org root -P --name build-09');
    expect(installCommand({ ...machine, name: machine.host })).toBe(
      'baton install-runner build-09.example.org root -P',
    );
  });

  it('names ports, slots, labels and accounts that are not', () => {
    const other = { ...machine, user: 'builder', port: 2222, slots: 4, labels: ['gpu', 'fast'] };
    expect(installCommand(other)).toBe(
      'baton install-runner build-09.example.org root -P -p 2222 --name build-09 --runner-user builder --slots 4 --label gpu --label fast',
    );
  });

  it('has places for what is not typed yet', () => {
    const nothing = { ...machine, name: '', host: '', admin: '', user: '' };
    expect(installCommand(nothing)).toBe('baton install-runner HOST ADMIN -P');
    expect(addCommand(nothing)).toBe('baton runner add NAME --host HOST --user USER');
  });
});

describe('addCommand', () => {
  it('names the jump host', () => {
    expect(addCommand({ ...machine, jump: 'gate@jump.example.org:2222' })).toBe(
      'baton runner add build-09 --host build-09.example.org --user job_runner --jump gate@jump.example.org:2222',
    );
  });

  it('says how the machine is reached', () => {
    expect(addCommand({ ...machine, port: 2222, slots: 2, labels: ['gpu'] })).toBe(
      'baton runner add build-09 --host build-09.example.org --user job_runner --port 2222 --slots 2 --label gpu',
    );
  });

  it('lets nothing that was typed become an option, or more than one word', () => {
    const hostile = { ...machine, name: '--help', host: '-x; reboot', user: "o'$(id)", labels: ['--trial'] };
    expect(wordsOf(addCommand(hostile))).toEqual([
      ...['runner', 'add', 'NAME', '--host=-x; reboot', '--user', "o'$(id)", '--label=--trial'],
    ]);
    expect(wordsOf(installCommand(hostile)).slice(0, 4)).toEqual(['install-runner', 'HOST', 'root', '-P']);
  });
});

it('takes labels with commas or spaces between, each once', () => {
  expect(labelsOf(' gpu,fast  gpu,,arm ')).toEqual(['gpu', 'fast', 'arm']);
});

it('keeps a key from terminals and forwarding', () => {
  expect(authorizedKeysLine('ssh-ed25519 AAAA')).toBe('restrict ssh-ed25519 AAAA');
});
