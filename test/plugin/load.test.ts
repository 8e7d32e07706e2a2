import { describe, expect, it } from 'vitest';
import type { Plugin, PluginModule } from '../../plugin/contract.js';
import baton, { CONTRACT_VERSION, loadPlugin } from '../../plugin/index.js';
import { memoryHost } from '../../plugin/testing.js';

const options = { host: 'memory', data: '/nowhere/baton' };

const asking = (contract: string, requires: PluginModule<null>['requires'] = []): PluginModule<null> => ({
  meta: { name: 'sample', version: '1.2.3', contract },
  requires,
  parseOptions: () => ({ options: null }),
  register: () => Promise.resolve({} as Plugin),
});

describe('loadPlugin', () => {
  it('given a host and options that fit, then the plugin is registered and nothing is opened', async () => {
    const loaded = await loadPlugin(baton, memoryHost(), options);
    expect('plugin' in loaded && loaded.plugin.health()).toMatchObject({ ok: false, state: 'registered' });
  });

  it.each([
    ['^1.0', '1.0.0'],
    ['^1.0', '1.7.3'],
    ['^1.2 || ^2.0', '2.1.0'],
  ])('given a plugin for contract %s, then a host that speaks %s may load it', async (range, version) => {
    expect(await loadPlugin(asking(range), memoryHost({ contract: version }), null)).toHaveProperty('plugin');
  });

  it.each([
    ['^1.0', '2.0.0'],
    ['^1.2', '1.1.9'],
    ['^1.0', 'one'],
    ['^1.0', ''],
  ])(
    'given a plugin for contract %s, then a host that speaks %s is refused with both',
    async (range, version) => {
      const loaded = await loadPlugin(asking(range), memoryHost({ contract: version }), null);
      expect(loaded).toMatchObject({ problems: [{ path: 'contract', found: version }] });
      expect(JSON.stringify(loaded)).toContain(range);
    },
  );

  it('given a host that lacks what the plugin requires, then it is told what is missing', async () => {
    const host = memoryHost({ capabilities: ['cancel'] });
    expect(await loadPlugin(asking('^1.0', ['cancel', 'secrets', 'supersede']), host, null)).toMatchObject({
      problems: [{ path: 'requires', found: 'one that lacks secrets, supersede' }],
    });
  });

  it('looks at the contract first: what is required of another contract means nothing', async () => {
    const host = memoryHost({ contract: '9.0.0', capabilities: [] });
    const loaded = await loadPlugin(asking('^1.0', ['secrets']), host, null);
    expect('problems' in loaded && loaded.problems.map(({ path }) => path)).toEqual(['contract']);
  });

  it('given a host that lacks what is only wanted, then health says so', async () => {
    const loaded = await loadPlugin(baton, memoryHost({ capabilities: ['cancel'] }), options);
    expect('plugin' in loaded && loaded.plugin.health().missing).toEqual([
      'supersede',
      'secrets',
      'http.mount',
      'logs.stream',
    ]);
  });
});

describe('the module baton', () => {
  it.each(['1.0.0', '1.1.0', CONTRACT_VERSION])(
    'understands a host that speaks version %s of the contract',
    async (contract) => {
      expect(await loadPlugin(baton, memoryHost({ contract }), options)).toHaveProperty('plugin');
    },
  );

  it.each(['^1.0', '~1.4', '^1.1 || ^2.0'])('speaks a version that fits who asks for %s', async (range) => {
    expect(await loadPlugin(asking(range), memoryHost(), null)).toHaveProperty('plugin');
  });

  it('refuses a host of another contract also when it is registered without loadPlugin', async () => {
    const parsed = baton.parseOptions(options);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    await expect(baton.register(memoryHost({ contract: '2.0.0' }), parsed.options)).rejects.toThrow(
      /\^1\.0.*2\.0\.0/,
    );
  });

  it('names its own version', () => {
    expect(baton.meta.version).toMatch(/^\d+\.\d+\.\d+/);
  });
});
