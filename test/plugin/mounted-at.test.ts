import { describe, expect, it } from 'vitest';
import { apiBelow, pageBelow } from '../../plugin/mounted-at.js';

describe('a page below the path of a host', () => {
  it.each([
    ['/baton', '/baton/queue', undefined, '/queue'],
    ['/baton', '/baton/jobs/a%20b?tab=log', undefined, '/jobs/a%20b?tab=log'],
    ['/baton', '/baton/', undefined, '/'],
    ['/baton', '/baton/assets/index-1.js', undefined, '/assets/index-1.js'],
    ['/baton', '/baton/queue', '/ci/baton/queue', '/queue'],
    ['', '/queue', '/ci/baton/queue', '/queue'],
    ['', '/jobs/x?a=/', '/baton/jobs/x?a=/', '/jobs/x?a=/'],
    ['', '/', '/baton/', '/'],
  ])('given mount "%s", then %s (as %s came) is %s of the pages', (mount, url, original, page) => {
    expect(pageBelow(mount, url, original)).toEqual({ url: page });
  });

  it.each([
    ['/baton', '/baton', undefined, './baton/'],
    ['/baton', '/baton?at=7', '/ci/baton?at=7', './baton/?at=7'],
    ['/a/b', '/a/b', undefined, './b/'],
    ['', '/?at=7', '/baton?at=7', './baton/?at=7'],
    ['', '/', '//example.org', './example.org/'],
    ['', '/', '/javascript:x', './javascript:x/'],
  ])(
    'given mount "%s", then the first page without a slash, %s (as %s came), has moved to %s',
    (mount, url, original, to) => {
      expect(pageBelow(mount, url, original)?.moved).toBe(to);
    },
  );

  it.each([
    ['/baton', '/queue', undefined],
    ['/baton', '/batonic/queue', undefined],
    ['/baton', '/baton/login', undefined],
    ['/baton', '/baton/jobs', undefined],
    ['/baton', '/baton/favicon.ico', undefined],
    ['/baton', '/baton//', undefined],
    // nobody knows whether these are not the host's own
    ['', '/', undefined],
    ['', '/queue', undefined],
    ['', '/', '/'],
    ['', '/?a=1', '/?a=2'],
    ['', '/queue', '/queue?at=7'],
    ['', '/queue', '/other'],
    ['', '/queue', '/xqueue'],
    ['', '/assets/x.js', '/assets/x.js'],
  ])('given mount "%s", then %s (as %s came) goes on to the host', (mount, url, original) => {
    expect(pageBelow(mount, url, original)).toBeUndefined();
    expect(apiBelow(mount, url)).toBeUndefined();
  });
});
