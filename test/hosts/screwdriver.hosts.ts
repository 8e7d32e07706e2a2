/** Baton in the real API of Screwdriver 7.0.262: builds run on real sshds, and Screwdriver's own database says how they ended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRun, prepare, ScrewdriverWorld } from './screwdriver-world.js';

const yaml = (jobs: string): string => `shared:\n  image: node:20\njobs:\n${jobs}`;

describe.skipIf(!canRun)('Screwdriver with Baton as its executor [needs screwdriver]', () => {
  let world: ScrewdriverWorld;
  beforeAll(async () => {
    prepare();
    world = await ScrewdriverWorld.make();
    await world.start();
    await world.addRunner('r1');
  }, 600_000);
  afterAll(() => world.close());

  it('runs a chain of two jobs: steps, logs, exports, meta and statuses are there, and the second follows by itself', async () => {
    const pipeline = await world.pipeline(
      'chain',
      yaml(`  unit:
    requires: [~commit]
    environment: { GREETING: "hello 'there'" }
    steps:
      - first: export WHO=world && cd .. && echo first in "$(basename "$PWD")"
      - second: echo "$GREETING $WHO" && cat src/file && printf 'no end of line'
      - meta: printf '{"answer":42}' > "$SD_META_PATH"
      - teardown-tidy: echo tidy $WHO
  deploy:
    requires: [unit]
    steps:
      - ship: echo shipped
`),
    );
    const event = await world.event(pipeline);
    const [unit, deploy] = await world.ended(event, 2);
    expect([unit?.status, deploy?.status]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(unit?.steps.map(({ name, code }) => [name, code])).toEqual([
      ['sd-setup-init', 0],
      ['sd-setup-launcher', 0],
      ['sd-setup-scm', 0],
      ['first', 0],
      ['second', 0],
      ['meta', 0],
      ['teardown-tidy', 0],
    ]);
    for (const { name, startTime, endTime } of unit?.steps ?? [])
      expect([name, typeof startTime, typeof endTime]).toEqual([name, 'string', 'string']);
    expect(unit?.meta).toEqual({ answer: 42 });
    expect(await world.log(unit?.id ?? 0, 'second')).toEqual([
      "hello 'there' world",
      'from the source',
      'no end of line',
    ]);
    expect(await world.log(unit?.id ?? 0, 'teardown-tidy')).toEqual(['tidy world']);
    expect(await world.log(deploy?.id ?? 0, 'ship')).toEqual(['shipped']);
  });
});
