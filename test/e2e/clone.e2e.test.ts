/** Do jobs whose source comes by the git of the runner run the very commit, in Verify and after the merge? */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { aWorld, type World } from './world.js';

const HEAD = 'git rev-parse HEAD && git log --oneline | wc -l && test -f .delivery/config.json';
const KEY = 'canary of a private key';

let world: World;

beforeAll(async () => {
  world = await aWorld();
  await world.start({ BATON_SOURCE: 'clone' });
  await world.addRunner('r1');
  await world.ask('POST', '/secrets', { ref: 'default/default/project/GIT_SSH_KEY', value: KEY });
});
afterAll(() => world.close());

describe('given --source clone', () => {
  it('then Verify runs the merge that exists nowhere else, and Build the merge that has landed', async () => {
    const repository = world.aRepository('project', {
      commands: {
        unit: HEAD,
        lint: 'ls .git/baton-key 2>&1; echo "key: ${GIT_SSH_KEY-none}"',
        syntax: 'true',
      },
      config: {
        version: '2',
        job_dispatch: { version: 'v2' },
        skip_phases: ['quality', 'security', 'publish', 'provision', 'deploy', 'smoke', 'functional'],
        baton: { secrets: { default: ['GIT_SSH_KEY'] } },
      },
    });
    const request = { repository, branch: 'feature', target: 'main', project: 'project' };
    const { id, sha } = (await world.ask('POST', '/changes', request)).json() as ChangeView;
    const verified = await world.finished(id);
    expect(verified.stages.map(({ status }) => status)).toEqual(['passed']);

    const logsOf = async (phase: string): Promise<readonly string[]> =>
      Promise.all(
        (await world.jobsOf(id))
          .filter((job) => job.phase === phase)
          .map(async (job) => (await world.ask('GET', `/jobs/${job.id}/log`)).bytes.toString()),
      );
    expect(await logsOf('unit')).toEqual([expect.stringMatching(new RegExp(`^${sha}\\n\\s*3\\n$`))]);
    expect((await logsOf('lint')).join('')).toMatch(/No such file.*\nkey: none\n$/);

    await world.ask('POST', `/changes/${id}/approve`);
    const built = await world.finished(id);
    expect(built.stages.map(({ stage, status }) => [stage, status])).toEqual([
      ['verify', 'passed'],
      ['build', 'passed'],
      ['acceptance', 'passed'],
    ]);
    expect((await logsOf('unit')).map((log) => log.split('\n')[0])).toEqual([sha, sha]);
  });
});
