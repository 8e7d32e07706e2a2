/** That something has changed, as it comes: a reader that reads slowly gets all of it in one, and holds up nobody. */
import type { Observable } from 'rxjs';
import { merged, type Update } from '../app/updates.js';
import type { Pace } from './pace.js';
import { comment, failure, frame } from './sse.js';
import { wakeOn } from '../app/wake.js';

/** Events `changed`; id = the position. */
export async function* updateFrames(
  updates: Observable<Update>,
  { pace, requestId }: { readonly pace: Pace; readonly requestId: string },
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  // one or none
  let waiting: readonly Update[] = [];
  const wake = wakeOn(updates, (update) => {
    const [before] = waiting;
    waiting = [before === undefined ? update : merged(before, [update])];
  });
  try {
    yield comment('updates');
    while (!signal.aborted) {
      const [update] = waiting;
      if (update !== undefined) {
        waiting = [];
        yield frame('changed', update, update.position === '' ? undefined : update.position);
        continue;
      }
      const ended = wake.ended();
      if (ended !== undefined) {
        if ('error' in ended) yield failure(ended.error, requestId);
        return;
      }
      await wake.pause(pace.heartbeatMs, signal);
      if (waiting.length === 0 && wake.ended() === undefined) yield comment('still here');
    }
  } finally {
    wake.close();
  }
}
