import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filtersFrom as changesFrom } from '../../src/web/changes/filters.js';
import {
  chipsOf,
  countedBy,
  filtersFrom,
  filtersOf,
  momentOf,
  noFilters,
} from '../../src/web/history/filters.js';
import {
  instantOf,
  kindOfMoment,
  localOf,
  millisOf,
  millisOfLocal,
  stepFrom,
} from '../../src/web/parts/moments.js';
import { momentText, whyNoMoment } from '../../src/web/shell/moment-text.js';
import { withParams } from '../../src/web/parts/params.js';

const reader = (search: string) => (name: string) => new URLSearchParams(search).get(name) ?? undefined;

describe('filters of history', () => {
  it('are read from an address and written to one, and come to the same', () => {
    const filters = { project: 'web shop', outcome: 'lost', since: '2026-01-31T12:00:00+01:00' };
    const address = withParams('/history', 'by=runner', filters);
    expect(filtersFrom(reader(address.split('?')[1] ?? ''))).toEqual(filters);
  });

  it('are taken out together, and what else is chosen stays', () => {
    const search = 'project=web&job=0b7f2c1e&at=4711&by=runner';
    expect(withParams('/history', search, noFilters)).toBe('/history?at=4711&by=runner');
  });

  it('that are empty or unknown are none', () => {
    expect(filtersFrom(reader('project=+&colour=red'))).toEqual({});
    expect(changesFrom(reader('status=nonsense&project=web'))).toEqual({ project: 'web' });
    expect(countedBy('nonsense')).toBeUndefined();
  });

  it('that have no field are shown as chips', () => {
    expect(chipsOf({ project: 'web', change: '0b7f2c1e-0000', stage: 'build' })).toEqual([
      { name: 'stage', text: 'stage build' },
      { name: 'change', text: 'change 0b7f2c1e' },
    ]);
  });

  it('lead from a line of a summary to its attempts', () => {
    expect(filtersOf('runner', 'build-07')).toEqual({ runner: 'build-07' });
    expect(filtersOf('project', 'acme/shop/web')).toEqual({
      ...{ enterprise: 'acme', organisation: 'shop', project: 'web' },
    });
    expect(filtersOf('runner', '')).toBeUndefined();
  });

  it('lead from a row to the moment at which it began, as far as it came', () => {
    const row = {
      ...{ jobId: 'j', attempt: 0, phaseRunId: 'p', enterprise: 'e', organisation: 'o', project: 'p' },
      ...{ pipeline: 'm', stage: 's', phase: 'unit', label: '', queuedAt: 'queued' },
    };
    expect(momentOf(row).at).toBe('queued');
    expect(momentOf({ ...row, endedAt: 'ended' }).at).toBe('ended');
    expect(momentOf({ ...row, assignedAt: 'assigned', startedAt: 'started', endedAt: 'ended' }).at).toBe(
      'started',
    );
  });
});

describe('moments', () => {
  const zone = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Kolkata';
  });
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  const noon = Date.UTC(2026, 0, 31, 12);

  it('are chosen in the zone of who looks and kept in UTC', () => {
    expect(localOf(noon)).toBe('2026-01-31 17:30:00');
    expect(instantOf(millisOfLocal('2026-01-31T17:30') ?? 0)).toBe('2026-01-31T12:00:00Z');
    expect(millisOfLocal(' 2026-01-31 17:30:00 ')).toBe(noon);
    expect(millisOfLocal(localOf(noon))).toBe(noon);
    expect(instantOf(millisOfLocal('2026-01-31') ?? 0)).toBe('2026-01-30T18:30:00Z');
  });

  it('are taken with the zone that is written with them, and not before they are written to their end', () => {
    expect(millisOfLocal('2026-01-31T13:00:00+01:00')).toBe(noon);
    for (const text of ['', 'soon', '2026-01-31 17:', '31.01.2026', '2026-02-30', '2026-01-31 25:00'])
      expect(millisOfLocal(text), text).toBeUndefined();
  });

  it('are instants, positions or the beginning; anything else names none', () => {
    expect(['start', '4711', '12/34', '2026-01-31T12:00:00Z'].map(kindOfMoment)).toEqual([
      ...['start', 'position', 'position', 'instant'],
    ]);
    expect(['nonsense', '2026-01-31', '12/'].map(kindOfMoment)).toEqual([undefined, undefined, undefined]);
    expect(['start', '4711', '2026-01-31T12:00:00Z'].map(momentText)).toEqual([
      ...['the beginning', 'position 4711', '2026-01-31 17:30:00'],
    ]);
  });

  it('cannot be shown when they name none or have not come, as far as the clock of the server is known', () => {
    expect(whyNoMoment('nonsense', noon)).toContain('nonsense');
    expect(whyNoMoment('2026-01-31T12:01:00Z', noon)).toContain('not come yet');
    for (const at of ['2026-01-31T12:00:01Z', '2026-01-31T11:00:00Z', 'start', '4711'])
      expect(whyNoMoment(at, noon), at).toBeUndefined();
  });

  it('are instants; a position is none', () => {
    expect(millisOf('2026-01-31T13:00:00+01:00')).toBe(noon);
    for (const at of ['4711', 'start', '2026', undefined]) expect(millisOf(at)).toBeUndefined();
  });

  it('are stepped through from the one shown, from now when none is, and never beyond now', () => {
    expect(stepFrom('2026-01-31T11:00:00Z', 600_000, noon)).toBe('2026-01-31T11:10:00Z');
    expect(stepFrom(undefined, -600_000, noon)).toBe('2026-01-31T11:50:00Z');
    expect(stepFrom('2026-01-31T11:30:00Z', 3_600_000, noon)).toBeUndefined();
    expect(stepFrom('4711', -600_000, noon)).toBeNull();
  });
});
