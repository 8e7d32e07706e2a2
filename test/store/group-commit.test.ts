/** Writes of one turn share a commit; when it fails, all that wait are told. */
import { describe, expect, it } from 'vitest';
import { unavailable } from '../../src/store/errors.js';
import { groupCommit, type Write } from '../../src/store/group-commit.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const recorder = (fails: () => boolean, flushed = () => Promise.resolve()) => {
  const said: string[] = [];
  const commits = groupCommit(
    async (work) => {
      work();
      await flushed();
      if (fails()) throw new Error('no');
      said.push('commit');
    },
    () => said.push('afterwards'),
    () => unavailable('io', 'it failed'),
  );
  const write = (name: string, bytes = 1): Write => ({
    bytes,
    work: () => {
      said.push(`work ${name}`);
      return () => said.push(`answer ${name}`);
    },
    fail: ({ code }) => said.push(`${code} ${name}`),
  });
  return { said, commits, write };
};

describe('group commit', () => {
  it('answers all writes of one turn after one commit, in order', async () => {
    const { said, commits, write } = recorder(() => false);
    commits.add(write('a'));
    commits.add(write('b'));
    await turn();
    expect(said).toEqual(['work a', 'work b', 'commit', 'answer a', 'answer b', 'afterwards']);
  });

  it('cuts a large group, and commits the rest in the next turn', async () => {
    const { said, commits, write } = recorder(() => false);
    commits.add(write('a', 4_000_000));
    commits.add(write('b', 1_000_000));
    await turn();
    expect(said).not.toContain('work b');
    await turn();
    await turn();
    expect(said.filter((one) => one === 'commit')).toHaveLength(2);
    expect(said).toContain('answer b');
  });

  it('tells all that wait when one commit fails, also those of later groups, then goes on', async () => {
    let fails = true;
    const { said, commits, write } = recorder(() => fails);
    commits.add(write('a', 4_000_000));
    commits.add(write('b', 4_000_000));
    await turn();
    expect(said).toEqual(['work a', 'store_unavailable a', 'store_unavailable b']);
    fails = false;
    commits.add(write('c'));
    await commits.drain();
    expect(said.at(-2)).toBe('answer c');
  });

  it('answers nobody before the flush, and gathers meanwhile what comes for the next group', async () => {
    let flush: () => void = () => undefined;
    const flushing: string[] = [];
    const { said, commits, write } = recorder(
      () => false,
      () =>
        new Promise((resolve) => {
          flush = resolve;
          flushing.push('flushing');
        }),
    );
    commits.add(write('a'));
    await turn();
    for (const name of ['b', 'c']) commits.add(write(name));
    await turn();
    expect([said, flushing]).toEqual([['work a'], ['flushing']]);
    flush();
    await turn();
    await turn();
    expect(said.slice(1)).toEqual(['commit', 'answer a', 'afterwards', 'work b', 'work c']);
    const drained = commits.drain();
    flush();
    await drained;
    expect(said.slice(-4)).toEqual(['commit', 'answer b', 'answer c', 'afterwards']);
  });
});
