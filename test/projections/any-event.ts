/** What could ever be recorded? Random events of every type in the catalogue, made from the codecs themselves. */
import fc from 'fast-check';
import * as t from 'io-ts';
import type { BatonEvent } from '../../src/events/catalog.js';
import { catalog } from '../../src/events/catalog.js';
import type { Given } from '../given.js';

/** Few texts, so that events meet; some of them names of what every object has. */
const text = fc.constantFrom('a', 'b', 'r1', 'constructor', '__proto__', '', 'SHA256:x');

const props = (all: t.Props): Record<string, fc.Arbitrary<unknown>> =>
  Object.fromEntries(Object.entries(all).map(([key, codec]) => [key, valueOf(codec)]));

/** Values that the codec accepts; throws for a kind of codec that the catalogue did not have when this was written. */
const valueOf = (codec: t.Mixed): fc.Arbitrary<unknown> => {
  if (codec instanceof t.StringType) return text;
  if (codec instanceof t.NumberType) return fc.nat(5);
  if (codec instanceof t.BooleanType) return fc.boolean();
  if (codec instanceof t.LiteralType) return fc.constant<unknown>(codec.value);
  if (codec instanceof t.KeyofType) return fc.constantFrom(...Object.keys(codec.keys as object));
  if (codec instanceof t.RefinementType) return valueOf(codec.type as t.Mixed);
  if (codec instanceof t.ReadonlyArrayType) return fc.array(valueOf(codec.type as t.Mixed), { maxLength: 3 });
  if (codec instanceof t.InterfaceType) return fc.record(props(codec.props as t.Props));
  if (codec instanceof t.PartialType) return fc.record(props(codec.props as t.Props), { requiredKeys: [] });
  if (codec instanceof t.UnionType) return fc.oneof(...(codec.types as t.Mixed[]).map(valueOf));
  if (codec instanceof t.IntersectionType)
    return fc
      .tuple(...(codec.types as t.Mixed[]).map(valueOf))
      .map((parts) => Object.assign({}, ...(parts as object[])) as object);
  throw new Error(`no values for codec ${codec.name}`);
};

const streams = ['job', 'runner', 'filter_class'].flatMap((category) =>
  ['a', 'b', 'r1', 'constructor', '__proto__'].map((id) => `${category}-${id}`),
);

const anyEvent: fc.Arbitrary<Given> = fc
  .oneof(
    ...Object.entries(catalog).map(([type, codec]) =>
      // texts may be long gone from a map of JSON: data is what JSON can hold
      valueOf(codec).map((data) => ({ type, data: JSON.parse(JSON.stringify(data)) as unknown })),
    ),
  )
  .chain((event) =>
    fc
      .record({
        stream: fc.constantFrom(...streams),
        by: text,
        reason: text,
        afterMs: fc.integer({ min: -5, max: 5 }),
      })
      .map((rest) => ({ ...(event as BatonEvent), ...rest })),
  );

/** Histories that no decider would write, too. */
export const anyHistory = fc.array(anyEvent, { maxLength: 60 });
