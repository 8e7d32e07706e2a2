/** How many may do something at once? The others wait, first come, first served. */

/** To be called when done; a second call changes nothing. */
export type Leave = () => void;

export interface Gate {
  /** Undefined: no room within `waitMs`, or the gate was closed. */
  readonly enter: (waitMs: number) => Promise<Leave | undefined>;
  /** Nobody is let in any more, and who waits is told. */
  readonly close: () => void;
}

export const createGate = (room: number): Gate => {
  let inside = 0;
  let closed = false;
  const waiting = new Set<(leave?: Leave) => void>();

  const admit = (): Leave => {
    inside += 1;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      inside -= 1;
      const [next] = waiting;
      if (next !== undefined) next(admit());
    };
  };

  return {
    enter: (waitMs) => {
      if (closed) return Promise.resolve(undefined);
      if (inside < room) return Promise.resolve(admit());
      return new Promise((resolve) => {
        const settle = (leave?: Leave) => {
          clearTimeout(timer);
          waiting.delete(settle);
          resolve(leave);
        };
        const timer = setTimeout(settle, waitMs);
        waiting.add(settle);
      });
    },
    close: () => {
      closed = true;
      for (const settle of [...waiting]) settle();
    },
  };
};
