/** The whole of Baton in this process, as a host that embeds it has it: store, scheduler, dispatcher, SSH; and a machine that is its runner. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import type { Promotion } from '../../plugin/contract.js';
import { openIntake } from '../../plugin/intake.js';
import { defaultPhaseWays } from '../../src/domain/phase-ways.js';
import { defaultQueuePolicy } from '../../src/domain/queue-policy.js';
import { phaseRunIdOf } from '../../src/domain/phase-run.js';
import { decode, type JobEvent } from '../../src/events/catalog.js';
import { logger, openCore, type Core } from '../../src/main.js';
import type { Undoing } from '../store/tidily.js';
import type { Machine } from './machine.js';

/** Moments in milliseconds, of `performance.now()`. Those of events: when the event was on the disk and was told. */
export interface Ended {
  readonly jobId: string;
  readonly outcome: JobEvent['type'];
  readonly promotedAt: number;
  readonly assignedAt: number;
  readonly endedAt: number;
  /** How often an attempt came to nothing. */
  readonly requeued: number;
  /** Bytes of its log. */
  readonly logBytes: number;
}

export interface Job {
  /** Resolves when its start is on the disk. */
  readonly started: Promise<{ readonly pid: number }>;
  readonly ended: Promise<Ended>;
  /** Resolves when the end of its phase is on the disk: the last that is recorded. */
  readonly finished: Promise<void>;
  /** Resolves when the wish is on the disk. */
  readonly cancel: () => Promise<void>;
}

export interface Engine {
  /** Where its data are. */
  readonly data: string;
  /** A phase with one job; resolves when the promotion is on the disk. */
  readonly promote: (script: string) => Promise<Job>;
}

/** As a host, and as whoever acts. */
const HOST = 'bench';
const DAY_MS = 86_400_000;

/** Of one runner; who wants more has the machine enrolled several times. */
const MOST_SLOTS = 64;

/** Over its API, as people enrol runners. */
const enrol = async (core: Core, machine: Machine, slots: number): Promise<void> => {
  const server = createServer(core.edge.handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.text();
  };
  const { port: at, user, fingerprint: hostKey, privateKey, folder } = machine;
  const runners = Math.ceil(slots / MOST_SLOTS);
  for (let n = 0; n < runners; n++) {
    const name = `runner-${n}`;
    const login = { host: '127.0.0.1', port: at, user, hostKey, privateKey };
    const base = join(folder, `base-${n}`);
    const added = await post('/runners', { name, ...login, base, slots: Math.ceil(slots / runners) });
    const tested = await post(`/runners/${name}/test`, {});
    if (!tested.includes('"code":"ready"')) throw new Error(`a runner is not ready: ${added} ${tested}`);
  }
  server.closeAllConnections();
  server.close();
};

/** What is told of one job while it lives. */
interface Told {
  readonly started: (started: { pid: number }) => void;
  readonly ended: (ended: Ended) => void;
  readonly finished: () => void;
  readonly promotedAt: number;
  assignedAt: number;
  requeued: number;
  logBytes: number;
}

/** A promise, and who keeps it. */
const promised = <A = void>() => {
  let keep: (value: A) => void = () => undefined;
  const promise = new Promise<A>((resolve) => (keep = resolve));
  return { promise, keep: (value: A) => keep(value) };
};

export const openEngine = async (machine: Machine, slots: number, undoing: Undoing): Promise<Engine> => {
  const data = join(machine.folder, 'data');
  const opened = await openCore(
    {
      data,
      keyFile: join(machine.folder, 'operator.key'),
      mayMakeKey: true,
      repositoryRoots: [],
      logLevel: 'silent',
      environment: { PATH: process.env['PATH'] },
      queue: defaultQueuePolicy,
      phases: defaultPhaseWays,
      // a probe in the middle of a round would be counted
      ...{ probeMs: DAY_MS, recoveryProbeMs: DAY_MS, leaseMs: DAY_MS },
    },
    logger('silent'),
    { http: { callerOf: () => ({ actor: 'bench', grants: [{ role: 'admin' }] }) } },
  );
  if (E.isLeft(opened)) throw new Error(opened.left.message);
  const core = opened.right;
  undoing.add(core.close);
  await core.ready;
  await core.phaseRuns.caughtUp();
  await enrol(core, machine, slots);

  const intake = openIntake({
    ...{ ...core.deps, repeats: core.repeats, phaseRuns: core.phaseRuns },
    ...{ host: HOST, maxQueued: 10_000 },
  });
  const live = new Map<string, Told>();
  const phaseOf = new Map<string, string>();

  const onJob = (jobId: string, event: JobEvent, at: number): void => {
    if (event.type === 'JobQueued') phaseOf.set(jobId, event.data.phaseRunId);
    const told = live.get(phaseOf.get(jobId) ?? '');
    if (told === undefined) return;
    switch (event.type) {
      case 'JobQueued':
      case 'JobCancelRequested':
        return;
      case 'JobAssigned':
        told.assignedAt = at;
        return;
      case 'JobStarted':
        told.started({ pid: event.data.pid });
        return;
      case 'JobRequeued':
        told.requeued += 1;
        return;
      case 'JobOutputSealed':
        told.logBytes = event.data.outputs[0]?.storedBytes ?? 0;
        return;
      default: {
        const { promotedAt, assignedAt, requeued, logBytes } = told;
        phaseOf.delete(jobId);
        told.ended({ jobId, outcome: event.type, promotedAt, assignedAt, endedAt: at, requeued, logBytes });
      }
    }
  };

  // what a subscriber is given is on the disk
  const watching = core.deps.store
    .subscribe('start', { streamPrefixes: ['job-', 'phase_run-'] })
    .subscribe((signal) => {
      if ('caughtUp' in signal) return;
      const decoded = decode(signal);
      if (E.isLeft(decoded)) throw new Error(`an event of ${signal.stream} cannot be read`);
      const { event } = decoded.right;
      const [category = '', id = ''] = signal.stream.split(/-(.*)/s);
      if (category === 'job') onJob(id, event as JobEvent, performance.now());
      else if (event.type === 'PhaseFinished') {
        live.get(id)?.finished();
        live.delete(id);
      }
    });
  undoing.add(() => {
    watching.unsubscribe();
    return intake.idle();
  });

  let count = 0;
  const take = async (command: Parameters<typeof intake.take>[0]): Promise<void> => {
    const ack = await intake.take(command);
    if (ack.status !== 'accepted') throw new Error(JSON.stringify(ack));
  };

  return {
    data,
    promote: async (script) => {
      const hostKey = `job-${(count += 1)}`;
      const said = { commandId: hostKey, actor: 'bench' };
      const promotion: Promotion = {
        hostKey,
        scope: { enterprise: 'bench', organisation: 'bench', project: 'sample' },
        ...{ pipeline: 'main', stage: 'verify', phase: 'unit' },
        steps: [{ name: 'unit', run: script }],
        limits: { logBytes: 2 ** 31 },
      };
      const promotedAt = performance.now();
      const [started, ended, finished] = [promised<{ pid: number }>(), promised<Ended>(), promised()];
      live.set(phaseRunIdOf(HOST, hostKey, 1), {
        ...{ started: started.keep, ended: ended.keep, finished: finished.keep },
        ...{ promotedAt, assignedAt: NaN, requeued: 0, logBytes: 0 },
      });
      await take({ ...said, type: 'phase.promoted', promotion });
      return {
        ...{ started: started.promise, ended: ended.promise, finished: finished.promise },
        cancel: () => take({ commandId: `cancel-${hostKey}`, actor: 'bench', type: 'phase.cancel', hostKey }),
      };
    },
  };
};

/** So many jobs wanted at once; resolves when the last that is recorded of each is on the disk. */
export const runAtOnce = async (
  engine: Engine,
  script: string,
  jobs: number,
): Promise<{ readonly ended: readonly Ended[]; readonly ms: number }> => {
  const wanted = await Promise.all(Array.from({ length: jobs }, () => engine.promote(script)));
  const ended = await Promise.all(wanted.map((job) => job.ended));
  await Promise.all(wanted.map((job) => job.finished));
  const first = Math.min(...ended.map(({ promotedAt }) => promotedAt));
  return { ended, ms: Math.max(...ended.map(({ endedAt }) => endedAt)) - first };
};

/** Throws when one of them ended otherwise. */
export const allSucceeded = (ended: readonly Ended[]): void => {
  const others = ended.filter(({ outcome }) => outcome !== 'JobSucceeded');
  if (others.length > 0)
    throw new Error(
      `${others.length} of ${ended.length} jobs: ${others.map((job) => job.outcome).join(', ')}`,
    );
};
