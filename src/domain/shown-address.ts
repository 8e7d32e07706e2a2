/** How is an address shown to people? Without who logs in, since it may hold a password. */

/** Cuts whatever stands between the scheme and the last @: rather too much than a part of a password. */
export const withoutCredentials = (address: string): string =>
  address.replace(/^(\s*[a-z][a-z0-9+.-]*:\/\/)?.*@/is, (_, scheme?: string) => scheme ?? '');
