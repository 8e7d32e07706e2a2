import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changePage } from '../../../plugin/hosts/standalone/change-page.js';
import { changes, type ChangesView } from '../../../plugin/hosts/standalone/changes.js';
import { cursorOf, type Page } from '../../../src/app/pages.js';
import type { ChangeFilter, ChangeView } from '../../../src/app/use-cases.js';
import { givenEvents, viewOf, type Given } from '../../given.js';

const opened = (id: string, project = 'web'): Given => ({
  stream: `change-${id}`,
  type: 'ChangeOpened',
  data: {
    scope: { enterprise: 'acme', organisation: 'shop', project },
    ...{ pipeline: 'main', branch: id, repository: '/git/web', title: `Title of ${id}` },
  },
});
const deleted = (id: string): Given => ({
  stream: `change-${id}`,
  type: 'ChangeDeleted',
  data: { patchset: 1 },
});

const pageOf = (
  view: ChangesView,
  filter: ChangeFilter,
  limit: number,
  cursor?: string,
): Page<ChangeView> => {
  const page = changePage(view, filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return E.isRight(page) ? page.right : expect.fail(page.left.message);
};
const ids = ({ items }: Page<ChangeView>): readonly string[] => items.map(({ id }) => id);
const onlyWeb = ({ project }: { readonly project: string }): boolean => project === 'web';

describe('pages of changes', () => {
  it('given three, then the one opened last comes first, and the last page has no next', () => {
    const view = viewOf(changes, givenEvents(opened('a'), opened('b'), opened('c')));
    const first = pageOf(view, {}, 2);
    expect(ids(first)).toEqual(['c', 'b']);
    const last = pageOf(view, {}, 2, first.next);
    expect(ids(last)).toEqual(['a']);
    expect(last).not.toHaveProperty('next');
    expect(pageOf(view, {}, 3)).not.toHaveProperty('next');
  });

  it('property: while changes come and go on, none that was there at the first page is missed or repeated', () => {
    const projects = fc.array(fc.constantFrom('web', 'api'), { maxLength: 30 });
    fc.assert(
      fc.property(
        projects,
        fc.nat(30),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom<ChangeFilter>({}, { project: 'web' }, { sees: onlyWeb }),
        (given, cut, limit, filter) => {
          const events = givenEvents(...given.map((project, i) => opened(`c${i}`, project)));
          const view = viewOf(changes, events.slice(0, cut));
          const there = ids(pageOf(view, filter, 1000));
          const seen: string[] = [];
          let later = cut;
          for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
            const page = pageOf(view, filter, limit, cursor);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...ids(page));
            cursor = page.next;
            for (const recorded of events.slice(later, later + 1)) changes.evolve(view, recorded);
            later += 1;
          }
          expect(seen).toEqual(there);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('given filters, then what fits all of them', () => {
    const view = viewOf(
      changes,
      givenEvents(opened('a'), opened('b', 'api'), opened('c'), opened('d'), deleted('c')),
    );
    expect(ids(pageOf(view, { project: 'web' }, 9))).toEqual(['d', 'c', 'a']);
    expect(ids(pageOf(view, { status: 'deleted' }, 9))).toEqual(['c']);
    expect(ids(pageOf(view, { project: 'web', status: 'open' }, 9))).toEqual(['d', 'a']);
    expect(ids(pageOf(view, { project: 'we' }, 9))).toEqual([]);
  });

  it('given the change that a page begins with no longer fits, then the page goes on behind it', () => {
    const events = givenEvents(opened('a'), opened('b'), opened('c'), deleted('b'));
    const view = viewOf(changes, events.slice(0, 3));
    const first = pageOf(view, { status: 'open' }, 1);
    for (const recorded of events.slice(3)) changes.evolve(view, recorded);
    expect(ids(pageOf(view, { status: 'open' }, 1, first.next))).toEqual(['a']);
  });

  it('given a page, then it is a copy: who changes it changes nothing here', () => {
    const view = viewOf(changes, givenEvents(opened('a')));
    Object.assign(pageOf(view, {}, 1).items[0] ?? {}, { title: 'mine' });
    expect(pageOf(view, {}, 1).items[0]?.title).toBe('Title of a');
  });

  it('given changes that may not be seen, then neither they nor their number are in a cursor', () => {
    const view = viewOf(
      changes,
      givenEvents(opened('a'), opened('hidden-1', 'api'), opened('b'), opened('hidden-2', 'api')),
    );
    const first = pageOf(view, { sees: onlyWeb }, 1);
    expect(ids(first)).toEqual(['b']);
    expect(first.next).toBe(cursorOf('changes', 'a'));
  });

  it.each([
    '!!',
    cursorOf('jobs', 'a'),
    cursorOf('changes'),
    cursorOf('changes', 0),
    cursorOf('changes', 'never'),
    cursorOf('changes', '__proto__'),
    cursorOf('changes', 'hidden'),
    Buffer.from('null').toString('base64url'),
  ])('given the cursor %s, which this list never gave this caller, then a refusal', (cursor) => {
    const view = viewOf(changes, givenEvents(opened('a'), opened('hidden', 'api')));
    const page = changePage(view, { sees: onlyWeb }, { cursor, limit: 1 });
    expect(E.isLeft(page) && [page.left.code, page.left.reason]).toEqual(['invalid', 'cursor_unusable']);
  });
});
