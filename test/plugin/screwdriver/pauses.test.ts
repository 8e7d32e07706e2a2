import { expect, it } from 'vitest';
import { pauses } from '../../../plugin/hosts/screwdriver/pauses.js';

it('pauses take their time, until everything ends; one begun afterwards takes none', async () => {
  const { pause, end } = pauses();
  const began = performance.now();
  await pause(20);
  // a timer may be early by a part of a millisecond
  expect(performance.now() - began).toBeGreaterThan(18);
  const all = [pause(3_600_000), pause(3_600_000)];
  end();
  await Promise.all([...all, pause(3_600_000)]);
});
