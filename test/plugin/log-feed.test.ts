import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ReportAnswer } from '../../plugin/contract.js';
import { openOutbox, type Outbox, type OutboxOptions, type Refused } from '../../plugin/outbox.js';
import { memoryHost, type MemoryHost } from '../../plugin/testing.js';
import type { Checkpoint, CheckpointStore } from '../../src/app/checkpoints.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import { memoryStore } from '../../src/store/memory.js';
import { anAssignment, asNew } from '../builders.js';
import { givenLogs, life } from './given-logs.js';

const { promoted, queued, started, requeued, sealed, succeeded, finished } = life;

const keptCheckpoints = (): CheckpointStore & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>();
  return {
    kept,
    load: (name) => {
      const text = kept.get(name);
      return TE.right(text === undefined ? undefined : (JSON.parse(text) as Checkpoint));
    },
    save: (checkpoint) => {
      kept.set(checkpoint.name, JSON.stringify(checkpoint));
      return TE.right(undefined);
    },
  };
};

const open: Outbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((outbox) => outbox.close()));
});

/** `logs: null`: the host takes none. */
type How = Omit<Partial<OutboxOptions>, 'logs'> & { readonly logs?: OutboxOptions['logs'] | null };

/** Everything that the host was told and took, in order: `queued`, `started`, `j 0+4`, `j 4+0 final`, `finished`. */
const given = (host: MemoryHost = memoryHost(), checkpoints = keptCheckpoints(), store = memoryStore()) => {
  const written = new Subject<void>();
  const logs = givenLogs();
  const problems: string[] = [];
  const refused: Refused[] = [];
  const order: string[] = [];
  const usual: NonNullable<OutboxOptions['logs']> = {
    log: async (batch) => {
      const answer = await host.logs.log(batch);
      const { label, offset, bytes, final } = batch;
      order.push(`${label} ${offset}+${bytes.length}${final ? ' final' : ''}`);
      return answer;
    },
    ...{ store: logs, patienceMs: 60_000 },
  };
  const start = async ({ logs: how, ...more }: How = {}): Promise<Outbox> => {
    const outbox = openOutbox({
      ...{ host: 'test', store, written, checkpoints },
      report: async (report, how) => {
        const answer = await host.report(report, how);
        order.push(`${report.hostKey} ${report.type.slice('phase.'.length)}`);
        return answer;
      },
      ...(how === null ? {} : { logs: how ?? usual }),
      refuse: (what) => {
        refused.push(what);
        return Promise.resolve(true);
      },
      ...{ timeoutMs: 5000, mostRetryMs: 20, onProblem: (message) => problems.push(message) },
      ...more,
    });
    open.push(outbox);
    await outbox.open();
    outbox.go();
    return outbox;
  };
  const happen = async (...events: readonly (readonly [string, BatonEvent])[]): Promise<string> => {
    let position = '';
    for (const [stream, event] of events) {
      const done = await store.append(stream, [asNew(event)], 'any')();
      if (E.isRight(done)) position = done.right.position;
    }
    written.next();
    return position;
  };
  return { host, logs, problems, refused, order, checkpoints, start, happen };
};

const running = (run: string, job = run): readonly (readonly [string, BatonEvent])[] => [
  ...[promoted(run), queued(run, job), started(job)],
];
const ending = (run: string, job = run): readonly (readonly [string, BatonEvent])[] => [
  ...[sealed(job), succeeded(job), finished(run, job)],
];
const ref = (jobId: string, attempt = 1) => ({ jobId, attempt });
const logOf = (host: MemoryHost, jobId: string, jobAttempt = 1) =>
  host.logs.of({ jobId, jobAttempt, output: 'merged' });

describe('the output of jobs', () => {
  it('comes after the start and before the end, the last of it marked, and nothing of it is owed then', async () => {
    const { host, logs, order, start, happen } = given();
    const outbox = await start();
    await happen(...running('a'));
    logs.write(ref('a'), 'one\n');
    await host.logs.taken.that(({ text }) => text === 'one\n');
    logs.write(ref('a'), 'two');
    await outbox.settled(await happen(...ending('a')));
    expect(order).toEqual(['a queued', 'a started', 'a 0+4', 'a 4+3 final', 'a finished']);
    expect(logOf(host, 'a')).toEqual({ bytes: Buffer.from('one\ntwo'), text: 'one\ntwo', final: true });
    expect(outbox.logs()).toEqual({ waiting: 0, retried: 0, givenUp: 0 });
  });

  it('says on which runner it is written, once that is known', async () => {
    const { host, start, happen } = given();
    const outbox = await start();
    const assigned: readonly [string, BatonEvent] = [
      'job-b',
      { type: 'JobAssigned', data: anAssignment({ runner: 'build-07' }) },
    ];
    await happen(promoted('a'), queued('a', 'a'), queued('a', 'b'), started('a'), assigned, started('b'));
    await outbox.settled(
      await happen(...['a', 'b'].flatMap((job) => [sealed(job), succeeded(job)]), finished('a', 'a', 'b')),
    );
    expect(host.logs.told.all.map(({ label, runner }) => [label, runner]).sort()).toEqual([
      ['a', undefined],
      ['b', 'build-07'],
    ]);
  });

  it('of a job that wrote nothing is one empty batch', async () => {
    const { order, start, happen } = given();
    const outbox = await start();
    await outbox.settled(await happen(...running('a'), ...ending('a')));
    expect(order).toEqual(['a queued', 'a started', 'a 0+0 final', 'a finished']);
  });

  it('is not told before the host took the start', async () => {
    const { host, logs, order, start, happen } = given();
    let alive = false;
    host.behave((_, take) => {
      if (alive) return take();
      throw new Error('down');
    });
    const outbox = await start();
    logs.write(ref('a'), 'one\n');
    const end = await happen(...running('a'), ...ending('a'));
    await host.toldThat(() => host.told.length > 3);
    expect(host.logs.told.all).toEqual([]);
    alive = true;
    await outbox.settled(end);
    expect(order).toEqual(['a queued', 'a started', 'a 0+4 final', 'a finished']);
  });

  it('what comes while a batch is under way comes in the next one, of 64 KiB at most', async () => {
    const { host, logs, start, happen } = given();
    let answer: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (answer = resolve));
    host.logs.behave(async (batch, take) => {
      if (batch.offset === 0) await first;
      return take();
    });
    const outbox = await start();
    await happen(...running('a'));
    logs.write(ref('a'), 'one\n');
    await host.logs.told.that(() => true);
    const line = `${'x'.repeat(99)}\n`;
    for (let i = 0; i < 1000; i++) logs.write(ref('a'), line);
    const end = await happen(...ending('a'));
    answer();
    await outbox.settled(end);
    expect(host.logs.told.all.map(({ bytes }) => bytes.length)).toEqual([4, 65_500, 34_500]);
    expect(host.logs.told.all.map((batch) => batch.line)).toEqual([1, 2, 657]);
  });

  it('of little at a time is a few batches a second, whatever the number of lines', async () => {
    const { host, logs, start, happen } = given();
    const outbox = await start();
    await happen(...running('a'));
    await host.tookThat(({ type }) => type === 'phase.started');
    const begun = performance.now();
    for (let i = 0; i < 60; i++) {
      logs.write(ref('a'), `line ${i}\n`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await outbox.settled(await happen(...ending('a')));
    // the first comes at once, and the last with the end
    const most = 2 + (performance.now() - begun) / 250;
    expect(host.logs.told.all.length).toBeLessThanOrEqual(most);
    expect(logOf(host, 'a')?.text).toContain('line 59\n');
  });

  it('of a line that does not end comes in parts after a while, and the next batch says that it goes on with it', async () => {
    const { host, logs, start, happen } = given();
    const outbox = await start();
    await happen(...running('a'));
    logs.write(ref('a'), 'one\nuser: ');
    const prompt = await host.logs.taken.that(({ text }) => text === 'user: ');
    expect(prompt).toMatchObject({ offset: 4, line: 2, continues: false });
    logs.write(ref('a'), 'me\nthree\n');
    await outbox.settled(await happen(...ending('a')));
    expect(host.logs.taken.all.map(({ text, line, continues }) => [text, line, continues]).slice(2)).toEqual([
      ['me\nthree\n', 2, true],
    ]);
  });

  it('of several tries is told try by try, and what the limit cut off is said at the end', async () => {
    const { host, logs, start, happen } = given();
    const outbox = await start();
    await happen(...running('a'));
    logs.write(ref('a', 1), 'first\n');
    logs.write(ref('a', 2), 'second\n');
    const end = await happen(
      ...[requeued('a'), started('a', 2)],
      ...[sealed('a', [{ truncated: true, sourceBytes: 7 }], 2), succeeded('a', 2), finished('a', 'a')],
    );
    await outbox.settled(end);
    expect(
      host.logs.taken.all.map(({ jobAttempt, text, final, cutAt }) => [jobAttempt, text, final, cutAt]),
    ).toEqual([
      [1, 'first\n', true, undefined],
      [2, 'second\n', true, 7],
    ]);
  });

  it('of two outputs that are kept apart is told side by side, each to its own end', async () => {
    const { host, logs, start, happen } = given();
    const outbox = await start();
    await happen(promoted('a'), queued('a', 'a', 'split'), started('a'));
    logs.write({ ...ref('a'), output: 'stdout' }, 'out\n');
    logs.write({ ...ref('a'), output: 'stderr' }, 'err\n');
    await host.logs.taken.that(({ output }) => output === 'stdout');
    await host.logs.taken.that(({ output }) => output === 'stderr');
    await outbox.settled(await happen(...ending('a')));
    for (const [output, text] of [
      ['stdout', 'out\n'],
      ['stderr', 'err\n'],
    ] as const)
      expect(host.logs.of({ jobId: 'a', jobAttempt: 1, output })).toMatchObject({ text, final: true });
  });

  it.each([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['answers something else', () => 'maybe' as ReportAnswer],
    ['answers nothing', () => undefined as never],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('given a host that %s, then the same batch is told again, and only then the next', async (_, wrong) => {
    const { host, logs, problems, start, happen } = given();
    let left = 3;
    host.logs.behave((_batch, take) => (left-- > 0 ? wrong() : take()));
    const outbox = await start({ timeoutMs: 30 });
    await happen(...running('a'));
    logs.write(ref('a'), 'one\n');
    await host.logs.told.that(() => true);
    logs.write(ref('a'), 'two\n');
    await outbox.settled(await happen(...ending('a')));
    const told = host.logs.told.all.map(({ offset, text }) => `${offset} ${text}`);
    expect(told).toEqual(['0 one\n', '0 one\n', '0 one\n', '0 one\n', '4 two\n']);
    expect(problems.filter((message) => message.includes('output of a'))).toHaveLength(1);
    expect(outbox.logs().retried).toBe(0);
  });

  it('given that the job ends before its last batch was taken, then that batch comes again as it was, and the end of the log by itself', async () => {
    const { host, logs, start, happen } = given();
    let alive = false;
    host.logs.behave((_, take) => {
      if (alive) return take();
      throw new Error('down');
    });
    const outbox = await start();
    await happen(...running('a'));
    logs.write(ref('a'), 'one\n');
    await host.logs.told.that(() => true);
    const end = await happen(...ending('a'));
    await vi.waitFor(() => expect(outbox.logs().retried).toBe(1));
    const before = host.logs.told.all.length;
    await host.logs.told.that(() => host.logs.told.all.length > before + 1);
    alive = true;
    await outbox.settled(end);
    const told = host.logs.told.all.map(
      ({ offset, text, final }) => `${offset} ${text}${final ? 'final' : ''}`,
    );
    expect(new Set(told)).toEqual(new Set(['0 one\n', '4 final']));
  });

  it('given a host that never answers for many jobs, then a bounded number of batches is under way, and others are told', async () => {
    const { host, logs, start, happen } = given();
    host.logs.behave(({ hostKey }, take) =>
      hostKey.startsWith('never') ? new Promise<never>(() => undefined) : take(),
    );
    const outbox = await start({ timeoutMs: 50, mostRetryMs: 60_000 });
    for (let i = 0; i < 40; i++) {
      await happen(...running(`never-${i}`));
      logs.write(ref(`never-${i}`), 'one\n');
    }
    await happen(...running('a'), ...ending('a'));
    await host.tookThat(({ hostKey, type }) => hostKey === 'a' && type === 'phase.finished');
    expect(logOf(host, 'a')?.final).toBe(true);
    expect(outbox.logs().retried).toBeGreaterThan(0);
    // forty jobs have something to tell, and the host has given up none of what it was asked
    expect(new Set(host.logs.told.all.map(({ hostKey }) => hostKey)).size).toBeGreaterThan(16);
  });

  it('given a slow host and many jobs, then no more batches are under way than may be held in memory', async () => {
    const { host, logs, start, happen } = given();
    host.logs.behave(async (_, take) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return take();
    });
    const outbox = await start();
    const jobs = Array.from({ length: 60 }, (_, i) => `job-${i}`);
    await happen(promoted('a'), ...jobs.flatMap((job) => [queued('a', job), started(job)]));
    for (const job of jobs) logs.write(ref(job), `${'x'.repeat(99)}\n`.repeat(2000));
    const ends = jobs.flatMap((job) => [sealed(job), succeeded(job)]);
    await outbox.settled(await happen(...ends, finished('a', ...jobs)));
    expect(host.logs.mostUnderWay()).toBe(16);
    for (const job of jobs) expect(logOf(host, job)).toMatchObject({ final: true });
    expect(host.logs.taken.all.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(60 * 200_000);
    expect(host.taken.at(-1)?.type).toBe('phase.finished');
  });

  it('given a host that was down for reports and output alike, then the end comes after the output when it is back', async () => {
    const { host, logs, start, happen } = given();
    let alive = true;
    let takesOutput = false;
    let ends = 0;
    const taken: string[] = [];
    host.behave((report, take) => {
      if (!alive && report.type === 'phase.finished' && (ends += 1) === 2) setImmediate(() => (alive = true));
      if (!alive) throw new Error('down');
      taken.push(report.type);
      return take();
    });
    host.logs.behave(({ text }, take) => {
      if (!takesOutput) {
        // when it is back it fails once more, and the end must wait for the next try
        takesOutput = alive && ends === 2;
        throw new Error('down');
      }
      if (text !== '') taken.push(text);
      return take();
    });
    const outbox = await start({ logs: { log: host.logs.log, store: logs, patienceMs: 1000 } });
    await happen(...running('a'));
    await host.tookThat(({ type }) => type === 'phase.started');
    alive = false;
    logs.write(ref('a'), 'one\n');
    await outbox.settled(await happen(...ending('a')));
    expect(ends).toBe(2);
    expect(taken).toEqual(['phase.queued', 'phase.started', 'one\n', 'phase.finished']);
  });

  it('given a host that is dead for output alone, then the end is told first after a while, and the rest when it is back', async () => {
    const { host, logs, problems, start, happen } = given();
    let alive = false;
    host.logs.behave((_, take) => {
      if (alive) return take();
      throw new Error('down');
    });
    const outbox = await start({
      logs: { log: host.logs.log, store: logs, patienceMs: 100 },
    });
    logs.write(ref('a'), 'one\n');
    await happen(...running('a'), ...ending('a'));
    await host.tookThat(({ type }) => type === 'phase.finished');
    expect(logOf(host, 'a')).toBeUndefined();
    expect(problems.join()).toContain('its end is told first');
    expect(outbox.logs()).toMatchObject({ waiting: 1, retried: 1 });
    alive = true;
    await host.logs.taken.that(({ final }) => final);
    expect(logOf(host, 'a')?.text).toBe('one\n');
  });

  it('given a disk that does not give the log, then the end waits as for a host that is dead, and the log comes afterwards', async () => {
    const { host, logs, problems, start, happen } = given();
    await start({ logs: { log: host.logs.log, store: logs, patienceMs: 100 } });
    logs.break(true);
    logs.write(ref('a'), 'one\n');
    await happen(...running('a'), ...ending('a'));
    await host.tookThat(({ type }) => type === 'phase.finished');
    expect(problems.join()).toContain('could not be read for the host');
    logs.break(false);
    expect((await host.logs.taken.that(({ final }) => final)).text).toBe('one\n');
  });

  it('given that the host has closed the phase run, then nothing more of it is told, and that is recorded once', async () => {
    const { host, logs, refused, start, happen } = given();
    host.logs.behave((batch, take) => (batch.hostKey === 'a' ? 'gone' : take()));
    const outbox = await start();
    await happen(promoted('a'), queued('a', 'a'), queued('a', 'b'), started('a'), started('b'));
    logs.write(ref('a'), 'one\n');
    await vi.waitFor(() => expect(refused).toHaveLength(1));
    logs.write(ref('a'), 'two\n');
    logs.write(ref('b'), 'two\n');
    await outbox.settled(await happen(...ending('a'), ...running('c'), ...ending('c')));
    expect(refused).toEqual([{ phaseRunId: 'a', seq: 2, type: 'phase.log' }]);
    expect(host.logs.told.all.filter(({ hostKey }) => hostKey === 'a')).toHaveLength(1);
    expect(host.takenOf('a').map(({ seq }) => seq)).toEqual([1, 2]);
    expect(outbox.logs().waiting).toBe(0);
  });

  it('goes on after a restart where the host was, with the number of the line', async () => {
    const { host, logs, checkpoints, start, happen } = given();
    const first = await start();
    await happen(...running('a'));
    logs.write(ref('a'), 'one\ntwo\n');
    await vi.waitFor(() => expect(checkpoints.kept.get('logs-test')).toContain('[8,3,false]'));
    await first.close();
    logs.write(ref('a'), 'three\n');
    const end = await happen(...ending('a'));
    const second = await start();
    await second.settled(end);
    expect(host.logs.told.all.map(({ offset, line, text }) => [offset, line, text])).toEqual([
      [0, 1, 'one\ntwo\n'],
      [8, 3, 'three\n'],
    ]);
  });

  it('given a crash, then what was told since the place was kept is told again, and the host recognises it', async () => {
    const { host, logs, checkpoints, start, happen } = given();
    const first = await start();
    await happen(...running('a'));
    await host.tookThat(({ type }) => type === 'phase.started');
    logs.write(ref('a'), 'one\n');
    await host.logs.taken.that(() => true);
    await first.close();
    checkpoints.kept.delete('logs-test');
    logs.write(ref('a'), 'two\n');
    const end = await happen(...ending('a'));
    const second = await start();
    await second.settled(end);
    expect(host.logs.told.all.map(({ offset, text }) => [offset, text])).toEqual([
      [0, 'one\n'],
      [0, 'one\ntwo\n'],
    ]);
    expect(logOf(host, 'a')?.text).toBe('one\ntwo\n');
  });

  it('given that what is owed cannot be written, then where the host was stays written, until it can be', async () => {
    const checkpoints = keptCheckpoints();
    let inTheWay = false;
    let tries = 0;
    const { logs, host, start, happen } = given(memoryHost(), {
      ...checkpoints,
      save: (checkpoint) => {
        if (checkpoint.name !== 'reports-test' || !inTheWay) return checkpoints.save(checkpoint);
        tries += 1;
        return TE.left({ code: 'checkpoint_io', message: 'it could not be kept' });
      },
    });
    const outbox = await start();
    await happen(...running('a'), ...running('b'));
    logs.write(ref('a'), 'one\n');
    logs.write(ref('b'), 'one\n');
    const places = (): string => checkpoints.kept.get('logs-test') ?? '';
    await vi.waitFor(() => expect(places()).toMatch(/"a":.*"b":/));
    inTheWay = true;
    await happen(...ending('a'));
    await host.tookThat(({ hostKey, type }) => hostKey === 'a' && type === 'phase.finished');
    await vi.waitFor(() => expect(tries).toBeGreaterThan(0));
    // written twice since: nothing of that says that the reports were
    for (const text of ['two\n', 'three\n']) {
      const before = places();
      logs.write(ref('b'), text);
      await vi.waitFor(() => expect(places()).not.toBe(before), 5000);
    }
    expect(places()).toContain('"a":');
    inTheWay = false;
    await vi.waitFor(() => expect(places()).not.toContain('"a":'), 10_000);
    expect(places()).toContain('"b":');
    await outbox.close();
  });

  it('given a host that takes no output any more, then the end does not wait for it', async () => {
    const { host, logs, order, start, happen } = given();
    host.logs.behave(() => {
      throw new Error('down');
    });
    const first = await start();
    logs.write(ref('a'), 'one\n');
    const end = await happen(...running('a'), ...ending('a'));
    await host.logs.told.that(() => true);
    await first.close();
    const second = await start({ logs: null });
    await second.settled(end);
    expect(order).toEqual(['a queued', 'a started', 'a finished']);
  });

  it('given far more ended phase runs than are kept in mind for a host that takes no output, then the oldest are given up, and counted', async () => {
    const { host, logs, problems, start, happen } = given();
    host.logs.behave(() => {
      throw new Error('down');
    });
    const outbox = await start({
      logs: { log: host.logs.log, store: logs, patienceMs: 10 },
      mostRetryMs: 60_000,
    });
    for (let i = 0; i < 1003; i++) await happen(...running(`run-${i}`), ...ending(`run-${i}`));
    await host.tookThat(({ hostKey, type }) => hostKey === 'run-1002' && type === 'phase.finished');
    expect(host.taken.filter(({ type }) => type === 'phase.finished')).toHaveLength(1003);
    expect(outbox.logs()).toMatchObject({ waiting: 1000, givenUp: 3 });
    expect(problems.filter((message) => message.includes('is told no more'))).toHaveLength(3);
  }, 60_000);
});
