/** The class that Screwdriver makes of `executor.plugin: baton`. CommonJS, as the API asks for it by `require`; everything else is a module. */
import type { Executor } from './executor.js' with { 'resolution-mode': 'import' };

/** Of screwdriver-executor-base: it checks what it is told, then calls the method with an underscore. */
type ExecutorBase = new (config?: unknown) => { stats(): unknown };

// typed by what is asked for, since there is no other way to say what a CommonJS module gives
const load: (name: 'screwdriver-executor-base') => ExecutorBase = require;
const Base = load('screwdriver-executor-base');

const NO_STATS = {
  requests: { total: 0, timeouts: 0, success: 0, failure: 0, concurrent: 0, averageTime: 0 },
  breaker: { isClosed: false },
};

const say = (sentence: string): void => console.error(`screwdriver-executor-baton: ${sentence}`);

/** Duties of Screwdriver's queue service that Baton does not take over. */
const refuse = (what: string): Promise<never> =>
  Promise.reject(new Error(`Baton does not ${what}; that is done by the queue service of Screwdriver`));

class BatonExecutor extends Base {
  readonly #executor: Promise<Executor>;
  #known: Executor | undefined;

  constructor(config?: unknown) {
    super(config);
    this.#executor = import('./executor.js').then(({ createExecutor }) => {
      this.#known = createExecutor({ config, baton: () => import('baton'), say });
      return this.#known;
    });
    this.#executor.catch((error: unknown) => say(String(error)));
  }

  async _start(config: unknown): Promise<void> {
    return (await this.#executor).start(config);
  }

  async _stop(config: unknown): Promise<void> {
    return (await this.#executor).stop(config);
  }

  async _status(config: unknown): Promise<string> {
    return (await this.#executor).status(config);
  }

  /** The runner keeps to the time of a build by itself, also when this process is gone. */
  _startTimer(): Promise<void> {
    return Promise.resolve();
  }

  _stopTimer(): Promise<void> {
    return Promise.resolve();
  }

  _verify(): Promise<void> {
    return Promise.resolve();
  }

  override stats(): unknown {
    return this.#known?.stats() ?? NO_STATS;
  }

  async _cleanUp(): Promise<void> {
    return (await this.#executor).cleanUp();
  }

  /** Refused, the API would answer 500 to whoever makes a pipeline with such a job, and leave the pipeline half made. */
  async _startPeriodic(config: unknown): Promise<void> {
    (await this.#executor).periodic(config);
  }

  /** There is nothing to stop, and the API asks for it when a job is removed. */
  _stopPeriodic(): Promise<void> {
    return Promise.resolve();
  }

  _startFrozen(): Promise<never> {
    return refuse('start builds that were frozen');
  }

  _stopFrozen(): Promise<void> {
    return Promise.resolve();
  }

  _unzipArtifacts(): Promise<never> {
    return refuse('unzip artifacts');
  }

  _enqueueWebhook(): Promise<never> {
    return refuse('keep webhooks');
  }
}

module.exports = BatonExecutor;
