/** A projection folds events into something a person wants to see. It is pure, and thrown away at will. */
import type { Recorded } from './recorded.js';

/**
 * `evolve` changes only the view it is given. A view is plain JSON (no Map, Set, Date), so that it can be stored beside its
 * position. `version` changes when the shape of the view does: stored views of another version are rebuilt.
 */
export interface Projection<View, Event> {
  readonly name: string;
  readonly version: number;
  readonly init: () => View;
  readonly evolve: (view: View, recorded: Recorded<Event>) => void;
}
