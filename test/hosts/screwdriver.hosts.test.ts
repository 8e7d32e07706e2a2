/** Baton in the real API of Screwdriver 7.0.262: builds run on real sshds, and Screwdriver's own database says how they ended. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../sshd.js';
import { until } from '../e2e/processes.js';
import { canRun, prepare, ScrewdriverWorld } from './screwdriver-world.js';

const yaml = (jobs: string): string => `shared:\n  image: node:20\njobs:\n${jobs}`;

if (!canRun)
  console.log(
    'screwdriver-api is not installed, so nothing is tried in it: run node examples/screwdriver/prepare.mjs, or name screwdriver in BATON_TEST_REQUIRE',
  );

describe.skipIf(!canRun)('Screwdriver with Baton as its executor [needs screwdriver, sshd]', () => {
  let world: ScrewdriverWorld;
  beforeAll(async () => {
    prepare();
    world = await ScrewdriverWorld.make();
    await world.start();
    await world.startStore();
    await world.addRunner('r1');
  }, 600_000);
  afterAll(() => world.close());

  it('runs a chain of two jobs: steps, logs, exports, meta and statuses are there, and the second follows by itself', async () => {
    const pipeline = await world.pipeline(
      'chain',
      yaml(`  unit:
    requires: [~commit]
    environment: { GREETING: "hello 'there'" }
    steps:
      - first: export WHO=world && cd .. && echo first in "$(basename "$PWD")"
      - second: echo "$GREETING $WHO" && cat src/file && printf 'no end of line'
      - meta: printf '{"answer":42}' > "$SD_META_PATH"
      - teardown-tidy: echo tidy $WHO
  deploy:
    requires: [unit]
    steps:
      - ship: cat "$SD_META_PATH" && echo shipped
`),
    );
    const event = await world.event(pipeline);
    const [unit, deploy] = await world.ended(event, 2);
    expect([unit?.status, deploy?.status]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(unit?.steps.map(({ name, code }) => [name, code])).toEqual([
      ['sd-setup-init', 0],
      ['sd-setup-launcher', 0],
      ['sd-setup-scm', 0],
      ['first', 0],
      ['second', 0],
      ['meta', 0],
      ['teardown-tidy', 0],
    ]);
    for (const { name, startTime, endTime } of unit?.steps ?? [])
      expect([name, typeof startTime, typeof endTime]).toEqual([name, 'string', 'string']);
    expect(unit?.meta).toEqual({ answer: 42 });
    expect(await world.log(unit?.id ?? 0, 'second')).toEqual([
      "hello 'there' world",
      'from the source',
      'no end of line',
    ]);
    expect(await world.log(unit?.id ?? 0, 'teardown-tidy')).toEqual(['tidy world']);
    const [meta = '', shipped] = await world.log(deploy?.id ?? 0, 'ship');
    expect([JSON.parse(meta), shipped]).toMatchObject([
      { answer: 42, build: { jobName: 'deploy' } },
      'shipped',
    ]);
  });

  it('serves the pages of Baton with their scripts, and the API that they ask, at its own address', async () => {
    const first = await world.page('/');
    expect(first.type).toContain('text/html');
    const [, script = ''] = /<script[^>]* src="(?:\.?\/)?([^"]+\.js)"/.exec(first.text) ?? [];
    expect((await world.page(`/baton/${script}`)).type).toContain('javascript');
    expect(JSON.parse((await world.page('/baton/api/v1/runners')).text)).toMatchObject({
      items: [{ name: 'r1' }],
    });
  });

  it('a step that fails skips the rest, the teardown runs, and the message names the step', async () => {
    const pipeline = await world.pipeline(
      'fails',
      yaml(`  unit:
    requires: [~commit]
    steps:
      - breaks: echo before; (exit 7); echo never
      - skipped: echo never
      - teardown-tidy: echo tidied
`),
    );
    const [build] = await world.ended(await world.event(pipeline), 1);
    expect([build?.status, build?.statusMessage]).toEqual([
      'FAILURE',
      'failed: step breaks ended with exit code 7',
    ]);
    const codes = Object.fromEntries((build?.steps ?? []).map(({ name, code }) => [name, code]));
    expect(codes).toMatchObject({ breaks: 7, 'teardown-tidy': 0 });
    expect(build?.steps.find(({ name }) => name === 'skipped')).not.toHaveProperty('startTime');
    expect(await world.log(build?.id ?? 0, 'breaks')).toEqual(['before']);
    expect(await world.log(build?.id ?? 0, 'teardown-tidy')).toEqual(['tidied']);
  });

  it('the secrets and the token of a build reach its steps, and stand in no log, no event and no record', async () => {
    const pipeline = await world.pipeline(
      'secrets',
      yaml(`  unit:
    requires: [~commit]
    secrets: [DEPLOY_KEY]
    steps:
      - tells: echo "$DEPLOY_KEY" && [ -n "$SD_TOKEN" ] && echo "$SD_TOKEN" && env | grep -c SD_BUILD_._
`),
    );
    const value = 'open sesame, please';
    await world.ask('POST', '/secrets', {
      pipelineId: pipeline,
      name: 'DEPLOY_KEY',
      value,
      allowInPR: false,
    });
    const [build] = await world.ended(await world.event(pipeline), 1);
    expect(await world.log(build?.id ?? 0, 'tells')).toEqual(['[masked]', '[masked]', '0']);
    // `grep -c` ends with 1 when it counts none: no variable has the name under which Baton gave it
    expect(build?.statusMessage).toBe('failed: step tells ended with exit code 1');
    for (const folder of ['baton/store', 'builds'])
      for (const name of readdirSync(join(world.data, folder))) {
        const text = readFileSync(join(world.data, folder, name), 'latin1');
        expect([name, text.includes(value), text.includes('eyJhbGciOi')]).toEqual([name, false, false]);
      }
  });

  it('aborted in the middle of a step, the process on the runner is gone, and the late report is refused once', async () => {
    const pipeline = await world.pipeline(
      'aborts',
      yaml(`  slow:
    requires: [~commit]
    steps:
      - waits: sleep 987 & echo $! > ${world.folder}/slow.pid; wait
      - never: touch ${world.folder}/never
      - teardown-tidy: touch ${world.folder}/tidied
`),
    );
    const event = await world.event(pipeline);
    const pid = Number(await world.file('slow.pid'));
    expect(await isAlive(pid)).toBe(true);
    const [running] = await world.builds(event);
    await world.ask('PUT', `/builds/${running?.id ?? 0}`, { status: 'ABORTED' });
    await until('the process is gone', async () => ((await isAlive(pid)) ? undefined : true));
    const [job] = await until('Baton says cancelled', async () => {
      const jobs = await world.jobs(event);
      return jobs[0]?.status === 'cancelled' ? jobs : undefined;
    });
    expect(job?.attempts).toHaveLength(1);
    const [build] = await world.builds(event);
    expect([build?.status, build?.statusMessage]).toEqual(['ABORTED', 'Aborted by somebody']);
    expect(existsSync(join(world.folder, 'never'))).toBe(false);
    expect(existsSync(join(world.folder, 'tidied'))).toBe(true);
    await until('the end is refused', () => (world.refusals() === 1 ? true : undefined));
  });

  it('the API is killed in the middle of a step and started again: the build goes on and ends as it should', async () => {
    const pipeline = await world.pipeline(
      'killed',
      yaml(`  unit:
    requires: [~commit]
    steps:
      - early: echo early
      - waits: echo began >> ${world.folder}/began; until [ -e ${world.folder}/go ]; do sleep 0.1; done; echo went on
      - late: echo late
  deploy:
    requires: [unit]
    steps:
      - ship: echo shipped
`),
    );
    const event = await world.event(pipeline);
    await until('the step is known to run', async () => {
      const [build] = await world.builds(event);
      return build?.steps.find(({ name }) => name === 'waits')?.startTime;
    });
    await world.stop('SIGKILL');
    // the job goes on while nobody is there
    writeFileSync(join(world.folder, 'go'), '');
    await world.start();
    const [unit, deploy] = await world.ended(event, 2);
    expect([unit?.status, deploy?.status]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await world.file('began')).toBe('began\n');
    expect(await world.log(unit?.id ?? 0, 'early')).toEqual(['early']);
    expect(await world.log(unit?.id ?? 0, 'waits')).toEqual(['went on']);
    expect(await world.log(unit?.id ?? 0, 'late')).toEqual(['late']);
    expect(unit?.steps.every(({ code }) => code === 0)).toBe(true);
  });

  it('a build waits for an older one of its job, and says so', async () => {
    const pipeline = await world.pipeline(
      'serial',
      yaml(`  one:
    requires: [~commit]
    steps:
      - waits: echo in >> ${world.folder}/serial; until [ -e ${world.folder}/serial-go ]; do sleep 0.1; done
`),
    );
    const first = await world.event(pipeline);
    await world.file('serial');
    const second = await world.event(pipeline);
    const blocked = await until('the second is blocked', async () => {
      const [build] = await world.builds(second);
      return build?.status === 'BLOCKED' ? build : undefined;
    });
    expect(blocked.statusMessage).toMatch(/^Blocked by these builds: \d+$/);
    expect(await world.file('serial')).toBe('in\n');
    writeFileSync(join(world.folder, 'serial-go'), '');
    for (const event of [first, second]) expect((await world.ended(event, 1))[0]?.status).toBe('SUCCESS');
    expect(await world.file('serial')).toBe('in\nin\n');
  });

  it('of builds of one job that wait only the newest runs, and the others are collapsed into it', async () => {
    const pipeline = await world.pipeline(
      'collapses',
      yaml(`  one:
    requires: [~commit]
    steps:
      - waits: echo "$SD_BUILD_ID" >> ${world.folder}/collapses; until [ -e ${world.folder}/collapses-go ]; do sleep 0.1; done
  two:
    requires: [one]
    steps: [{ next: echo next }]
`),
    );
    const first = await world.event(pipeline);
    await world.file('collapses');
    const later: number[] = [];
    for (let n = 0; n < 4; n += 1) later.push(await world.event(pipeline));
    const newest = later.at(-1) ?? 0;
    const waiting = later.slice(0, -1);
    await until('all but the newest are collapsed', async () => {
      const found = await Promise.all(later.map(async (event) => (await world.builds(event))[0]?.status));
      return found.join(' ') === 'COLLAPSED COLLAPSED COLLAPSED BLOCKED' ? true : undefined;
    });
    const [kept] = await world.builds(newest);
    for (const event of waiting) {
      const [build, ...more] = await world.builds(event);
      expect(more).toEqual([]);
      const [, into] = /^Collapsed to build: (\d+)$/.exec(build?.statusMessage ?? '') ?? [];
      expect(Number(into)).toBeGreaterThan(build?.id ?? 0);
      expect(await world.jobs(event)).toEqual([]);
    }
    writeFileSync(join(world.folder, 'collapses-go'), '');
    for (const event of [first, newest])
      expect((await world.ended(event, 2)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS']);
    const [ran] = await world.builds(first);
    expect(await world.file('collapses')).toBe(`${ran?.id ?? 0}\n${kept?.id ?? 0}\n`);
  });

  it('a job may keep all its builds that wait', async () => {
    const pipeline = await world.pipeline(
      'keeps',
      yaml(`  one:
    requires: [~commit]
    annotations: { screwdriver.cd/collapseBuilds: false }
    steps:
      - waits: until [ -e ${world.folder}/keeps-go ]; do sleep 0.1; done
`),
    );
    const events: number[] = [];
    for (let n = 0; n < 3; n += 1) events.push(await world.event(pipeline));
    await until('both others are blocked', async () => {
      const found = await Promise.all(events.map(async (event) => (await world.builds(event))[0]?.status));
      return found.join(' ') === 'RUNNING BLOCKED BLOCKED' ? true : undefined;
    });
    writeFileSync(join(world.folder, 'keeps-go'), '');
    for (const event of events) expect((await world.ended(event, 1))[0]?.status).toBe('SUCCESS');
  });

  it('builds of a pull request have its source, its number, and the name that Screwdriver gives its job', async () => {
    const job = `  unit:
    requires: [~commit, ~pr]
    steps:
      - tells: cat file && echo "$SD_PULL_REQUEST|$SD_JOB_NAME|$SD_PR_PARENT_JOB_ID|$SD_JOB_ID"
`;
    const pipeline = await world.pipeline('pulled', yaml(job));
    world.pullRequest('pulled', 7, yaml(job));
    const pr = await world.event(pipeline, { startFrom: '~pr', prNum: 7 });
    const [ofPr] = await world.ended(pr, 1);
    expect([ofPr?.status, ofPr?.statusMessage]).toEqual(['SUCCESS', undefined]);
    const [ofCommit] = await world.ended(await world.event(pipeline), 1);
    expect(await world.log(ofCommit?.id ?? 0, 'tells')).toEqual([
      'from the source',
      `|unit|0|${ofCommit?.jobId ?? 0}`,
    ]);
    expect(await world.log(ofPr?.id ?? 0, 'tells')).toEqual([
      'from the pull request',
      `7|PR-7:unit|${ofCommit?.jobId ?? 0}|${ofPr?.jobId ?? 0}`,
    ]);
    expect((await world.jobs(pr)).map(({ phase }) => phase)).toEqual(['PR-7-unit']);
  });

  it('what Baton does not do is refused with a sentence: freeze windows, and annotations that are none', async () => {
    const pipeline = await world.pipeline(
      'refused',
      yaml(`  frozen:
    requires: [~commit]
    freezeWindows: ["* * ? * 1"]
    steps: [{ one: echo one }]
  strange:
    requires: [~commit]
    annotations: { baton/filtre: { os: linux }, screwdriver.cd/timeout: soon }
    steps: [{ one: echo one }]
`),
    );
    const builds = await world.ended(await world.event(pipeline), 2);
    expect(builds.map(({ status }) => status)).toEqual(['FAILURE', 'FAILURE']);
    const saying = (word: string) => builds.find(({ statusMessage }) => statusMessage?.includes(word));
    const [frozen, strange] = [saying('freeze'), saying('annotations')];
    expect(frozen?.statusMessage).toMatch(/^undeliverable: this job has freezeWindows/);
    expect(strange?.statusMessage).toContain('annotations.baton/filtre: expected no annotation of this name');
    expect(strange?.statusMessage).toContain(
      'annotations.screwdriver.cd/timeout: expected a whole number of minutes',
    );
  });

  it('a pipeline with a job that is to be built periodically is made as a whole, and it is said that nothing starts it', async () => {
    const pipeline = await world.pipeline(
      'nightly',
      yaml(`  nightly:
    requires: [~commit]
    annotations: { screwdriver.cd/buildPeriodically: H 0 * * * }
    steps: [{ one: echo one }]
  other:
    requires: [~commit]
    steps: [{ one: echo one }]
`),
    );
    const jobs = (await world.ask('GET', `/pipelines/${pipeline}/jobs`)) as readonly {
      readonly name: string;
    }[];
    expect(jobs.map(({ name }) => name).sort()).toEqual(['nightly', 'other']);
    expect(world.output).toContain(
      `screwdriver-executor-baton: job "nightly" has buildPeriodically, and Baton starts no builds by itself: let a timer POST {"pipelineId":${pipeline},"startFrom":"nightly"} to /v4/events`,
    );
    const [build, ...more] = await world.ended(await world.event(pipeline, { startFrom: 'nightly' }), 1);
    expect([build?.status, more]).toEqual(['SUCCESS', []]);
  });

  it('20 events on 2 runners all end, their statuses are those of the history of Baton, and /v4/stats answers', async () => {
    await world.addRunner('r2');
    const pipeline = await world.pipeline(
      'many',
      yaml(`  unit:
    requires: [~commit]
    annotations: { screwdriver.cd/blockedBySameJob: false }
    steps:
      - waits: until [ -e ${world.folder}/all-there ]; do sleep 0.1; done
      - one: echo "build $SD_BUILD_ID" && [ $((SD_BUILD_ID % 3)) -ne 0 ]
`),
    );
    const events: number[] = [];
    for (let n = 0; n < 20; n += 1) events.push(await world.event(pipeline));
    // more than the slots of one runner, so both have to take some
    writeFileSync(join(world.folder, 'all-there'), '');
    for (const event of events) await world.ended(event, 1);
    const statuses = await world.statuses();
    const runners = new Set<string>();
    for (const event of events) {
      const [[build], [job]] = [await world.builds(event), await world.jobs(event)];
      const id = build?.id ?? 0;
      expect([id, statuses[id], job?.status]).toEqual(
        id % 3 === 0 ? [id, 'FAILURE', 'failed'] : [id, 'SUCCESS', 'succeeded'],
      );
      runners.add(job?.attempts[0]?.runner ?? '');
      expect(await world.log(id, 'one')).toEqual([`build ${id}`]);
    }
    expect([...runners].sort()).toEqual(['r1', 'r2']);
    const stats = (await world.ask('GET', '/stats')) as { executor: { requests: { concurrent: number } } };
    expect(stats.executor.requests.concurrent).toBe(0);
  });

  describe('a build with a matrix', () => {
    beforeAll(async () => {
      await world.addRunner('m1');
      await world.addRunner('m2');
    });

    it('runs on two runners at the same time, also past a crash: each line once with its row, and steps as both say', async () => {
      const row = (label: string): string => `{ label: ${label}, filter: { runner: ${label} } }`;
      const pipeline = await world.pipeline(
        'matrix',
        yaml(`  unit:
    requires: [~commit]
    annotations:
      baton/matrix: [${row('m1')}, ${row('m2')}]
      baton/slots: 2
    steps:
      - counts: seq 1 120; echo "on $BATON_RUNNER"
      - waits: |
          echo "began $BATON_RUNNER"; echo in >> ${world.folder}/in-$BATON_RUNNER
          n=0; until [ -e ${world.folder}/matrix-go ]; do n=$((n + 1)); echo "tick $n"; sleep 0.01; done
          echo "ticks $n"; [ $BATON_RUNNER = m1 ] || exit 3
      - late: printf '{"of":{"%s":1}}' $BATON_RUNNER > "$SD_META_PATH"; echo late
      - teardown-tidy: echo "tidied $BATON_RUNNER"; [ $BATON_RUNNER = m1 ] || printf '{"of":{"m2":2},"end":"m2"}' > "$SD_META_PATH"
`),
      );
      const event = await world.event(pipeline);
      const waiting = await until('both rows write in the second step, and Screwdriver knows', async () => {
        const [known] = await world.builds(event);
        const lines = known === undefined ? [] : await world.log(known.id, 'waits');
        const many = (label: string): boolean => lines.includes(`[${label}] tick 60`);
        return many('m1') && many('m2') ? (await world.builds(event))[0] : undefined;
      });
      const stepOf = ({ steps }: typeof waiting, name: string) => steps.find((step) => step.name === name);
      expect(stepOf(waiting, 'counts')).toMatchObject({ code: 0, lines: 242 });
      expect(stepOf(waiting, 'waits')).not.toHaveProperty('endTime');
      expect(waiting.stats?.['hostname']).toMatch(/^m[12]$/);
      await world.stop('SIGKILL');
      writeFileSync(join(world.folder, 'matrix-go'), '');
      await world.start();
      const [build] = await world.ended(event, 1);
      const id = build?.id ?? 0;
      expect([build?.status, build?.statusMessage]).toEqual([
        'FAILURE',
        'failed: [m2] step waits ended with exit code 3',
      ]);
      expect(build?.steps.map(({ name, code }) => [name, code])).toEqual([
        ['sd-setup-init', 0],
        ['sd-setup-launcher', 0],
        ['sd-setup-scm', 0],
        ['counts', 0],
        ['waits', 3],
        ['late', 0],
        ['teardown-tidy', 0],
      ]);
      for (const { name, startTime, endTime } of build?.steps ?? [])
        expect([name, typeof startTime, typeof endTime]).toEqual([name, 'string', 'string']);
      const numbers = (most: number): readonly string[] => Array.from({ length: most }, (_, i) => `${i + 1}`);
      const linesOf = async (step: string, label: string): Promise<readonly string[]> =>
        (await world.log(id, step)).flatMap((line) =>
          line.startsWith(`[${label}] `) ? [line.slice(label.length + 3)] : [],
        );
      for (const label of ['m1', 'm2']) {
        expect(await world.file(`in-${label}`)).toBe('in\n');
        expect(await linesOf('counts', label)).toEqual([...numbers(120), `on ${label}`]);
        const told = await linesOf('waits', label);
        const ticks = numbers(told.length - 2).map((n) => `tick ${n}`);
        expect(told).toEqual([`began ${label}`, ...ticks, `ticks ${ticks.length}`]);
        expect(await linesOf('teardown-tidy', label)).toEqual([`tidied ${label}`]);
      }
      const waits = build?.steps.find(({ name }) => name === 'waits');
      expect(await world.log(id, 'waits')).toHaveLength(waits?.lines ?? 0);
      expect(await world.log(id, 'late')).toEqual(['[m1] late']);
      expect([...(await world.log(id, 'sd-setup-launcher'))].sort()).toEqual([
        '[m1] runs on m1',
        '[m2] runs on m2',
      ]);
      expect(build?.stats?.['hostname']).toBe('m1, m2');
      expect(build?.meta).toEqual({ of: { m1: 1, m2: 2 }, end: 'm2' });
      expect(
        (await world.jobs(event))
          .map(({ status, attempts, slots }) => [status, attempts.length, slots])
          .sort(),
      ).toEqual([
        ['failed', 1, 2],
        ['succeeded', 1, 2],
      ]);
    });

    it('aborted, all rows of a matrix end on their runners', async () => {
      const pipeline = await world.pipeline(
        'matrix-aborted',
        yaml(`  unit:
    requires: [~commit]
    annotations:
      baton/matrix: [{ label: m1, filter: { runner: m1 } }, { label: m2, filter: { runner: m2 } }]
    steps:
      - waits: sleep 986 & echo $! > ${world.folder}/row-$BATON_RUNNER.pid; wait
      - teardown-tidy: touch ${world.folder}/tidied-$BATON_RUNNER
`),
      );
      const event = await world.event(pipeline);
      const pids = [Number(await world.file('row-m1.pid')), Number(await world.file('row-m2.pid'))];
      const [running] = await world.builds(event);
      await world.ask('PUT', `/builds/${running?.id ?? 0}`, { status: 'ABORTED' });
      for (const pid of pids)
        await until('its process is gone', async () => ((await isAlive(pid)) ? undefined : true));
      await until('Baton says cancelled', async () => {
        const jobs = await world.jobs(event);
        return jobs.length === 2 && jobs.every(({ status }) => status === 'cancelled') ? true : undefined;
      });
      for (const name of ['m1', 'm2']) expect(existsSync(join(world.folder, `tidied-${name}`))).toBe(true);
      const [build] = await world.builds(event);
      expect([build?.status, build?.statusMessage]).toEqual(['ABORTED', 'Aborted by somebody']);
    });
  });

  it('a log store that hangs, or is gone, loses lines after the patience, and nothing else waits for it', async () => {
    await world.stop('SIGTERM');
    await world.start({ storePatienceMs: 500 });
    const pipeline = await world.pipeline(
      'unlogged',
      yaml(`  unit:
    requires: [~commit]
    steps: [{ one: echo one }, { many: seq 1000 }, { two: echo two }]
`),
    );
    const runs = async (): Promise<number> => {
      const [build] = await world.ended(await world.event(pipeline), 1);
      expect(build?.status).toBe('SUCCESS');
      for (const name of ['one', 'many', 'two'])
        expect(build?.steps.find((step) => step.name === name)?.code).toBe(0);
      return build?.id ?? 0;
    };
    const times = (): number => world.output.split('the log store does not take lines of build').length - 1;
    const saidSince = (before: number) => until('it is said', () => (times() > before ? true : undefined));
    const before = times();
    world.signalStore('SIGSTOP');
    await runs();
    await saidSince(before);
    world.signalStore('SIGCONT');
    await world.stopStore();
    const between = times();
    await runs();
    await saidSince(between);
    await world.startStore();
    const id = await runs();
    expect(await world.log(id, 'two')).toEqual(['two']);
    const lines = await world.log(id, 'many');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([1000, '1', '1000']);
  });

  it('options that are wrong are all named at once, and the API goes on without an executor', async () => {
    await world.stop('SIGTERM');
    await world.start({ data: 'here', colour: 'red', buildTimeoutMinutes: '5', keyFile: 7 });
    const said = (sentence: string) => until(sentence, () => world.output.includes(sentence) || undefined);
    for (const sentence of [
      'colour: expected no option of this name, found one',
      'data: expected an absolute path, found "here"',
      'keyFile: expected an absolute path, found 7',
      'buildTimeoutMinutes: expected a whole number from 1 to 43200, found "5"',
    ])
      await said(`screwdriver-executor-baton: ${sentence}`);
    expect(await world.ask('GET', '/stats')).toMatchObject({ executor: { breaker: { isClosed: false } } });
    await world.stop('SIGTERM');
    await world.start({ keyFile: join(world.folder, 'no-key') });
    await said('keyFile: expected a file with 32 random bytes in base64, found no file');
    const pipeline = await world.pipeline(
      'keyless',
      yaml(`  unit:\n    requires: [~commit]\n    steps: [{ one: echo one }]\n`),
    );
    await expect(world.event(pipeline)).rejects.toThrow(/Baton was not loaded, so it runs no builds/);
    expect(await world.ask('GET', '/stats')).toBeDefined();
  });
});
