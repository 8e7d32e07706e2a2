/** Does `baton demo` show all that it promises, and leave nothing behind? */
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeView } from '../../src/app/use-cases.js';
import { gitIn } from '../source/given-repository.js';
import { serveProcess, type ServedProcess } from '../store/esdb-process.js';
import { openIn } from '../store/sqlite-tools.js';
import { processesOf, until } from './processes.js';
import { begin } from './program.js';

let folder = '';
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-e2e-demo-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('baton demo', () => {
  it('given nothing, then a reason to wait, a cancel, a complete log, the history, and no trace left', async () => {
    // what a shell may say of a server in production is not meant for a demo
    const shell = {
      BATON_STORE: 'esdb://127.0.0.1:1?tls=false',
      BATON_CONFIG: '/nowhere',
      BATON_DATA: '/dev/null',
    };
    const demo = begin(folder, ['demo'], shell);
    const seen = await until(
      'the demo has processes in its folder',
      async () => {
        const found = await processesOf(folder);
        return found.length > 0 ? found : demo.child.exitCode === null ? undefined : [];
      },
      30_000,
    );
    const { code, out, err } = await demo.done;
    expect([code, err]).toEqual([0, '']);

    expect(out).toMatch(/^waiting: unit \(platform_family=rhel\): no enrolled runner can ever match/m);
    expect(out).toMatch(/^cancelled: cancelled by admin: process ended by/m);
    expect(out).toContain('its log has 30 of 30 lines, in order: yes; attempts: 1');
    const history = out.slice(out.indexOf('JOB ')).trimEnd().split('\n');
    expect(history[0]).toMatch(/^JOB +ATTEMPT +OUTCOME /);
    const outcomes = history.slice(1).map((row) => row.trim().split(/ +/)[2]);
    expect(outcomes.filter((outcome) => outcome === 'cancelled')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'succeeded')).toHaveLength(outcomes.length - 1);
    // three changes with lint, syntax and unit on two platform families; one of them through Build and Acceptance too
    expect(outcomes).toHaveLength(3 * 4 + 5 + 2);
    expect(out).toMatch(/^master is now [0-9a-f]{12}: Merge describe-usage into master$/m);
    expect(out).toContain('Next, one could: deliver, rerun-acceptance.');

    // without processes before there would be nothing to compare with
    expect(seen.length).toBeGreaterThan(0);
    await until('no process of the demo is left', async () =>
      (await processesOf(folder)).length === 0 ? true : undefined,
    );
    expect(await readdir(folder)).toEqual([]);
  }, 300_000);

  it('given a reader that goes away, then it ends well, and no process and no folder is left', async () => {
    const demo = begin(folder, ['demo', '--keep']);
    await until('a runner is enrolled', () => (demo.out().includes('is ready') ? true : undefined), 90_000);
    demo.child.stdout?.destroy();
    expect((await demo.done).code).toBe(0);
    await until('no process of the demo is left', async () =>
      (await processesOf(folder)).length === 0 ? true : undefined,
    );
    expect(await readdir(folder)).toEqual([]);
  }, 300_000);

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'given a job that runs, when %s comes in the middle of it, then the job is ended, and no process and no folder is left',
    async (signal) => {
      const demo = begin(folder, ['demo']);
      await until(
        'the long job runs',
        () => (/ runs on .*alive: yes/.test(demo.out()) ? true : undefined),
        90_000,
      );
      demo.child.kill(signal);
      const { code, err } = await demo.done;
      expect([code, err]).toEqual([
        1,
        'The demo failed: it was ended before its end; nothing of it is left.\n',
      ]);
      expect(await processesOf(folder)).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    },
    300_000,
  );

  it('given --keep, when told to stop, then no process and no folder is left', async () => {
    const demo = begin(folder, ['demo', '--keep']);
    await until(
      'the demo waits for Ctrl-C',
      () => (demo.out().includes('goes on until') ? true : undefined),
      90_000,
    );
    expect(demo.out()).toMatch(/^Its pages are at http:\/\/127\.0\.0\.1:\d+\/ and ask for a token/m);
    const listed = await begin(folder, ['change', 'list', '--json'], keptEnvironment(demo.out())).done;
    expect(listed.code).toBe(0);
    const { items } = JSON.parse(listed.out) as { items: readonly ChangeView[] };
    expect(items).toHaveLength(3);
    const merged = items.filter(({ status }) => status === 'merged');
    expect(merged.map(({ branch }) => branch)).toEqual(['describe-usage']);
    const repository = /^Everything of this demo is in (.*)\.$/m.exec(demo.out())?.[1] ?? '';
    const branches = gitIn(join(repository, 'project.git'), [
      ...['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads'],
    ]).split('\n');
    expect(branches).toContain(`master ${merged[0]?.merge?.sha ?? ''}`);
    expect(branches.map((line) => line.split(' ')[0])).toEqual(['count', 'master', 'soak-test']);
    demo.child.kill('SIGINT');
    expect((await demo.done).code).toBe(0);
    await until('no process of the demo is left', async () =>
      (await processesOf(folder)).length === 0 ? true : undefined,
    );
    expect(await readdir(folder)).toEqual([]);
  }, 300_000);
});

describe('baton demo --store', () => {
  let beside = '';
  let node: ServedProcess;
  beforeEach(async () => {
    beside = await realpath(await mkdtemp(join(tmpdir(), 'baton-e2e-demo-node-')));
    node = await serveProcess(beside);
  });
  afterEach(async () => {
    await node.end();
    await rm(beside, { recursive: true, force: true });
  });

  it('given a server without events, then it leaves nothing but events there, is refused a second time, and shows the password to nobody', async () => {
    const address = node.address.replace('://', '://somebody:pass%20word@');
    const demo = begin(folder, ['demo', '--store', address]);
    const served = await until(
      'the demo has a server',
      async () => (await processesOf(folder)).find(({ command }) => command.includes(' serve ')),
      30_000,
    );
    expect(served.command).not.toContain('esdb:');
    const { code, out, err } = await demo.done;
    expect([code, err]).toEqual([0, expect.stringMatching(/^user and password are not sent .*\n$/)]);
    expect(out).toContain('its log has 30 of 30 lines, in order: yes; attempts: 1');
    await until('no process of the demo is left', async () =>
      (await processesOf(folder)).length === 0 ? true : undefined,
    );
    expect(await readdir(folder)).toEqual([]);

    const again = await begin(folder, ['demo', '--store', address]).done;
    expect([again.code, again.out]).toEqual([1, '']);
    expect(again.err).toContain(`but that at ${node.address} holds some.`);
    expect(again.err).toContain('baton store serve --data NEWDIR');
    expect(`${out}${err}${again.err}`).not.toMatch(/pass.{1,3}word/);
    expect(await readdir(folder)).toEqual([]);

    await node.end();
    const store = await openIn(join(beside, 'store'));
    const ended = await store.head({ typePrefixes: ['JobSucceeded'] })();
    await store.close();
    expect(ended).toMatchObject({ right: { event: { type: 'JobSucceeded' } } });
  }, 300_000);

  it('given a mistyped address, then it is refused as a mistake of the command line, without what stands before the @', async () => {
    const { code, out, err } = await begin(folder, ['demo', '--store', 'esbd://me:secret@host:2113']).done;
    expect([code, out]).toEqual([64, '']);
    expect(err).toContain('--store: expected sqlite, or the address of a server');
    expect(err).not.toContain('secret');
    expect(await readdir(folder)).toEqual([]);
  });
});

/** What the demo prints for the person's own terminal. */
const keptEnvironment = (out: string): Readonly<Record<string, string>> => {
  const [, url = '', token = ''] = /BATON_URL=(\S+) BATON_TOKEN=(\S+)/.exec(out) ?? [];
  return { BATON_URL: url, BATON_TOKEN: token };
};
