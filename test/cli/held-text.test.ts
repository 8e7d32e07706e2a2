import { expect, it } from 'vitest';
import { stillText } from '../../src/cli/held-text.js';

it.each([
  [{}, ''],
  [{ 0: 'aaaaaaaa-1', 2: 'aaaaaaaa-1' }, 'one job is still there: aaaaaaaa'],
  [
    { 0: 'aaaaaaaa-1', 1: 'bbbbbbbb-2', 2: '', 3: '' },
    '2 jobs are still there: aaaaaaaa, bbbbbbbb; others hold 2 slots',
  ],
  [{ 1: '' }, 'others hold one slot'],
])('given %j, then "%s": of jobs of others only the slots are counted', (current, text) => {
  expect(stillText(current)).toBe(text);
});
