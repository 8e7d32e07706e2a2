/** The host on the way to a runner, as people write it: `user@host` or `user@host:port`, an IPv6 address in brackets. */

export interface JumpHost {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

const FORM =
  /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_][A-Za-z0-9_.-]{0,252}))(?::(\d{1,5}))?$/;

/** Undefined when the text is something else. */
export const jumpOf = (text: string): JumpHost | undefined => {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const [, user = '', address, name, digits = '22'] = found;
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { user, host: address ?? name ?? '', port } : undefined;
};
