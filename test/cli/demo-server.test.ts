import { expect, it } from 'vitest';
import { withoutSettings } from '../../src/cli/demo/server.js';

it('the server of the demo gets the environment without any setting of Baton', () => {
  const env = { BATON_STORE: 'esdb://production', BATON_CONFIG: '/etc/baton.toml', PATH: '/bin', LANG: 'C' };
  expect(withoutSettings(env)).toEqual({ PATH: '/bin', LANG: 'C' });
});
