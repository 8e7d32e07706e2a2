import { describe, expect, it } from 'vitest';
import { afterMarker, answerLines, parseEnd, parseState } from '../../src/ssh/frames.js';

describe('afterMarker', () => {
  it('given noise before the marker, then the place behind it', () => {
    const received = Buffer.from('Welcome!\nBATON abc\nrest');
    expect(received.toString('utf8', afterMarker(received, 'abc') ?? -1)).toBe('rest');
  });
  it('given another nonce or half a marker, then undefined', () => {
    expect(afterMarker(Buffer.from('BATON abd\n'), 'abc')).toBeUndefined();
    expect(afterMarker(Buffer.from('BATON abc'), 'abc')).toBeUndefined();
  });
});

describe('answerLines', () => {
  it('given a complete answer, then its lines without the end mark', () => {
    expect(answerLines('one\ntwo\nend\n')).toEqual(['one', 'two']);
  });
  it('given an answer cut anywhere, then undefined', () => {
    const whole = 'state running 1 2 b 3\nend\n';
    for (let i = 0; i < whole.length; i += 1) expect(answerLines(whole.slice(0, i))).toBeUndefined();
    expect(answerLines(whole)).toBeDefined();
  });
});

describe('parseState', () => {
  it('given done, then result, size and process', () => {
    expect(parseState('done 143 cancel 3 10 77 1234 boot-id TERM,KILL 9:sudo,10:x -')).toEqual({
      state: 'done',
      result: {
        exitCode: 143,
        why: 'cancel',
        logTruncated: true,
        signals: ['TERM', 'KILL'],
        survivors: [
          { pid: 9, command: 'sudo' },
          { pid: 10, command: 'x' },
        ],
      },
      logSize: 10,
      started: { pid: 77, startTime: '1234', bootId: 'boot-id' },
    });
  });
  it('given survivors with all that names them, then it is kept; a word that is none is left out', () => {
    expect(parseState('done 143 cancel 0 0 - - - TERM 9:sudo:77:boot:4026,10:x:y:z:w -')).toMatchObject({
      result: {
        survivors: [
          { pid: 9, command: 'sudo', startTime: '77', bootId: 'boot', pidNamespace: '4026' },
          { pid: 10, command: 'x', bootId: 'z' },
        ],
      },
    });
  });
  it.each([
    ['group', { containment: 'group' }],
    ['nets', { containment: 'nets' }],
    ['-', {}],
  ])('given that processes were found by %s, then so', (word, told) => {
    expect(parseState(`done 143 cancel 0 0 - - - TERM - ${word}`)).toEqual({
      ...{ state: 'done', logSize: 0 },
      result: {
        ...{ exitCode: 143, why: 'cancel', logTruncated: false, signals: ['TERM'], survivors: [] },
        ...told,
      },
    });
  });
  it('given done with stderr apart, then its size, and whether it was cut by itself', () => {
    expect(parseState('done 0 exit 0 3 - - - - - - err=9,1')).toMatchObject({
      ...{ logSize: 3, errSize: 9 },
      result: { logTruncated: false, errTruncated: true },
    });
  });
  it('given done without process, then none is told', () => {
    expect(parseState('done 0 exit 0 0 - - - - - -')).toEqual({
      state: 'done',
      result: { exitCode: 0, why: 'exit', logTruncated: false, signals: [], survivors: [] },
      logSize: 0,
    });
  });
  it.each([
    ['running 5 66 boot 7', { state: 'running', pid: 5, startTime: '66', bootId: 'boot', logSize: 7 }],
    [
      'orphan 5 66 boot 7 err=8',
      { state: 'orphan', pid: 5, startTime: '66', bootId: 'boot', logSize: 7, errSize: 8 },
    ],
    ['lost reboot 7 err=0', { state: 'lost', why: 'reboot', logSize: 7, errSize: 0 }],
    ['lost reboot 7', { state: 'lost', why: 'reboot', logSize: 7 }],
    ['lost reboot 7 TERM - nets', { state: 'lost', why: 'reboot', logSize: 7 }],
    ['lost cancel 7', { state: 'lost', why: 'cancel', logSize: 7 }],
    [
      'lost cancel 7 TERM,KILL 9:sudo nets',
      {
        ...{ state: 'lost', why: 'cancel', logSize: 7 },
        ended: {
          ...{ why: 'cancel', signals: ['TERM', 'KILL'], containment: 'nets' },
          survivors: [{ pid: 9, command: 'sudo' }],
        },
      },
    ],
    ['absent base boot', { state: 'absent', baseId: 'base', bootId: 'boot' }],
    ['claimed', { state: 'claimed' }],
    ['tombstone', { state: 'tombstone' }],
  ])('given %s, then it is understood', (line, expected) => {
    expect(parseState(line)).toEqual(expected);
  });
  it.each([
    '',
    'done',
    'done x exit 0 0 - - - - - -',
    'done 0 success 0 0 - - - - - -',
    'done 0 cancel 0 0 - - - TERM - guess',
    'done 0 exit 0 0 - - - - -',
    'running 5',
    'running 5 66 boot 7 err=x',
    'claimed err=5',
    'done 0 exit 0 0 - - - - - - err=5',
    'done 0 exit 0 0 - - - - - - err=5,',
    'lost',
    'what',
  ])('given %j, then undefined and never a guess', (line) => {
    expect(parseState(line)).toBeUndefined();
  });
});

describe('parseEnd', () => {
  it('given our nonce, then size and state; given another, then undefined', () => {
    expect(parseEnd('abc end 5 revoked', 'abc')).toEqual({ size: 5, state: { state: 'revoked' } });
    expect(parseEnd('abd end 5 revoked', 'abc')).toBeUndefined();
    expect(parseEnd('abc end x revoked', 'abc')).toBeUndefined();
  });
});
