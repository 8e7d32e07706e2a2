import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dispatcherId } from '../../src/app/dispatcher-id.js';

it('given one data folder, then it is the same dispatcher at each start; a copy of the folder is another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-dispatcher-'));
  const copy = `${folder}-copy`;
  const first = await dispatcherId(folder);
  expect(await dispatcherId(folder)).toBe(first);
  await cp(folder, copy, { recursive: true, preserveTimestamps: true });
  const other = await dispatcherId(copy);
  expect(other).not.toBe(first);
  expect(await dispatcherId(copy)).toBe(other);
  expect(await dispatcherId(folder)).toBe(first);
  await rm(folder, { recursive: true });
  await rm(copy, { recursive: true });
});
