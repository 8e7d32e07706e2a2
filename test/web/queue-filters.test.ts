import { describe, expect, it } from 'vitest';
import { chipsOf, filtersFrom, noFilters, tablesOf } from '../../src/web/queue/filters.js';
import { withParams } from '../../src/web/parts/params.js';

const fromAddress = (search: string) => {
  const params = new URLSearchParams(search);
  return filtersFrom((name) => params.get(name) ?? undefined);
};

describe('the filters of the queue', () => {
  it('are read from the address, without what is empty and what is none', () => {
    expect(fromAddress('q=+login+&stage=&project=web%20shop&at=7&explain=x')).toEqual({
      q: 'login',
      project: 'web shop',
    });
  });

  it('given that they are written into an address and read again, then they are the same', () => {
    const filters = { q: 'a&b=c', status: 'queued', reason: 'all_busy', runner: 'r/1' };
    const address = withParams('/queue', '?at=7&q=before', filters);
    expect(fromAddress(address.slice('/queue'.length))).toEqual(filters);
    expect(address).toContain('at=7');
  });

  it('given that they are cleared, then the rest of the address stays', () => {
    expect(withParams('/queue', 'q=a&project=b&stage=c&status=d&reason=e&runner=f&at=7', noFilters)).toBe(
      '/queue?at=7',
    );
  });

  it('are told in words', () => {
    expect(chipsOf({ status: 'unmatched', q: 'login', reason: 'all_busy', stage: 'verify' })).toEqual([
      { name: 'q', text: 'has “login”' },
      { name: 'stage', text: 'stage verify' },
      { name: 'status', text: 'no runner can ever match' },
      { name: 'reason', text: 'all are busy' },
    ]);
  });

  it.each([
    [{}, true, true],
    [{ q: 'login', project: 'shop' }, true, true],
    [{ status: 'active' }, true, false],
    [{ status: 'running' }, true, false],
    [{ status: 'assigned' }, true, false],
    [{ status: 'queued' }, false, true],
    [{ status: 'unmatched' }, false, true],
    [{ reason: 'all_busy' }, false, true],
    [{ runner: 'build-07' }, true, false],
    [{ status: 'running', reason: 'all_busy' }, false, false],
  ])(
    'given %j, then the table of what has a runner is there: %s, and that of what waits: %s',
    (filters, active, waiting) => {
      expect(tablesOf(filters)).toEqual({ active, waiting });
    },
  );
});
