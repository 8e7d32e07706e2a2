/** Rules for loading: whoever does not fit is told so at once, with everything that is wrong. */
import assert from 'node:assert/strict';
import { memoryHost } from './memory-host.js';
import type { ConformanceRule } from './subject.js';

export const loadRules: readonly ConformanceRule[] = [
  {
    title: 'a host of another major version of the contract is refused when it is loaded, with both versions',
    options: { slots: 0 },
    check: async (subject) => {
      for (const contract of ['0.9.0', '2.0.0', 'latest']) {
        const loaded = await subject.load(memoryHost({ contract }), {});
        assert.ok('problems' in loaded, contract);
        const [problem, ...others] = loaded.problems;
        assert.deepEqual([problem?.path, problem?.found, others], ['contract', contract, []]);
        assert.match(problem?.expected ?? '', /version \^1\.\d/);
      }
      const older = await subject.load(memoryHost({ contract: '1.0.0', capabilities: [] }), {});
      assert.ok('plugin' in older, JSON.stringify(older));
      assert.deepEqual([...older.plugin.health().missing].sort(), [
        ...['cancel', 'http.mount', 'logs.stream', 'secrets', 'supersede'],
      ]);
    },
  },
  {
    title: 'options of unknown names and wrong types are refused all at once, each with its path',
    options: { slots: 0 },
    check: async (subject) => {
      const loaded = await subject.load(memoryHost(), {
        ...{ colour: 'green', maxQueued: 'many', data: 7, repositoryRoots: ['/ok', 'below'] },
        ...{ logPatienceMs: -1, authenticate: 'everybody' },
      });
      assert.ok('problems' in loaded);
      assert.deepEqual(loaded.problems.map(({ path }) => path).sort(), [
        ...['authenticate', 'colour', 'data', 'logPatienceMs', 'maxQueued', 'repositoryRoots[1]'],
      ]);
      for (const { expected, found } of loaded.problems) assert.ok(expected !== '' && found !== '');
    },
  },
];
