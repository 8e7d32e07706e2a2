/** What is asked at a terminal, and what is shown of the answers. */
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { personAt, typed } from '../../src/cli/person.js';

const aTerminal = () => {
  const modes: boolean[] = [];
  let shown = '';
  const keys = new PassThrough();
  const input = Object.assign(keys, {
    setRawMode: (raw: boolean) => {
      modes.push(raw);
      // what is on the screen when the echo goes off
      shown += raw ? '[raw]' : '[cooked]';
      return input;
    },
  });
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      shown += chunk.toString();
      done();
    },
  });
  return { keys, input, output, modes, shown: () => shown };
};

describe('a line as it is typed', () => {
  it.each([
    ['', 'se\u007f\u007fok\r', { kind: 'line', line: 'ok', rest: '' }],
    ['ab', 'c', { kind: 'more', line: 'abc' }],
    ['wrong', '\u0015right\nnext\n', { kind: 'line', line: 'right', rest: 'next\n' }],
    ['half', '\u0003y', { kind: 'gone', rest: 'y' }],
    ['', '\u0004', { kind: 'gone', rest: '' }],
    ['', 'pä\u007f\u007fss\u001b\n', { kind: 'line', line: 'ss', rest: '' }],
  ])('given %j, when %j comes, then %j', (before, keys, expected) => {
    expect(typed(before, keys)).toEqual(expected);
  });
});

describe('a person', () => {
  it('given a hidden question, then the echo goes off before it is shown, and comes back after the answer', async () => {
    const { keys, input, output, shown } = aTerminal();
    const answer = personAt(input, output).askHidden('Password: ');
    expect(shown()).toBe('[raw]Password: ');
    keys.write('s3cret\r');
    expect(await answer).toBe('s3cret');
    expect(shown()).toBe('[raw]Password: [cooked]\n');
  });

  it('given what was typed ahead, then it answers the next questions, in order', async () => {
    const { keys, input, output } = aTerminal();
    const person = personAt(input, output);
    const first = person.ask('First? ');
    keys.write('one\ntwo\nthree\n');
    expect(await first).toBe('one');
    expect(await person.askHidden('Second? ')).toBe('two');
    expect(await person.ask('Third? ')).toBe('three');
  });

  it('given the end of the input, Ctrl-C or a signal, then there is no answer', async () => {
    const ended = aTerminal();
    const none = personAt(ended.input, ended.output).ask('? ');
    ended.keys.end();
    expect(await none).toBeUndefined();
    const { keys, input, output, modes } = aTerminal();
    const person = personAt(input, output);
    const hidden = person.askHidden('? ');
    keys.write('abc\u0003');
    expect(await hidden).toBeUndefined();
    expect(modes).toEqual([true, false]);
    const abort = new AbortController();
    const given = person.ask('? ', abort.signal);
    abort.abort();
    expect(await given).toBeUndefined();
  });
});
