/** What does the bench of the pages say where it cannot measure? */
import { describe, expect, it } from 'vitest';
import { webBench } from '../../bench/web.js';

describe('the bench of the pages', () => {
  it('given neither a browser nor an sshd, then it measures nothing and says how to install them', async () => {
    const { rows, goals } = await webBench(
      true,
      (program) => (program === 'sshd' ? 'apt-get install openssh-server' : undefined),
      false,
    );
    expect(rows).toEqual([]);
    expect(goals).toHaveLength(5);
    expect(goals.map(({ ratio, met }) => [ratio, met])).toEqual(goals.map(() => [null, null]));
    expect(
      goals.filter(({ name }) => name.includes('(not installed: apt-get install chromium)')),
    ).toHaveLength(4);
    expect(goals.at(-1)?.name).toContain('(not installed: apt-get install openssh-server)');
  });
});
