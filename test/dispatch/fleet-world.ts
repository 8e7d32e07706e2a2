/** A scheduler alone with its events: what it asks for becomes events as the deciders would write them. */
import * as E from 'fp-ts/lib/Either.js';
import type { Waiting } from '../domain/reference-schedule.js';
import { slotsOf } from '../../src/dispatch/fleet.js';
import { scheduler, type SchedulerState } from '../../src/dispatch/scheduler.js';
import type { DispatchCommand } from '../../src/dispatch/commands.js';
import { noRules, parseRule, type Compatibility } from '../../src/domain/compatibility.js';
import { struckBy } from '../../src/domain/failures.js';
import { classOf } from '../../src/domain/matching.js';
import type { BatonEvent } from '../../src/events/catalog.js';
import type { JobAssigned, JobQueued, JobRequeued } from '../../src/events/job.js';
import type { RunnerEnrolled } from '../../src/events/runner.js';
import type { Attributes, Filter } from '../../src/events/shapes.js';
import { deriveId } from '../../src/kernel/ids.js';
import type { Recorded } from '../../src/kernel/recorded.js';
import { plusMillis } from '../../src/kernel/time.js';
import { anAssignment, anEnrolment, aQueuedJob } from '../builders.js';
import { FIRST_INSTANT } from '../given.js';

export const policy = { ageingMs: 600_000, unmatchedMs: 600_000 };

export const ready = { verdict: 'ready', findings: [], baseId: 'base', bootId: 'boot' } as const;

/** The one rule that a world may have: what it says is told once more, plainly, by `breaksRule`. */
export const rulesWith = (engine: string): Compatibility => {
  const rule = parseRule('toolchain chefdk >=2.0 needs engine >=1.5');
  if (E.isLeft(rule)) throw new Error(rule.left.expected);
  return { rules: [rule.right], engine, baton: '0.1.0' };
};
const breaksRule = ({ toolchains }: Attributes, { engine }: Compatibility): boolean =>
  engine === '1.4' && toolchains?.['chefdk']?.startsWith('2.') === true;

/** `job→runner/slot rule`, with all of its slots. */
export const assignmentText = (jobId: string, { runner, slot, alsoSlots = [], rule }: JobAssigned): string =>
  `${jobId}→${runner}/${[slot, ...alsoSlots].join('+')} ${rule}`;

export class FleetWorld {
  readonly process;
  state: SchedulerState;
  private readonly compatibility: Compatibility;
  constructor(compatibility: Compatibility = noRules) {
    this.compatibility = compatibility;
    this.process = scheduler({ fence: 1, policy, compatibility });
    this.state = this.process.init();
  }
  readonly events: Recorded<BatonEvent>[] = [];
  /** As the scheduler asked for them, `job→runner/slot rule`; `slot+slot` where a job takes several. */
  readonly assignments: string[] = [];
  /** Milliseconds since the first instant. */
  nowMs = 0;

  fold(stream: string, event: BatonEvent): Recorded<BatonEvent> {
    const position = this.events.length + 1;
    const recordedAt = plusMillis(FIRST_INSTANT, this.nowMs);
    const recorded = {
      ...{ stream, revision: 0, position: String(position), id: deriveId('event', position), event },
      metadata: { commandId: '', bodySha256: '', recordedAt, actor: 'test', schema: 1 },
    };
    this.events.push(recorded);
    this.state = this.process.evolve(this.state, recorded);
    return recorded;
  }

  /** What is owed because of this event; carried out at once. */
  react(recorded: Recorded<BatonEvent>): readonly DispatchCommand[] {
    const commands = this.process.react(this.state, recorded);
    for (const written of commands.flatMap((command) => this.execute(command))) this.react(written);
    return commands;
  }

  /** Folds one event and lets the scheduler act until it rests. */
  tell(stream: string, event: BatonEvent): void {
    this.react(this.fold(stream, event));
  }

  /** The time that the scheduler was last told, absolute; 0: never. */
  tickedMs = 0;

  /** What it owes now that it is so late; not carried out. */
  owedByTick(): readonly DispatchCommand[] {
    const at = plusMillis(FIRST_INSTANT, this.nowMs);
    this.tickedMs = Date.parse(at);
    return this.process.tick(this.state, at);
  }

  tick(): readonly DispatchCommand[] {
    const commands = this.owedByTick();
    for (const written of commands.flatMap((command) => this.execute(command))) this.react(written);
    return commands;
  }

  execute(command: DispatchCommand): readonly Recorded<BatonEvent>[] {
    if (command.target === 'filter_class')
      return [
        this.fold(`filter_class-${command.id}`, { type: 'WaitReasonChanged', data: command.command.data }),
      ];
    if (command.target !== 'job') throw new Error(`the scheduler asks for ${command.target}`);
    const { id, command: asked } = command;
    switch (asked.kind) {
      case 'AssignJob': {
        this.assignments.push(assignmentText(id, asked.data));
        return [this.fold(`job-${id}`, { type: 'JobAssigned', data: asked.data })];
      }
      case 'RefuseJob':
      case 'ExpireJob': {
        const { why, detail } = asked;
        const type = asked.kind === 'RefuseJob' ? 'JobUndeliverable' : 'JobExpired';
        return [this.fold(`job-${id}`, { type, data: { why, detail } })];
      }
      default:
        throw new Error(`the scheduler asks for ${asked.kind}`);
    }
  }

  enrolled(name: string, more: Partial<RunnerEnrolled> = {}): void {
    this.tell(`runner-${name}`, { type: 'RunnerEnrolled', data: anEnrolment({ name, ...more }) });
  }
  /** Enrolled, and found ready with these attributes. */
  ready(name: string, attributes: Attributes = {}, more: Partial<RunnerEnrolled> = {}): void {
    this.enrolled(name, more);
    this.tell(`runner-${name}`, { type: 'RunnerAttributesChanged', data: { attributes } });
    this.tell(`runner-${name}`, { type: 'RunnerProbed', data: ready });
  }
  queue(jobId: string, filter: Filter = [], more: Partial<JobQueued> = {}): void {
    this.tell(`job-${jobId}`, { type: 'JobQueued', data: aQueuedJob({ filter, ...more }) });
  }
  succeed(jobId: string): void {
    this.tell(`job-${jobId}`, { type: 'JobSucceeded', data: { attempt: 1 } });
  }
  fail(jobId: string, more: Partial<JobRequeued> = {}): void {
    const data = { attempt: 1, cause: 'infrastructure', ...more } as const;
    this.tell(`job-${jobId}`, { type: 'JobRequeued', data });
  }
  /** An assignment that was made before, whatever the scheduler thinks. */
  held(jobId: string, runner: string, slot = 0): void {
    this.fold(`job-${jobId}`, { type: 'JobQueued', data: aQueuedJob() });
    this.tell(`job-${jobId}`, { type: 'JobAssigned', data: anAssignment({ runner, slot }) });
  }

  /** Recorded reasons, one per change: those of one enterprise, or those of all that have none of their own. */
  reasons(filter: Filter = [], enterprise = '', slots = 1): readonly string[] {
    const id = classOf(filter, { enterprise, slots });
    return this.events.flatMap(({ stream, event }) =>
      event.type === 'WaitReasonChanged' && stream === `filter_class-${id}` ? [event.data.reason] : [],
    );
  }

  /** The queue as the reference takes it; what was tried before is read from the events, not from the scheduler. */
  waiting(): readonly Waiting[] {
    return this.events.flatMap(({ stream, event, metadata }, order) => {
      const jobId = stream.slice('job-'.length);
      const job = this.state.jobs.get(jobId);
      if (event.type !== 'JobQueued' || job === undefined || job.place !== undefined) return [];
      const { filter, filterClass, priority, slots = 1, whenUnmatchable } = event.data;
      const { enterprise } = event.data.scope;
      const queuedAtMs = Date.parse(metadata.recordedAt);
      const tried = this.triedSince(stream, order);
      return [
        {
          ...{ jobId, filter, filterClass, enterprise, slots, priority, queuedAtMs, order, whenUnmatchable },
          ...tried,
        },
      ];
    });
  }

  private triedSince(
    stream: string,
    order: number,
  ): Pick<Waiting, 'avoid' | 'notBeforeMs' | 'elsewhereAtOnce'> {
    let runner = '';
    let avoid: readonly string[] = [];
    let notBeforeMs = 0;
    let elsewhereAtOnce = false;
    for (const { event, metadata, ...one } of this.events.slice(order)) {
      if (one.stream !== stream) continue;
      if (event.type === 'JobAssigned') ({ runner } = event.data);
      if (event.type !== 'JobRequeued') continue;
      const { cause, why, delayMs } = event.data;
      elsewhereAtOnce = cause === 'infrastructure';
      notBeforeMs = delayMs === undefined ? 0 : Date.parse(metadata.recordedAt) + delayMs;
      if (cause === 'infrastructure' || (cause === 'policy' && why === 'lost'))
        avoid = [...avoid.filter((name) => name !== runner), runner];
    }
    return { avoid, notBeforeMs, elsewhereAtOnce };
  }
  runners() {
    return [...this.state.runners.values()].map((one) => {
      const slots = slotsOf(one, struckBy(this.state.failures, one.name)?.detail);
      const isUnfit = slots.unavailable === '' && breaksRule(one.attributes, this.compatibility);
      return isUnfit ? { ...slots, unavailable: 'breaks the rule' } : slots;
    });
  }
}
