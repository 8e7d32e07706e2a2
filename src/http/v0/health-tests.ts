/** Tests of runners that were asked for and are under way: the original answered at once, and told what came of it later. */
import * as E from 'fp-ts/lib/Either.js';
import { Subject, type Observable } from 'rxjs';
import type { CommandContext, UseCases } from '../../app/use-cases.js';
import type { Tested } from './runner-json.js';

export interface HealthTests {
  /** One at a time for each runner; asked for again, it is the one that is under way. */
  readonly start: (use: UseCases, context: CommandContext, name: string) => void;
  /** Absent: what is recorded of the runner says all. */
  readonly of: (name: string) => Tested | undefined;
  readonly changes: Observable<void>;
}

export const healthTests = (): HealthTests => {
  const tests = new Map<string, Tested>();
  const changes = new Subject<void>();
  const ended = (name: string, failed: string | undefined): void => {
    if (failed === undefined) tests.delete(name);
    else tests.set(name, { failed });
    changes.next();
  };
  return {
    start: (use, context, name) => {
      if (tests.get(name) === 'pending') return;
      tests.set(name, 'pending');
      changes.next();
      use
        .testRunner(context, name, {})()
        .then(
          (tested) => ended(name, E.isLeft(tested) ? tested.left.message : undefined),
          () => ended(name, 'Something went wrong inside Baton.'),
        );
    },
    of: (name) => tests.get(name),
    changes,
  };
};
