import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { progressOn } from '../../src/cli/progress.js';

const screen = (isTTY: boolean) => {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 30 }), text: () => text };
};

describe('the progress line', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('given no terminal, then nothing is written', () => {
    const { stream, text } = screen(false);
    const progress = progressOn(stream, () => 0);
    progress.say('verify: 0 of 3 phases ended');
    progress.close();
    expect(text()).toBe('');
  });

  it('given a terminal, then one line that is replaced, never longer than the terminal is wide', () => {
    const { stream, text } = screen(true);
    const progress = progressOn(stream, () => Date.now());
    progress.say('verify: a text that is longer than this terminal');
    vi.advanceTimersByTime(2000);
    progress.close();
    const lines = text().split('\r\u001b[2K');
    expect(lines.every((line) => line.length < 30 && !line.includes('\n'))).toBe(true);
    expect(lines.filter((line) => line.startsWith('verify')).length).toBe(3);
    expect(lines.at(-1)).toBe('');
  });

  it('given what is dangerous on a terminal, then it is shown, not obeyed', () => {
    const { stream, text } = screen(true);
    const progress = progressOn(stream, () => 0);
    progress.say('a\u001b]0;x');
    progress.close();
    expect(text()).not.toContain('\u001b]');
  });
});
