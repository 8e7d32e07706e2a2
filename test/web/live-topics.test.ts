/** What the pages ask of the stream of updates, held against what the server takes. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { UpdatesQuery } from '../../src/http/codecs.js';
import { listOf, MOST_TOPICS, wantedOf } from '../../src/web/api/topics.js';

const runners = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `runner:r${i}`);
const isTaken = (topics: string | undefined): boolean =>
  E.isRight(UpdatesQuery.decode(topics === undefined ? {} : { topics }));

describe('what the pages ask of the stream of updates', () => {
  it('given as many topics as the server takes, then these', () => {
    const topics = ['queue', ...runners(MOST_TOPICS - 1)];
    expect(wantedOf(topics)).toBe(topics.join(','));
    expect(isTaken(wantedOf(topics))).toBe(true);
    expect(isTaken([...topics, 'changes'].join(','))).toBe(false);
  });

  it('given more, then their lists', () => {
    const wanted = wantedOf(['change:c1', 'queue', ...runners(MOST_TOPICS)]);
    expect(wanted).toBe('changes,queue,runners');
    expect(isTaken(wanted)).toBe(true);
  });

  it('given more with a job among them, which no list stands for, then everything', () => {
    const wanted = wantedOf(['job:0b7f2c1e', ...runners(MOST_TOPICS)]);
    expect(wanted).toBeUndefined();
    expect(isTaken(wanted)).toBe(true);
  });

  it.each([
    ['queue', 'queue'],
    ['runner:build-07', 'runners'],
    ['change:c1', 'changes'],
    ['job:j1', undefined],
  ])('given %s, then its list is %s', (topic, list) => {
    expect(listOf(topic)).toBe(list);
  });
});
