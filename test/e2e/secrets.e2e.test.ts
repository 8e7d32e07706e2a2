/** Where does the value of a secret show up while a job has it, and after? In the job's own environment, and nowhere else. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../projections/jobs.js';
import type { ChangeView } from '../../src/app/use-cases.js';
import { until } from './processes.js';
import { aWorld, type World } from './world.js';

const VALUE = `tok/${randomBytes(12).toString('base64')}"'\\ end`;
const REF = 'default/default/web/DEPLOY_TOKEN';
const PROJECT = {
  version: '2',
  job_dispatch: { version: 'v2' },
  baton: { secrets: { unit: ['DEPLOY_TOKEN'] } },
};
const PATIENCE_MS = 120_000;
/** Shapes in which it could stand somewhere; all are looked for everywhere. */
const SHAPES = [
  VALUE,
  JSON.stringify(VALUE).slice(1, -1),
  encodeURIComponent(VALUE),
  Buffer.from(VALUE).toString('base64').replace(/=+$/, '').slice(0, -1),
  createHash('sha256').update(VALUE).digest('hex'),
];
const standsIn = (text: string): readonly string[] => SHAPES.filter((shape) => text.includes(shape));

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await world.start({}, 'trace');
  await world.addRunner('r1');
});
afterAll(() => world.close());

const submit = async (project: string, command: string, config: unknown = PROJECT): Promise<ChangeView> => {
  const repository = world.aRepository(project, {
    commands: { unit: command, lint: 'true', syntax: 'true' },
    config,
  });
  const answer = await world.ask('POST', '/changes', {
    repository,
    branch: 'feature',
    target: 'main',
    project,
  });
  return answer.json() as ChangeView;
};
const jobOf = (change: ChangeView, phase: string): Promise<JobView> =>
  until(`a job of ${phase}`, async () => (await world.jobsOf(change.id)).find((job) => job.phase === phase));
const logOf = async (job: JobView): Promise<string> =>
  (await world.ask('GET', `/jobs/${job.id}/log`)).bytes.toString('utf8');

/** Every file below a folder. */
const filesBelow = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** Processes of the whole machine that show the value: in their arguments, or in their environment. */
const showing = async (): Promise<{ readonly arguments: string[]; readonly environments: number[] }> => {
  const found = { arguments: [] as string[], environments: [] as number[] };
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    const [line, environment] = [await read('cmdline'), await read('environ')];
    if (standsIn(line).length > 0) found.arguments.push(pid);
    if (standsIn(environment).length > 0) found.environments.push(Number(pid));
  }
  return found;
};

// looking at every process of the machine takes its time where there are many
describe('the value of a secret', { timeout: 150_000 }, () => {
  let job: JobView;
  let gate: string;
  const answers: string[] = [];

  it('goes in, and is not repeated in any answer, also when something is wrong with the request', async () => {
    const stored = await world.ask('POST', '/secrets', {
      ref: REF,
      value: VALUE,
      reason: 'first deployment',
    });
    expect(stored.status).toBe(200);
    expect(stored.json()).toMatchObject({ ref: REF, setBy: 'admin', reason: 'first deployment' });
    answers.push(stored.bytes.toString());
    for (const body of [
      { ref: 'no-scope', value: VALUE },
      { ref: REF, value: `${VALUE}\0` },
      { ref: REF, value: VALUE, more: VALUE },
      { ref: REF, value: [VALUE] },
    ]) {
      const refused = await world.ask('POST', '/secrets', body);
      expect(refused.status).toBe(422);
      answers.push(refused.bytes.toString());
    }
    const listed = await world.baton('secret', 'list', '--json');
    expect(JSON.parse(listed.out)).toMatchObject({ items: [{ ref: REF, setBy: 'admin' }] });
    answers.push(listed.out);
  });

  it('reaches the job, while no process shows it in its arguments and none but the job in its environment', async () => {
    gate = join(world.folder, 'gate');
    const change = await submit(
      'web',
      `printf %s "$DEPLOY_TOKEN" | sha256sum; printf 'is %s\\n' "$DEPLOY_TOKEN"; printf %s "$DEPLOY_TOKEN" | base64; printf 'half %.9s' "$DEPLOY_TOKEN"; until [ -e ${gate} ]; do sleep 0.05; done; printf 'again %s' "$DEPLOY_TOKEN"`,
    );
    job = await jobOf(change, 'unit');
    // watched from before the job begins until it has said all of its first half
    const seen: Awaited<ReturnType<typeof showing>>[] = [];
    await until(
      'the job has said it',
      async () => {
        seen.push(await showing());
        return (await logOf(job)).includes('half') ? true : undefined;
      },
      PATIENCE_MS,
    );
    seen.push(await showing());
    expect(seen.flatMap((each) => each.arguments)).toEqual([]);
    const having = seen.at(-1)?.environments ?? [];
    expect(having.length).toBeGreaterThan(0);
    for (const pid of having) {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(
        () => `BATON_JOB_ID=${job.id}`,
      );
      expect(environment).toContain(`BATON_JOB_ID=${job.id}`);
    }
    expect(having).not.toContain(world.server?.child.pid);
  });

  it('is masked in the log, after a kill of the server and a change of the secret as well', async () => {
    const before = await logOf(job);
    const err = world.server?.err() ?? '';
    await world.stop('SIGKILL');
    answers.push(err);
    await world.start({}, 'trace');
    await world.ask('POST', '/secrets', { ref: REF, value: 'another value altogether' });
    await writeFile(gate, '');
    const ended = await until(
      'the job has ended',
      async () => {
        const now = (await world.ask('GET', `/jobs/${job.id}`)).json() as JobView;
        return now.status === 'succeeded' ? now : undefined;
      },
      PATIENCE_MS,
    );
    const log = await logOf(job);
    expect(log.startsWith(before)).toBe(true);
    const digest = createHash('sha256').update(VALUE).digest('hex');
    expect(log.split('\n')[0]).toContain(digest);
    expect(log.split('\n').slice(1).join('\n')).toMatch(
      /^is \[masked\]\n\[masked\].{0,4}\nhalf tok\/.{5}again \[masked\]$/,
    );
    answers.push(JSON.stringify(ended));
  });

  it('given a secret of another project, then the job is undeliverable and nothing has run', async () => {
    const change = await submit('web-2', 'touch ran', {
      ...PROJECT,
      baton: { secrets: { default: ['DEPLOY_TOKEN'] } },
    });
    const missing = await until('the job is undeliverable', async () => {
      const found = (await world.jobsOf(change.id)).find(({ phase }) => phase === 'unit');
      return found?.status === 'undeliverable' ? found : undefined;
    });
    expect(JSON.stringify(missing)).toContain('baton secret set default/default/web-2/DEPLOY_TOKEN');
    await world.finished(change.id);
  });

  it('stands nowhere: not in answers, the log of the server, the data, the history, or on the runner', async () => {
    for (const path of [
      '/secrets',
      '/jobs',
      `/jobs/${job.id}`,
      '/changes',
      '/history',
      '/queue',
      `/jobs/${job.id}/explain`,
    ])
      answers.push((await world.ask('GET', path)).bytes.toString());
    answers.push(world.server?.err() ?? '');
    const stopped = await world.stop();
    answers.push(stopped?.out ?? '', stopped?.err ?? '');
    expect(answers.flatMap(standsIn)).toEqual([]);
    // the job printed a digest of it, to prove that it had it
    const files = (await filesBelow(world.folder)).filter((file) => !file.endsWith(`${job.id}.1.log`));
    expect(files.some((file) => file.endsWith('events.db'))).toBe(true);
    // the key of the runner and the secret: what the job was given is forgotten with it
    expect(await readdir(join(world.data, 'secrets'))).toHaveLength(2);
    const found: string[] = [];
    for (const file of files) {
      const content = await readFile(file, 'latin1').catch(() => '');
      if (standsIn(content).length > 0) found.push(file);
    }
    expect(found).toEqual([]);
    const log = await readFile(join(world.data, 'logs', `${job.id}.1.log`), 'utf8');
    expect(SHAPES.slice(0, 4).filter((shape) => log.includes(shape))).toEqual([]);
    const events = await world.events();
    expect(events.filter(({ stream }) => stream === 'secrets').map(({ event }) => event)).toEqual([
      { type: 'SecretStored', data: { ref: REF } },
      { type: 'SecretStored', data: { ref: REF } },
    ]);
  });
});
