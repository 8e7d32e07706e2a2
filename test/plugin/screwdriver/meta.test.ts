import { describe, expect, it } from 'vitest';
import { firstMeta } from '../../../plugin/hosts/screwdriver/meta.js';

const who = { buildId: 7, jobId: 3, pipelineId: 4, jobName: 'unit', eventId: 8, sha: 'abc' };
const build = { buildId: '7', jobId: '3', pipelineId: '4', eventId: '8', jobName: 'unit', sha: 'abc' };

describe('firstMeta', () => {
  it('is what the event has, what the build has, and who it is', () => {
    const ofEvent = { a: { b: 1, c: [1, 2] }, build: { jobName: 'before', mine: true } };
    expect(firstMeta(ofEvent, { a: { c: [3], d: null }, e: 'f' }, who)).toEqual({
      a: { b: 1, c: [3], d: null },
      e: 'f',
      build: { ...build, mine: true },
    });
  });

  it('any name is a name', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":1}';
    const first = firstMeta(JSON.parse(text) as Record<string, unknown>, {}, who);
    expect(JSON.stringify(first)).toBe(`${text.slice(0, -1)},"build":${JSON.stringify(build)}}`);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
