/** What is asked of the stream of updates, which takes so many names and no more. */

/** As the API has it. */
export const MOST_TOPICS = 50;

const LISTS: Readonly<Record<string, string>> = { runner: 'runners', change: 'changes' };

/** `runner:x` is told as `runners`, too, when much has changed at once. A job has no list that is told of whenever it changes: undefined. */
export const listOf = (topic: string): string | undefined => {
  const [noun = '', id] = topic.split(':', 2);
  return id === undefined ? noun : LISTS[noun];
};

/** For `?topics=`: these, or their lists where there are too many; undefined, which is everything, where lists do not tell it all. */
export const wantedOf = (topics: readonly string[]): string | undefined => {
  if (topics.length <= MOST_TOPICS) return topics.join(',');
  const lists = topics.map(listOf);
  return lists.includes(undefined) ? undefined : [...new Set(lists)].join(',');
};
