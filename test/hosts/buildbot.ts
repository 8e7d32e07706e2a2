/** A real Buildbot master in a folder of its own, with the step and the configuration of examples/buildbot. */
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/ssh/system-sshd.js';
import { until } from '../e2e/processes.js';

const run = promisify(execFile);
const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'buildbot');
/** Debian's: its modules are those of the system's Python. */
const BUILDBOT = '/usr/bin/buildbot';
const PYTHON = '/usr/bin/python3';

export const hasBuildbot = existsSync(BUILDBOT) && existsSync('/usr/bin/buildbot-worker');

/** Numbers as Buildbot has them in its database. */
export const results = { success: 0, failure: 2, exception: 4, cancelled: 6 } as const;

export interface Build {
  readonly id: number;
  readonly revision: string;
  readonly results: number | null;
  /** What its step says. */
  readonly said: string;
  readonly stepResults: number | null;
}

export interface Master {
  readonly out: () => string;
  readonly sendChange: (repository: string, branch: string, revision: string) => Promise<void>;
  readonly builds: () => Promise<readonly Build[]>;
  /** What the step of the build has written, with the kind of each line before it. */
  readonly logOf: (build: number) => Promise<string>;
  readonly close: () => Promise<void>;
}

const QUERY = `
import json, sqlite3, sys
db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=20)
db.row_factory = sqlite3.Row
print(json.dumps([dict(row) for row in db.execute(sys.argv[2], sys.argv[3:])]))
`;

const LOG = `
import bz2, gzip, sqlite3, sys, zlib
db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=20)
rows = db.execute('''select c.content, c.compressed from logchunks c join logs l on l.id = c.logid
  join steps s on s.id = l.stepid where s.buildid = ? and l.slug = 'stdio' order by c.first_line''', [sys.argv[2]])
for content, how in rows:
    text = zlib.decompress(content) if how == 1 else bz2.decompress(content) if how == 2 else content
    print(text.decode())
`;

/** Starts it; it is there when it takes changes. */
export const startMaster = async (folder: string, env: Readonly<Record<string, string>>): Promise<Master> => {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const environment = {
    ...{ PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8' },
    ...{ BUILDBOT_PB: `tcp:${port}:interface=127.0.0.1`, PYTHONDONTWRITEBYTECODE: '1', ...env },
  };
  await run(BUILDBOT, ['create-master', '--no-logrotate', '--force', folder], {
    cwd: folder,
    env: environment,
  });
  for (const name of ['master.cfg', 'runner_phase.py', 'baton_api.py'])
    copyFileSync(join(EXAMPLE, name), join(folder, name));
  const child = spawn(BUILDBOT, ['start', '--nodaemon', folder], {
    ...{ cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let err = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const file = join(folder, 'twistd.log');
  const out = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '') + err;
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
  };
  await until(
    'the master runs',
    () => {
      if (child.exitCode !== null) throw new Error(`the master did not start: ${out()}`);
      return out().includes('BuildMaster is running') ? true : undefined;
    },
    120_000,
  ).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  const database = join(folder, 'state.sqlite');
  const query = async (sql: string, ...values: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(PYTHON, ['-c', QUERY, database, sql, ...values])).stdout);

  return {
    out,
    sendChange: async (repository, branch, revision) => {
      const to = [
        '--master',
        `127.0.0.1:${port}`,
        '--auth',
        'change:changepw',
        '--who',
        'ada',
        '--vc',
        'git',
      ];
      const what = ['--repository', repository, '--branch', branch, '--revision', revision];
      await run(BUILDBOT, ['sendchange', ...to, ...what, '--comments', 'A change', 'a.txt'], {
        cwd: folder,
        env: environment,
      });
    },
    builds: async () =>
      (await query(`select b.id, ss.revision, b.results, s.state_string as said, s.results as stepResults
        from builds b join buildrequests br on br.id = b.buildrequestid
        join buildset_sourcestamps bs on bs.buildsetid = br.buildsetid
        join sourcestamps ss on ss.id = bs.sourcestampid
        left join steps s on s.buildid = b.id and s.name = 'unit' order by b.id`)) as readonly Build[],
    logOf: async (build) => (await run(PYTHON, ['-c', LOG, database, String(build)])).stdout,
    close,
  };
};
