/** What a codec lets through, as JSON Schema: the codecs of the edge carry their rules, those of io-ts their structure. */
import type * as t from 'io-ts';
import type { Checked, Closed, JsonSchema } from './closed.js';

/** What io-ts codecs are made of; their tags are part of its documented form. */
type Part = t.Mixed & {
  readonly _tag?: string;
  readonly props?: t.Props;
  readonly types?: readonly Part[];
  readonly type?: Part;
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly codomain?: Part;
  readonly value?: unknown;
};

const isChecked = (codec: t.Mixed): codec is Checked<unknown> => 'rule' in codec;
const isClosed = (codec: t.Mixed): codec is Closed<unknown> => 'members' in codec;

const properties = (props: t.Props): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(props).map(([name, codec]) => [name, schemaOf(codec)]));

const ofStructure = (codec: Part): JsonSchema => {
  switch (codec._tag) {
    case 'StringType':
      return { type: 'string' };
    case 'NumberType':
      return { type: 'number' };
    case 'BooleanType':
      return { type: 'boolean' };
    case 'LiteralType':
      return { const: codec.value };
    case 'KeyofType':
      return { type: 'string', enum: Object.keys(codec.keys ?? {}) };
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return { type: 'array', items: codec.type === undefined ? {} : schemaOf(codec.type) };
    case 'InterfaceType':
      return {
        type: 'object',
        required: Object.keys(codec.props ?? {}),
        properties: properties(codec.props ?? {}),
      };
    case 'PartialType':
      return { type: 'object', properties: properties(codec.props ?? {}) };
    case 'DictionaryType':
      return {
        type: 'object',
        additionalProperties: codec.codomain === undefined ? {} : schemaOf(codec.codomain),
      };
    case 'IntersectionType':
      return { allOf: (codec.types ?? []).map(schemaOf) };
    case 'UnionType':
      return { anyOf: (codec.types ?? []).map(schemaOf) };
    case 'RefinementType':
      return codec.type === undefined ? {} : schemaOf(codec.type);
    default:
      return {};
  }
};

export const schemaOf = (codec: t.Mixed): JsonSchema => {
  if (isChecked(codec)) {
    const { expected, secret, schema = { type: 'string' } } = codec.rule;
    return { ...schema, description: expected, ...(secret === true ? { writeOnly: true } : {}) };
  }
  if (!isClosed(codec)) return ofStructure(codec);
  const { required, optional } = codec.members;
  const needed = Object.keys(required);
  return {
    type: 'object',
    ...(needed.length === 0 ? {} : { required: needed }),
    properties: properties({ ...required, ...optional }),
    additionalProperties: false,
  };
};
