/** Answers held against the description of the API. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApi } from '../../src/http/openapi.js';
import { routes } from '../../src/http/routes.js';

const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
});
ajv.addSchema(openApi(routes), 'api');

const pointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** What of the value differs from the schema at that place of the description; nothing when it conforms. */
export const differences = (place: readonly string[], value: unknown): readonly string[] => {
  const validate = ajv.getSchema(`api#/${place.map((part) => encodeURIComponent(pointer(part))).join('/')}`);
  if (validate === undefined) return [`nothing is described at ${place.join(' ')}`];
  return validate(value) === true
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
};

/** `path` as the table has it, e.g. `/jobs/:id`. */
export const answerPlace = (
  method: string,
  path: string,
  status: number,
  media: string,
): readonly string[] => [
  ...['paths', `/api/v1${path.replace(/:(\w+)/g, '{$1}')}`, method, 'responses', String(status)],
  ...['content', media, 'schema'],
];
