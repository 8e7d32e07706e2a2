/** Settings of the standalone host. */
import { choice, setting } from './setting.js';

export const standaloneSettings = {
  obsoleteJobs: setting({
    flag: '--obsolete-jobs',
    takes: '<policy>',
    env: 'BATON_OBSOLETE_JOBS',
    codec: choice('cancel', 'finish'),
    defaultOf: () => 'cancel' as const,
    defaultText: 'cancel',
    meaning:
      'Jobs that a new patchset, a superseding change or a deletion makes useless: cancel, or finish what runs.',
  }),
};
