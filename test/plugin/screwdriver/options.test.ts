import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../plugin/hosts/screwdriver/options.js';

const good = { data: '/var/lib/baton', keyFile: '/etc/baton/operator.key' };

describe('parseOptions of the executor for Screwdriver', () => {
  it('given only a folder and a key, beside what the API adds, the rest has defaults', () => {
    const api = { ecosystem: { api: 'http://sd.example.org' }, pipelineFactory: {} };
    expect(parseOptions({ ...good, ...api })).toMatchObject({
      right: {
        ...good,
        host: 'screwdriver',
        enterprise: 'default',
        buildTimeoutMinutes: 90,
        maxQueued: 1000,
      },
    });
  });

  it('everything that is wrong is said at once, each with its path', () => {
    const parsed = parseOptions({
      ...{ data: 'relative', keyfile: '/x', listen: '0.0.0.0:80', storeUri: 'https://u:p@store.example.org' },
      ...{ buildTimeoutMinutes: '90', logLevel: 'loud', enterprise: 'a b', tokenFile: 7 },
    });
    const problems = parsed._tag === 'Left' ? parsed.left : [];
    expect(problems.map(({ path }) => path).sort()).toEqual(
      [
        ...['buildTimeoutMinutes', 'data', 'enterprise', 'keyFile', 'keyfile', 'listen', 'logLevel'],
        ...['storeUri', 'tokenFile'],
      ].sort(),
    );
    expect(problems.find(({ path }) => path === 'keyfile')?.mend).toBe('write "keyFile"');
  });

  it('a usual time that is more than the longest is refused', () => {
    const parsed = parseOptions({ ...good, buildTimeoutMinutes: 100, maxBuildTimeoutMinutes: 50 });
    expect(parsed).toMatchObject({
      left: [{ path: 'buildTimeoutMinutes', expected: 'at most maxBuildTimeoutMinutes, 50' }],
    });
  });

  it.each([undefined, null, 'text', [good]])('%j are no options', (raw) => {
    expect(parseOptions(raw)).toMatchObject({ left: [{ path: '', expected: 'an object with options' }] });
  });
});
