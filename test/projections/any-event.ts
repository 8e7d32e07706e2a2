/** What could ever be recorded? Random events of every type in the catalogue, made from the codecs themselves. */
import fc from 'fast-check';
import * as t from 'io-ts';
import type { BatonEvent } from '../../src/events/catalog.js';
import { catalog } from '../../src/events/catalog.js';
import { changeEvents } from '../../src/events/change.js';
import { jobEvents } from '../../src/events/job.js';
import { phaseRunEvents } from '../../src/events/phase-run.js';
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
  if (codec instanceof t.DictionaryType)
    return fc.dictionary(text, valueOf(codec.codomain as t.Mixed), { maxKeys: 3 });
  if (codec instanceof t.UnionType) return fc.oneof(...(codec.types as t.Mixed[]).map(valueOf));
  if (codec instanceof t.IntersectionType)
    return fc
      .tuple(...(codec.types as t.Mixed[]).map(valueOf))
      .map((parts) => Object.assign({}, ...(parts as object[])) as object);
  throw new Error(`no values for codec ${codec.name}`);
};

const ids = ['a', 'b', 'r1', 'constructor', '__proto__'] as const;

/** Where an event of that type belongs; what belongs nowhere of ours goes anywhere. */
const categoryOf = (type: string): string => {
  if (type === 'WaitReasonChanged') return 'filter_class';
  if (type.startsWith('StageRun') || type === 'StagePhaseFinished') return 'stage_run';
  if (Object.hasOwn(jobEvents, type)) return 'job';
  if (Object.hasOwn(phaseRunEvents, type)) return 'phase_run';
  if (Object.hasOwn(changeEvents, type)) return 'change';
  return 'runner';
};
const categories = ['job', 'runner', 'filter_class', 'phase_run', 'change', 'stage_run'];

/** Mostly where they belong, so that events meet; sometimes where no decider would write them. */
const placed = (type: string, names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 9, arbitrary: fc.constant(categoryOf(type)) },
        { weight: 1, arbitrary: fc.constantFrom(...categories) },
      ),
      fc.constantFrom(...names),
    )
    .map(([category, id]) => `${category}-${id}`);

/** Jobs are what most of history is about. */
const weightOf = (type: string): number => (type === 'JobQueued' ? 6 : categoryOf(type) === 'job' ? 2 : 1);

const anyEvent = (names: readonly string[]): fc.Arbitrary<Given> =>
  fc
    .oneof(
      ...Object.entries(catalog).map(([type, codec]) => ({
        weight: weightOf(type),
        // texts may be long gone from a map of JSON: data is what JSON can hold
        arbitrary: valueOf(codec).map((data) => ({
          type,
          data: JSON.parse(JSON.stringify(data)) as unknown,
        })),
      })),
    )
    .chain((event) =>
      fc
        .record({
          stream: placed(event.type, names),
          by: text,
          reason: text,
          afterMs: fc.integer({ min: -5, max: 5 }),
        })
        .map((rest) => ({ ...(event as BatonEvent), ...rest })),
    );

/** Histories that no decider would write, too. `names`: the ids of all streams. */
export const anyHistoryOf = (names: readonly string[]) => fc.array(anyEvent(names), { maxLength: 60 });
export const anyHistory = anyHistoryOf(ids);
