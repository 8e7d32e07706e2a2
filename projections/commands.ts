/** Which commands of people were carried out: the same key with another body is a conflict, wherever it would have written. */
import type { BatonEvent } from '../src/events/catalog.js';
import type { Projection } from '../src/kernel/projection.js';

export interface CommandsView {
  /** Command id → where it wrote, and the digest of its body. */
  readonly known: Record<string, { readonly stream: string; readonly bodySha256: string }>;
  /** Oldest first; the oldest are forgotten. */
  order: string[];
}

/** A repeat comes soon or never; so many commands are remembered. */
const REMEMBERED = 10_000;

export const commands: Projection<CommandsView, BatonEvent> = {
  name: 'commands',
  version: 1,
  init: () => ({ known: {}, order: [] }),
  evolve: (view, { stream, metadata: { actor, commandId, bodySha256 } }) => {
    if (actor === 'baton' || Object.hasOwn(view.known, commandId)) return;
    view.known[commandId] = { stream, bodySha256 };
    view.order.push(commandId);
    if (view.order.length <= 2 * REMEMBERED) return;
    for (const old of view.order.slice(0, REMEMBERED)) Reflect.deleteProperty(view.known, old);
    view.order = view.order.slice(REMEMBERED);
  },
};
