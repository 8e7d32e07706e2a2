/** One read model by itself. */
import { readModels, type ReadModel } from '../src/app/read-models.js';
import type { BatonEvent } from '../src/events/catalog.js';
import type { Projection } from '../src/kernel/projection.js';

type More = Parameters<typeof readModels>;

export const readModel = <View>(
  projection: Projection<View, BatonEvent>,
  store: More[1],
  options: More[2],
): ReadModel<View> & { readonly close: () => Promise<void> } => {
  const { models, close } = readModels({ one: projection }, store, options);
  return { ...models.one, close };
};
