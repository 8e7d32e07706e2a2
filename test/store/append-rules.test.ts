/** The memory of recent ids is bounded; what it forgot is appended anew, as after a restart. */
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/store/append-rules.js';
import type { StreamIndex } from '../../src/store/event-log.js';
import { recentIds } from '../../src/store/recent-ids.js';

const index: StreamIndex = {
  lastOf: () => ({ revision: 1, position: 7 }),
  idAt: (_, revision) =>
    revision <= 1 ? { id: `id-${String(revision)}`, position: 6 + revision } : undefined,
  keptOf: () => undefined,
};

describe('a repeat', () => {
  it('with any is recognised while its id is remembered, and written again once it is forgotten', () => {
    const recent = recentIds(1);
    recent.add('a-1', 'id-0', { revision: 0, position: 6 });
    expect(judge('a-1', ['id-0'], 'any', index, recent).kind).toBe('answered');
    recent.add('a-1', 'id-1', { revision: 1, position: 7 });
    recent.add('b-1', 'id-0', { revision: 0, position: 8 });
    expect(judge('a-1', ['id-0'], 'any', index, recent)).toEqual({ kind: 'write', revision: 2 });
  });

  it('with an exact revision needs no memory', () => {
    expect(judge('a-1', ['id-1'], 0, index, recentIds())).toEqual({
      kind: 'answered',
      appended: { revision: 1, position: '7' },
    });
  });
});
