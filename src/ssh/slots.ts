/** Which open shell of a runner takes the next job or question? A free one, else a new one; few are kept when nothing is to do. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunnerTarget, TransportError } from '../app/ports.js';
import { transportError } from './errors.js';
import { install, type Site } from './operation.js';
import { keyOf, type Pool } from './pool.js';
import { openSlot, type Slot } from './slot.js';

/** An idle shell holds one of the sessions that sshd allows. */
const IDLE_MS = 60_000;

export interface Slots {
  /** A free shell, for the one who asked alone until `release`. Nothing has been sent when this fails. */
  readonly take: (target: RunnerTarget) => Promise<E.Either<TransportError, Slot>>;
  /** Given back when it is free again; one that is not is let go. */
  readonly release: (target: RunnerTarget, slot: Slot) => void;
  /** Closes the shells that only wait, of accounts that are gone. */
  readonly sweep: () => void;
  readonly close: () => void;
}

interface Idle {
  readonly target: RunnerTarget;
  readonly slot: Slot;
  readonly timer: NodeJS.Timeout;
}

export const createSlots = (pool: Pool, site: Site): Slots => {
  /** By everything that names a runner and our way to it: a shell under another trusted key is none of it. */
  const idle = new Map<string, Idle[]>();
  let closed = false;

  const open = async (target: RunnerTarget): Promise<E.Either<TransportError, Slot>> => {
    const channel = pool.channel(target, 'long');
    for (let installed = false; ; installed = true) {
      const opened = await openSlot(channel, target, site);
      if (opened.kind === 'slot') return E.right(opened.slot);
      if (opened.kind === 'failed') return E.left(opened.error);
      if (installed) return E.left(transportError('workspace_not_writable', target, 'the program vanished'));
      const done = await install(pool.channel(target, 'short'), target, site);
      if (E.isLeft(done)) return done;
    }
  };

  return {
    take: async (target) => {
      if (closed) return E.left(transportError('closed', target));
      const list = idle.get(keyOf(target)) ?? [];
      for (let next = list.pop(); next !== undefined; next = list.pop()) {
        clearTimeout(next.timer);
        if (next.slot.isFree()) return E.right(next.slot);
      }
      return open(target);
    },
    release: (target, slot) => {
      if (closed || !slot.isFree() || pool.isGone(target)) {
        slot.close();
        return;
      }
      const key = keyOf(target);
      const list = idle.get(key) ?? [];
      idle.set(key, list);
      const timer = setTimeout(() => {
        const at = list.findIndex((one) => one.slot === slot);
        if (at >= 0) list.splice(at, 1);
        slot.close();
      }, IDLE_MS);
      timer.unref();
      list.push({ target, slot, timer });
    },
    sweep: () => {
      for (const [key, list] of idle) {
        const gone = list.filter(({ target }) => pool.isGone(target));
        for (const { slot, timer } of gone) {
          clearTimeout(timer);
          slot.close();
        }
        if (gone.length === list.length) idle.delete(key);
      }
    },
    close: () => {
      closed = true;
      for (const { slot, timer } of [...idle.values()].flat()) {
        clearTimeout(timer);
        slot.close();
      }
      idle.clear();
    },
  };
};
