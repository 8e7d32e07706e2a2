/** Parameters of an address: what is chosen on a page. */

export type Params = Readonly<Record<string, string | undefined>>;

/** The path with these parameters over those of `search`; undefined and empty ones are taken out. */
export const withParams = (path: string, search: string, change: Params): string => {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
};
