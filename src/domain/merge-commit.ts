/** What goes into the commit of a merge beside its tree: all from the two tips, so the same tips give the same sha wherever it is made. */
export const mergeCommit = {
  name: 'Baton',
  email: 'baton@localhost',
  /** 2000-01-01, in seconds: for a branch whose own date is beyond reason. */
  fallbackSeconds: '946684800',
  message: (branch: string, target: string): string => `Merge ${branch} into ${target}`,
};
