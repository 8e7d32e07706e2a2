/** Deterministic ids: the same cause always yields the same id, so a repeat is recognised (RFC 9562, UUID version 5). */
import { parse, v5 } from 'uuid';

/** Namespace of every id that Baton derives; fixed for ever, since recorded ids depend on it. */
const NAMESPACE = parse('5d0c5d3e-0c4b-5f0e-9c55-6f7c3a1f7b1d');

/** UUID v5 of the parts. Parts are joined as JSON, so ('a','bc') and ('ab','c') differ. */
export const deriveId = (...parts: readonly (string | number)[]): string =>
  v5(JSON.stringify(parts), NAMESPACE);
