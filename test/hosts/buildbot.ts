/** A real Buildbot master in a folder of its own, with the step and the configuration of examples/buildbot. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/ssh/system-sshd.js';
import { until } from '../e2e/processes.js';

const run = promisify(execFile);
const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'buildbot');
const DOOR = join(EXAMPLE, 'testing', 'door.py');
/** Debian's: its modules are those of the system's Python. */
const BUILDBOT = '/usr/bin/buildbot';
const PYTHON = '/usr/bin/python3';

export const hasBuildbot = existsSync(BUILDBOT) && existsSync('/usr/bin/buildbot-worker');

/** Numbers as Buildbot has them in its database. */
export const results = {
  ...{ success: 0, failure: 2, skipped: 3, exception: 4, retry: 5, cancelled: 6 },
} as const;

export interface Build {
  readonly id: number;
  readonly request: number;
  readonly revision: string;
  readonly results: number | null;
  /** What its step says; null before it begins. */
  readonly said: string | null;
  readonly stepResults: number | null;
}

/** What was asked for, before and after it has a build. */
export interface Request {
  readonly id: number;
  readonly revision: string;
  readonly complete: 0 | 1;
  /** Of use when it is complete; `skipped`: Buildbot has collapsed it into a newer one. */
  readonly results: number | null;
  readonly change: number | null;
}

/** What a person does in the pages of Buildbot, and changes that come in one moment. */
export type Deed =
  | { readonly do: 'stop' | 'rebuild'; readonly build: number }
  | { readonly do: 'force'; readonly builder: string; readonly stamp: Readonly<Record<string, unknown>> }
  | {
      readonly do: 'changes';
      readonly repository: string;
      readonly branch: string;
      readonly revisions: readonly string[];
    };

export interface Master {
  /** All that it wrote, also in earlier runs. */
  readonly out: () => string;
  /** Resolves when it takes changes. */
  readonly start: () => Promise<void>;
  /** SIGTERM is what `buildbot stop` sends; resolves when the process is gone. */
  readonly stop: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Reads its configuration anew, while builds go on. */
  readonly reconfig: () => Promise<void>;
  readonly sendChange: (repository: string, branch: string, revision: string) => Promise<void>;
  readonly does: (deed: Deed) => Promise<void>;
  readonly builds: () => Promise<readonly Build[]>;
  readonly requests: (branch: string) => Promise<readonly Request[]>;
  /** What the step of the build has written, with the kind of each line before it. */
  readonly logOf: (build: number) => Promise<string>;
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

const STAMP = `join buildset_sourcestamps bs on bs.buildsetid = br.buildsetid
  join sourcestamps ss on ss.id = bs.sourcestampid`;

/** `more`: Python behind the configuration of the example. */
export const aMaster = async (
  folder: string,
  env: Readonly<Record<string, string>>,
  more = '',
): Promise<Master> => {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const environment = {
    ...{ PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8' },
    ...{ BUILDBOT_PB: `tcp:${port}:interface=127.0.0.1`, PYTHONDONTWRITEBYTECODE: '1', ...env },
  };
  const options = { cwd: folder, env: environment };
  await run(BUILDBOT, ['create-master', '--no-logrotate', '--force', folder], options);
  const parts = readdirSync(EXAMPLE).filter((name) => name === 'master.cfg' || name.endsWith('.py'));
  for (const part of [...parts.map((name) => join(EXAMPLE, name)), DOOR])
    copyFileSync(part, join(folder, basename(part)));
  const door = `from door import Door  # noqa: E402\nc['services'] = [Door(path='door.sock')]\n`;
  appendFileSync(join(folder, 'master.cfg'), `\n${door}${more}`);

  let child: ChildProcess | undefined;
  let err = '';
  const file = join(folder, 'twistd.log');
  const out = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '') + err;
  /** Waits for a sentence that it has not written before. */
  const writes = async (sentence: string, before: number): Promise<void> => {
    await until(
      `the master writes: ${sentence}`,
      () => {
        if (child === undefined || child.exitCode !== null)
          throw new Error(`the master does not run: ${out()}`);
        return out().slice(before).includes(sentence) ? true : undefined;
      },
      120_000,
    );
  };
  const stop: Master['stop'] = async (signal) => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('close', resolve));
    running.kill(signal);
    await gone;
  };

  const database = join(folder, 'state.sqlite');
  const query = async (sql: string, ...values: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(PYTHON, ['-c', QUERY, database, sql, ...values])).stdout);

  return {
    ...{ out, stop },
    start: async () => {
      const before = out().length;
      const started = spawn(BUILDBOT, ['start', '--nodaemon', folder], {
        ...{ ...options, stdio: ['ignore', 'pipe', 'pipe'] },
      });
      child = started;
      started.stdout.resume();
      started.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      await writes('BuildMaster is running', before).catch(async (error: unknown) => {
        await stop('SIGKILL');
        throw error;
      });
    },
    reconfig: async () => {
      const before = out().length;
      child?.kill('SIGHUP');
      await writes('configuration update complete', before);
    },
    sendChange: async (repository, branch, revision) => {
      const to = ['--master', `127.0.0.1:${port}`, '--auth', 'change:changepw', '--who', 'ada'];
      const what = ['--repository', repository, '--branch', branch, '--revision', revision];
      const how = ['--vc', 'git', '--comments', 'A change', 'a.txt'];
      await run(BUILDBOT, ['sendchange', ...to, ...what, ...how], options);
    },
    does: (deed) =>
      new Promise((resolve, reject) => {
        const door = connect(join(folder, 'door.sock'));
        door.once('error', reject);
        door.once('end', () => reject(new Error(`the master did not do ${deed.do}`)));
        door.once('data', () => {
          door.destroy();
          resolve();
        });
        door.write(`${JSON.stringify(deed)}\n`);
      }),
    builds: async () =>
      (await query(`select b.id, br.id as request, ss.revision, b.results, s.state_string as said, s.results as stepResults
        from builds b join buildrequests br on br.id = b.buildrequestid ${STAMP}
        left join steps s on s.buildid = b.id and s.name = 'unit' order by b.id`)) as readonly Build[],
    requests: async (branch) =>
      (await query(
        `select br.id, ss.revision, br.complete, br.results,
          (select max(c.changeid) from changes c where c.sourcestampid = ss.id) as change
        from buildrequests br ${STAMP} where ss.branch = ? order by br.id`,
        branch,
      )) as readonly Request[],
    logOf: async (build) => (await run(PYTHON, ['-c', LOG, database, String(build)])).stdout,
  };
};
