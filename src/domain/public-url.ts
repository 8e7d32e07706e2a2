/** Under which address do others reach this server? */

/** Without a slash at its end; undefined when it is no address that a job could be told. */
export const publicUrlOf = (value: string): string | undefined => {
  if (!/^https?:\/\/[^\s?#@'"\\]{1,500}$/.test(value) || !URL.canParse(value)) return undefined;
  return new URL(value).href.replace(/\/+$/, '');
};
