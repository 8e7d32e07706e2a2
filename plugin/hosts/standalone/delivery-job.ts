/** What does a phase run for which nobody gave a command? `delivery job`, as the original's runners called it. Pure. */
import { runsDeliveryJob, type DeliveryJob } from '../../../src/domain/phase-ways.js';
import { quote } from '../../../src/domain/shell-word.js';
import type { PhasePromoted } from '../../../src/events/phase-run.js';

/**
 * Its surroundings as the original made them: everything is below HOME, which stays from job to job, and it is called there;
 * the programs of Chef go first where there are any, and git is told of a key of its own where there is one.
 */
const SURROUNDINGS = `cd "$HOME" && rm -f change.json && (umask 077 && cat "$BATON_JOB_FILE" >change.json) || exit 1
for folder in /opt/chef-workstation/embedded/bin /opt/chef-workstation/bin /opt/chefdk/embedded/bin /opt/chefdk/bin; do
  [ ! -d "$folder" ] || PATH=$folder:$PATH
done
for file in /var/opt/delivery/workspace/bin/git_ssh "$HOME/bin/git_ssh"; do
  [ ! -f "$file" ] || export GIT_SSH="$file"
done
export PATH LC_ALL=en_US.UTF-8 TERM=screen-256color
`;

/** Its arguments in the original's order. */
const argumentsOf = (
  { stage, phase, scope, pipeline, change, source }: PhasePromoted,
  { server, user }: DeliveryJob,
): readonly string[] => [
  ...['job', stage, phase, '--server', server, '--user', user],
  ...['--ent', scope.enterprise, '--org', scope.organisation, '--project', scope.project],
  ...['--for', pipeline],
  ...(change === undefined ? [] : ['--change-id', change.id]),
  ...(source === undefined
    ? []
    : stage === 'verify' && source.branch !== undefined
      ? ['--branch', source.branch]
      : ['--shasum', source.sha]),
  ...(source === undefined ? [] : ['--git-url', source.repository]),
  '--no-spinner',
];

/** The promotion with its step, where none was planned; recorded with it, so that it can be seen what ran. */
export const withDeliveryJob = (promoted: PhasePromoted, told: DeliveryJob): PhasePromoted => {
  if (!runsDeliveryJob(promoted)) return promoted;
  const run = `${SURROUNDINGS}exec delivery ${argumentsOf(promoted, told).map(quote).join(' ')}`;
  return {
    ...promoted,
    steps: [{ name: 'delivery job', run }],
    workspace: { ...promoted.workspace, home: 'kept' },
  };
};
