/** The whole saga as a pure simulation: real deciders and processes, runners that are a table, and crashes wherever one likes. */
import * as E from 'fp-ts/lib/Either.js';
import { cancellation } from '../../src/dispatch/cancellation.js';
import type { DispatchCommand, DriveAttempt, EndRemains, Owed } from '../../src/dispatch/commands.js';
import { quarantine } from '../../src/dispatch/quarantine.js';
import { removal } from '../../src/dispatch/removal.js';
import { dispatcher } from '../../src/dispatch/dispatcher.js';
import { fanOut } from '../../src/dispatch/fan-out.js';
import { scheduler } from '../../src/dispatch/scheduler.js';
import { watchdog } from '../../src/dispatch/watchdog.js';
import { job, type JobCommand } from '../../src/domain/job.js';
import { phaseRun, type PhaseRunCommand } from '../../src/domain/phase-run.js';
import { runner, type RunnerCommand } from '../../src/domain/runner.js';
import { waitReason } from '../../src/domain/wait-reason.js';
import type { BatonEvent, JobEvent } from '../../src/events/catalog.js';
import type { Decider } from '../../src/kernel/decider.js';
import { deriveId } from '../../src/kernel/ids.js';
import type { Process } from '../../src/kernel/process.js';
import type { Recorded } from '../../src/kernel/recorded.js';

/** What the runners know; survives every crash of the server. */
interface Attempt {
  runs: number;
  state: 'absent' | 'running' | 'revoked' | 'done';
  why: 'exit' | 'cancel';
}

const processes = () =>
  [
    fanOut,
    scheduler({ fence: 1, policy: { ageingMs: 600_000, unmatchedMs: 600_000 } }),
    dispatcher,
    cancellation,
    watchdog({ startMs: 300_000 }),
    quarantine,
    removal,
  ] as readonly Process<BatonEvent, DispatchCommand, unknown>[];

/**
 * One process under the two rules of the real runner of processes (src/app/run-process.ts): its commands are carried out
 * before it is asked again, and it is not asked again before it has folded what they wrote. Events reach it late.
 */
interface Running {
  readonly process: Process<BatonEvent, DispatchCommand, unknown>;
  state: unknown;
  readonly unseen: Recorded<BatonEvent>[];
  readonly owed: Recorded<BatonEvent>[];
  readonly todo: DispatchCommand[];
  folded: number;
  ownHead: number;
}

const start = (
  process: Process<BatonEvent, DispatchCommand, unknown>,
  events: readonly Recorded<BatonEvent>[],
): Running => ({
  process,
  state: events.reduce((s, e) => process.evolve(s, e), process.init()),
  unseen: [],
  owed: [],
  todo: [],
  folded: events.length,
  ownHead: 0,
});

export class World {
  readonly events: Recorded<BatonEvent>[] = [];
  readonly attempts = new Map<string, Attempt>();
  private running: Running[] = processes().map((process) => start(process, []));
  /** No runner answers; what it runs goes on. */
  away = false;
  /** Attempts up to this number fail by themselves. */
  failing = 0;
  /** Effects that wait for an answer; a crash forgets them. */
  private adrift: DispatchCommand[] = [];
  private readonly crashAt: ReadonlySet<number>;
  private readonly crashed = new Set<number>();

  /** `crashAt`: numbers of events; the server is killed right after each of them was written. */
  constructor(crashAt: readonly number[] = []) {
    this.crashAt = new Set(crashAt);
  }

  private append<C, S, Ev extends BatonEvent, R>(
    stream: string,
    decider: Decider<C, S, Ev, R>,
    command: C,
    commandId: string,
  ): void {
    const past = this.events.filter((e) => e.stream === stream);
    if (past.some((e) => e.metadata.commandId === commandId)) return;
    const decided = decider.decide(
      command,
      past.reduce((s, e) => decider.evolve(s, e.event as Ev), decider.initial),
    );
    if (E.isLeft(decided)) return;
    const fresh = decided.right.map((event, index): Recorded<BatonEvent> => {
      const position = String(this.events.length + index + 1);
      const recordedAt = new Date(Date.UTC(2026, 0, 1) + Number(position) * 1000).toISOString();
      return {
        stream,
        revision: past.length + index,
        position,
        id: deriveId(commandId, index),
        event,
        metadata: { commandId, bodySha256: '', recordedAt, actor: 'test', schema: 1 },
      };
    });
    // one append is atomic: a crash lies between appends, never within
    this.events.push(...fresh);
    const hit = [...this.crashAt].filter((n) => n <= this.events.length && !this.crashed.has(n));
    if (hit.length > 0) {
      for (const n of hit) this.crashed.add(n);
      this.crash();
      return;
    }
    for (const one of this.running) one.unseen.push(...fresh);
  }

  /** Everything in memory is gone; the events and the runners are not. */
  crash(): void {
    this.adrift = [];
    this.running = processes().map((process) => start(process, this.events));
    for (const one of this.running) one.todo.push(...one.process.resume(one.state));
  }

  tell(id: string, command: RunnerCommand): void {
    this.append(`runner-${id}`, runner, command, deriveId('test', id, JSON.stringify(command)));
  }
  promote(id: string, command: PhaseRunCommand): void {
    this.append(`phase_run-${id}`, phaseRun, command, deriveId('test', id, JSON.stringify(command)));
  }
  cancelJob(id: string): void {
    this.append(`job-${id}`, job, { kind: 'CancelJob' }, deriveId('test', 'cancel', id));
  }

  closeJob(id: string): void {
    this.append(`job-${id}`, job, { kind: 'CloseJob' }, deriveId('test', 'close', id));
  }

  comesBack(): void {
    this.away = false;
    for (const command of this.adrift.splice(0)) this.execute(command);
  }

  /** As the one who drives asks before anything. */
  private isCurrent(jobId: string, attempt: number): boolean {
    const past = this.events.filter((e) => e.stream === `job-${jobId}`);
    const state = past.reduce((s, e) => job.evolve(s, e.event as JobEvent), job.initial);
    return (state.status === 'assigned' || state.status === 'running') && state.attempt === attempt;
  }

  private endRemains({ jobId, attempt: number }: EndRemains): void {
    const attempt = this.attempt(`${jobId}.${number}`);
    if (attempt.state === 'running') attempt.state = 'done';
    if (attempt.state === 'absent') attempt.state = 'revoked';
    const evidence = { how: attempt.state === 'revoked' ? 'revoked' : 'signalled' } as const;
    const command: JobCommand = { kind: 'RecordRemains', attempt: number, evidence };
    this.append(`job-${jobId}`, job, command, deriveId('attempt', jobId, number, command.kind));
  }

  private attempt(key: string): Attempt {
    const found = this.attempts.get(key) ?? { runs: 0, state: 'absent', why: 'exit' };
    this.attempts.set(key, found);
    return found;
  }

  private drive(effect: Owed & DriveAttempt): void {
    const { jobId, attempt: number } = effect;
    if (!this.isCurrent(jobId, number)) return;
    const say = (command: JobCommand): void =>
      this.append(`job-${jobId}`, job, command, deriveId('attempt', jobId, number, command.kind));
    const attempt = this.attempt(`${jobId}.${number}`);
    if (attempt.state === 'absent') {
      attempt.state = 'running';
      attempt.runs++;
    }
    if (attempt.state === 'revoked') {
      say({ kind: 'RecordRevoked', attempt: number, evidence: { how: 'revoked' } });
      return;
    }
    const before = this.crashed.size;
    say({ kind: 'RecordStarted', attempt: number, pid: 1, startTime: '1', bootId: 'boot' });
    if (this.crashed.size > before) return;
    // the link is lost while it runs
    if (this.away) {
      this.adrift.push(effect);
      return;
    }
    attempt.state = 'done';
    const verdict =
      attempt.why === 'cancel'
        ? ({ kind: 'cancelled', evidence: { how: 'signalled' } } as const)
        : number <= this.failing
          ? ({ kind: 'failed', exitCode: 3 } as const)
          : ({ kind: 'succeeded' } as const);
    say({ kind: 'FinishJob', attempt: number, verdict, outputs: [] });
  }

  private execute(command: DispatchCommand): void {
    switch (command.target) {
      case 'job':
        this.append(`job-${command.id}`, job, command.command, command.commandId);
        return;
      case 'phase_run':
        this.append(`phase_run-${command.id}`, phaseRun, command.command, command.commandId);
        return;
      case 'runner':
        this.append(`runner-${command.id}`, runner, command.command, command.commandId);
        return;
      case 'filter_class':
        this.append(`filter_class-${command.id}`, waitReason, command.command, command.commandId);
        return;
      case 'effect': {
        if (command.effect === 'forget_key') return;
        // a start that was on its way still arrives; everything else waits
        if (this.away && command.effect !== 'drive') {
          this.adrift.push(command);
          return;
        }
        if (command.effect === 'end_remains') {
          this.endRemains(command);
          return;
        }
        if (command.effect === 'drive') {
          this.drive(command);
          return;
        }
        if (command.effect === 'revoke') throw new Error('nothing takes long here');
        const attempt = this.attempt(`${command.jobId}.${command.attempt}`);
        if (attempt.state === 'absent') attempt.state = 'revoked';
        if (attempt.state === 'running') attempt.why = 'cancel';
      }
    }
  }

  /** Lets one process, chosen by the caller, do one thing; false when none has anything to do. */
  step(choice: number): boolean {
    const ready = this.running.filter(
      (one) => one.todo.length > 0 || one.unseen.length > 0 || one.owed.length > 0,
    );
    const one = ready[choice % Math.max(1, ready.length)];
    if (one === undefined) return false;
    const command = one.todo.shift();
    if (command !== undefined) {
      this.execute(command);
      one.ownHead = this.events.length;
      return true;
    }
    const seen = one.unseen.shift();
    if (seen !== undefined) {
      one.state = one.process.evolve(one.state, seen);
      one.folded = Number(seen.position);
      one.owed.push(seen);
      return true;
    }
    const due = one.folded >= one.ownHead || one.unseen.length === 0 ? one.owed.shift() : undefined;
    if (due !== undefined) one.todo.push(...one.process.react(one.state, due));
    return true;
  }

  settle(): void {
    for (let n = 0; this.step(n); n++) if (n > 50_000) throw new Error('the saga never comes to rest');
  }
}
