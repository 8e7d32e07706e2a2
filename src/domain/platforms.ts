/** What the original's attributes call an operating system: os-release of most systems names them otherwise. */

/** `ID` of os-release → `platform`, where the two differ. */
const renamed: Readonly<Record<string, string>> = {
  rhel: 'redhat',
  amzn: 'amazon',
  ol: 'oracle',
  sles: 'suse',
  'opensuse-leap': 'opensuseleap',
};

/** `platform_family` → the `ID`s that belong to it. */
const families: readonly (readonly [family: string, ids: readonly string[]])[] = [
  ['amazon', ['amzn']],
  ['debian', ['debian', 'ubuntu', 'raspbian', 'linuxmint']],
  ['fedora', ['fedora']],
  ['rhel', ['rhel', 'centos', 'rocky', 'almalinux', 'ol', 'scientific']],
  ['suse', ['suse', 'sles', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed']],
  ['alpine', ['alpine']],
  ['arch', ['arch', 'archarm', 'manjaro']],
];

/** Of an `ID`; one that is not known is its own platform. */
export const platformOf = (id: string): string =>
  (Object.hasOwn(renamed, id) ? renamed[id] : undefined) ?? id;

/** Of an `ID`, else of what it says it is like. */
export const familyOf = (id: string, like: readonly string[] = []): string | undefined => {
  const own = families.find(([, ids]) => ids.includes(id));
  // Before `fedora`: the clones of RHEL name both.
  const kin = like.includes('rhel')
    ? 'rhel'
    : families.find(([, ids]) => ids.some((one) => like.includes(one)))?.[0];
  return own?.[0] ?? kin;
};

export const isFamily = (word: string): boolean => families.some(([family]) => family === word);

/** The `ID` that is called so as a platform, or by its own name. */
export const idOfPlatform = (word: string): string | undefined =>
  families.flatMap(([, ids]) => ids).find((id) => id === word || platformOf(id) === word);
