/** Keeping what changes often, in real files: how often it is written, and what becomes of it where it cannot be. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCheckpoints, type CheckpointStore } from '../../src/app/checkpoints.js';
import { keptSoon, type KeptSoon } from '../../src/app/kept-soon.js';
import { until } from '../e2e/processes.js';
import { makeReadOnly, mountSmall, skipped, unmount, whyNoMount } from '../store/small-disk.js';

let folder: string;
const open: KeptSoon[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-kept-soon-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((kept) => kept.close()));
  await rm(folder, { recursive: true });
});

const given = (directory: string, everyMs = 20) => {
  const store = fileCheckpoints(directory);
  const problems: string[] = [];
  const written: unknown[] = [];
  /** What is on disk was kept by now. */
  let kepts = 0;
  let view = { count: 0, filling: '' };
  const checkpoints: Pick<CheckpointStore, 'save'> = {
    save: (checkpoint) => {
      written.push(checkpoint.view);
      return store.save(checkpoint);
    },
  };
  const kept = keptSoon({
    checkpoints,
    state: () => ({ name: 'counts', version: 1, position: '', view }),
    everyMs,
    onKept: () => (kepts += 1),
    onProblem: (message) => problems.push(message),
  });
  open.push(kept);
  const change = (filling = ''): void => {
    view = { count: view.count + 1, filling };
    kept.soon();
  };
  const onDisk = async (): Promise<unknown> => {
    const loaded = await store.load('counts', 1)();
    return E.isRight(loaded) ? loaded.right?.view : loaded.left.code;
  };
  return { kept, change, problems, written, kepts: () => kepts, onDisk };
};

describe('what is kept soon', () => {
  it('is written once for many changes, as it is then, and nothing is written that has not changed', async () => {
    const { kept, change, written, kepts, onDisk } = given(folder);
    for (let i = 0; i < 100; i += 1) change();
    await until('it is kept', () => kepts() > 0 || undefined);
    expect(written).toEqual([{ count: 100, filling: '' }]);
    expect(await onDisk()).toEqual({ count: 100, filling: '' });
    await kept.close();
    expect(written).toHaveLength(1);
  });

  it('is written at once where that is asked for, and with its end, which writes no more afterwards', async () => {
    const { kept, change, written, onDisk } = given(folder, 3_600_000);
    await kept.now();
    expect(await onDisk()).toEqual({ count: 0, filling: '' });
    change();
    await kept.close();
    expect(await onDisk()).toEqual({ count: 1, filling: '' });
    expect(written).toHaveLength(2);
  });

  it('is never replaced by something older, however many write at a time', async () => {
    const { kept, change, written } = given(folder);
    const all: Promise<void>[] = [];
    for (let i = 0; i < 20; i += 1) {
      change();
      all.push(kept.now());
      if (i % 3 === 0) await all.at(-1);
    }
    await Promise.all(all);
    const counts = written.map((view) => (view as { readonly count: number }).count);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts.at(-1)).toBe(20);
  });

  it('given something in the way, then that is said once, and it is kept when it is out of the way, without another change', async () => {
    const directory = join(folder, 'in', 'here');
    await writeFile(join(folder, 'in'), 'in the way');
    const { kept, change, problems, written, kepts, onDisk } = given(directory);
    change();
    await until('it has failed twice', () => written.length >= 2 || undefined);
    expect(kept.problem()).toMatchObject({
      code: 'checkpoint_io',
      message: `checkpoint ${directory}/counts.jsonl could not be kept: ENOTDIR`,
    });
    expect(problems).toEqual([`${kept.problem()?.message}; it is tried again`]);
    expect(kepts()).toBe(0);
    await rm(join(folder, 'in'));
    await until('it is kept', () => kepts() > 0 || undefined);
    expect([await onDisk(), kept.problem()]).toEqual([{ count: 1, filling: '' }, undefined]);
    expect(problems.slice(1)).toEqual(['checkpoint counts is kept again']);
  });

  it('given that it could not be kept, then its end tries once more and is not held up by that', async () => {
    await writeFile(join(folder, 'in'), 'in the way');
    const { kept, change, written, kepts } = given(join(folder, 'in'), 3_600_000);
    change();
    await kept.close();
    expect([written.length, kepts(), kept.problem()?.code]).toEqual([1, 0, 'checkpoint_io']);
  });
});

describe('what is kept soon, by somebody who throws', () => {
  it.each(['state', 'onKept'] as const)(
    'given that %s throws, then that is a failure, and it is kept when it throws no more',
    async (which) => {
      const problems: string[] = [];
      let bad = true;
      let kepts = 0;
      const throwing = (name: typeof which): void => {
        if (bad && name === which) throw new Error(`no ${name}`);
      };
      const store = fileCheckpoints(folder);
      const kept = keptSoon({
        checkpoints: store,
        state: () => {
          throwing('state');
          return { name: 'counts', version: 1, position: '', view: { bad } };
        },
        everyMs: 20,
        onKept: () => {
          throwing('onKept');
          kepts += 1;
        },
        onProblem: (message) => problems.push(message),
      });
      open.push(kept);
      await kept.now();
      expect(kept.problem()?.message).toBe(`a checkpoint could not be kept: no ${which}`);
      expect(problems).toEqual([`a checkpoint could not be kept: no ${which}; it is tried again`]);
      bad = false;
      // without another change
      await until('it is kept', () => kepts > 0 || undefined);
      expect(await store.load('counts', 1)()).toMatchObject(E.right({ view: { bad: false } }));
      expect([problems.slice(1), kept.problem()]).toEqual([['checkpoint counts is kept again'], undefined]);
    },
  );
});

const why = await whyNoMount();

describe.skipIf(why !== undefined)(`on a disk of its own${skipped(why)}`, () => {
  afterEach(() => unmount(folder));

  it('given no room, then the last one stays whole, and with room again what came since is kept', async () => {
    await mountSmall(folder, 'size=1m');
    const { kept, change, problems, kepts, onDisk } = given(folder);
    change();
    await until('the first is kept', () => kepts() > 0 || undefined);
    await writeFile(join(folder, 'filler'), Buffer.alloc(900_000));
    change('x'.repeat(200_000));
    await until('it cannot be kept', () => kept.problem());
    expect(problems).toEqual([expect.stringMatching(/counts\.jsonl could not be kept: ENOSPC; it is tried/)]);
    expect(await onDisk()).toEqual({ count: 1, filling: '' });
    await rm(join(folder, 'filler'));
    await until('it is kept again', () => kepts() > 1 || undefined);
    expect(await onDisk()).toMatchObject({ count: 2 });
  });

  it('given that it may only be read, then that is the problem', async () => {
    await mountSmall(folder, 'size=1m');
    const { kept, change } = given(folder);
    await makeReadOnly(folder);
    change();
    expect((await until('it cannot be kept', () => kept.problem())).message).toMatch(/: EROFS$/);
  });
});
