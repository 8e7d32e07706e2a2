/** A rule of compatibility, with a real server, a real runner, and a package that is really installed there. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunnerStatus } from '../../src/app/evidence.js';
import { until } from './processes.js';
import { aWorld, onlyDeploy, type World } from './world.js';

const installed = (): string | undefined => {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', 'dpkg'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
};
const version = installed();
const RULE = 'toolchain packager >=1 needs engine >=1.5';

describe.skipIf(version === undefined)('toolchains on a machine with dpkg [needs machine]', () => {
  let world: World;
  beforeAll(async () => {
    world = await aWorld();
  });
  afterAll(() => world.close());

  const startWith = async (engine: string): Promise<void> => {
    const config = world.file(
      'baton.toml',
      `engine_version = "${engine}"
compatibility = ["${RULE}"]
[toolchains.packager]
package = "dpkg"
version = "1.2"
url = "https://packages.example.org/{name}_{version}_{architecture}.deb"
[toolchains.ghost]
package = "no-such-package"
`,
    );
    await world.start({}, 'error', ['--config', config]);
  };
  const runner = async (): Promise<RunnerStatus> =>
    (await world.ask('GET', '/runners/r1')).json() as RunnerStatus;
  const sentence = `The toolchain packager ${version} on r1 needs engine >=1.5; this engine is 1.4.2.`;

  it('given an engine that it gets along with, then the runner is ready, and shown with what is installed', async () => {
    await startWith('1.5');
    await world.addRunner('r1');
    expect(await runner()).toMatchObject({
      state: 'ready',
      attributes: { toolchains: { packager: version } },
    });
    const { out } = await world.baton('runner', 'show', 'r1');
    expect(out).toMatch(/^toolchains: +packager \S+$/m);
    expect(out).toContain(` packager ${version}\n`);
    expect(out).toMatch(/^compatibility +yes +every rule holds/m);
    expect((await world.ask('GET', '/toolchains')).json()).toMatchObject({
      toolchains: [
        { name: 'ghost', package: 'no-such-package' },
        { name: 'packager', package: 'dpkg', version: '1.2', install: false, sha256: {} },
      ],
      rules: [{ rule: RULE, builtIn: false }],
      engine: '1.5',
    });
  });

  it('given another engine after a restart, then its jobs wait, and everything that tells of them says why', async () => {
    await world.stop();
    await startWith('1.4.2');
    expect(await runner()).toMatchObject({
      state: 'unfit',
      incompatible: expect.stringContaining(sentence) as string,
    });
    const { id } = await world.submitted(world.aRepository('web', onlyDeploy('true')));
    const job = await until('there is a job', async () => (await world.jobsOf(id))[0]);
    const explained = await world.baton('job', 'explain', job.id);
    expect(explained.out).toContain(`r1 is unfit: ${sentence}`);
    await until('its reason is told in the queue', async () => {
      const { out } = await world.baton('queue');
      return out.includes(sentence) ? out : undefined;
    });
    const tested = await world.baton('runner', 'test', 'r1');
    expect(tested.code).not.toBe(0);
    expect(tested.out + tested.err).toContain(`The runner r1 was reached, but cannot run jobs: ${sentence}`);
    const config = world.file('config.json', '{"version": "2", "job_dispatch": {"version": "v2"}}');
    const checked = await world.baton('config', 'check', config, '--server');
    expect(checked.code).toBe(6);
    expect(checked.out).toContain(`unit: every matching runner breaks a rule of compatibility; ${sentence}`);

    await world.stop();
    await startWith('1.5');
    expect(await world.finished(id)).toMatchObject({ stages: [{ status: 'passed' }] });
  });
});
