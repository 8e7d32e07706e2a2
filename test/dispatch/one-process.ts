/** One process alone in the world: facts are told to it, its commands go to the real decider of runners, and it may crash. */
import * as E from 'fp-ts/lib/Either.js';
import type { DispatchCommand } from '../../src/dispatch/commands.js';
import { job } from '../../src/domain/job.js';
import { runner, type RunnerCommand } from '../../src/domain/runner.js';
import type { BatonEvent, JobEvent, RunnerEvent } from '../../src/events/catalog.js';
import { deriveId } from '../../src/kernel/ids.js';
import type { Process } from '../../src/kernel/process.js';
import type { Metadata, Recorded } from '../../src/kernel/recorded.js';
import { plusMillis } from '../../src/kernel/time.js';
import { FIRST_INSTANT } from '../given.js';

export class OneProcess<S> {
  readonly events: Recorded<BatonEvent>[] = [];
  /** Everything that it ever asked for, in order. */
  readonly asked: DispatchCommand[] = [];
  at = FIRST_INSTANT;
  #state: S;
  readonly #process: Process<BatonEvent, DispatchCommand, S>;
  readonly #crashAt: ReadonlySet<number>;

  /** `crashAt`: numbers of events after which it dies before it carries anything out, and is started again. */
  constructor(process: Process<BatonEvent, DispatchCommand, S>, crashAt: readonly number[] = []) {
    this.#process = process;
    this.#state = process.init();
    this.#crashAt = new Set(crashAt);
  }

  /** A fact from elsewhere, and all that follows from it. */
  fact(stream: string, event: BatonEvent, more: Partial<Metadata> = {}): void {
    this.#record(stream, [event], deriveId('fact', this.events.length), more);
  }

  /** A command of a person. */
  tell(name: string, command: RunnerCommand, more: Partial<Metadata> = {}): void {
    this.#decide(`runner-${name}`, command, deriveId('told', this.events.length), more);
  }

  tick(): void {
    this.#carryOut(this.#process.tick(this.#state, this.at));
  }

  types(stream: string): readonly string[] {
    return this.events.filter((e) => e.stream === stream).map((e) => e.event.type);
  }

  #past(stream: string): readonly Recorded<BatonEvent>[] {
    return this.events.filter((e) => e.stream === stream);
  }

  #decide(stream: string, command: RunnerCommand, commandId: string, more: Partial<Metadata>): void {
    const past = this.#past(stream);
    if (past.some((e) => e.metadata.commandId === commandId)) return;
    const state = past.reduce((s, e) => runner.evolve(s, e.event as RunnerEvent), runner.initial);
    const decided = runner.decide(command, state);
    if (E.isRight(decided)) this.#record(stream, decided.right, commandId, more);
  }

  #cancel(jobId: string, commandId: string, more: Partial<Metadata>): void {
    const stream = `job-${jobId}`;
    const past = this.#past(stream);
    if (past.some((e) => e.metadata.commandId === commandId)) return;
    const state = past.reduce((s, e) => job.evolve(s, e.event as JobEvent), job.initial);
    const decided = job.decide({ kind: 'CancelJob' }, state);
    if (E.isRight(decided)) this.#record(stream, decided.right, commandId, more);
  }

  #record(stream: string, events: readonly BatonEvent[], commandId: string, more: Partial<Metadata>): void {
    const owed: Recorded<BatonEvent>[] = [];
    let crashed = false;
    for (const [index, event] of events.entries()) {
      this.at = plusMillis(this.at, 1000);
      const recorded: Recorded<BatonEvent> = {
        stream,
        revision: this.#past(stream).length,
        position: String(this.events.length + 1),
        id: deriveId(commandId, index),
        event,
        metadata: { commandId, bodySha256: '', recordedAt: this.at, actor: 'baton', schema: 1, ...more },
      };
      this.events.push(recorded);
      crashed ||= this.#crashAt.has(this.events.length);
      this.#state = this.#process.evolve(this.#state, recorded);
      owed.push(recorded);
    }
    if (crashed) {
      this.#state = this.events.reduce(
        (state, recorded) => this.#process.evolve(state, recorded),
        this.#process.init(),
      );
      this.#carryOut(this.#process.resume(this.#state));
      return;
    }
    for (const recorded of owed) this.#carryOut(this.#process.react(this.#state, recorded));
  }

  #carryOut(commands: readonly DispatchCommand[]): void {
    for (const command of commands) {
      this.asked.push(command);
      const { actor = 'baton', reason, commandId } = command;
      const more = { actor, ...(reason === undefined ? {} : { reason }) };
      if (command.target === 'runner') this.#decide(`runner-${command.id}`, command.command, commandId, more);
      else if (command.target === 'job') this.#cancel(command.id, commandId, more);
      else if (command.target === 'effect' && command.effect === 'forget_key')
        this.#decide(
          `runner-${command.runner}`,
          { kind: 'RecordKeyRemoved', secretRef: command.secretRef },
          commandId,
          more,
        );
    }
  }
}
