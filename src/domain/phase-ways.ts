/** What do phases run that their host gives no steps for, and on which runners? What holds for the whole installation. */
import type { PhasePromoted } from '../events/phase-run.js';
import type { Workspace } from '../events/shapes.js';

export interface PhaseWays {
  /** A command line for `sh`, for every phase, whatever the project says; it reads what it has to know from its environment. */
  readonly command?: string;
  /** Whether a phase for which there is no command is planned to run `delivery job`; else its change is refused. */
  readonly deliveryJob: boolean;
  readonly delivery: DeliveryJob;
  /** For phases that do not say it: the room on its disk that a runner must have. 0: none. */
  readonly minFreeBytes: number;
}

/** What `delivery job` is told beside the facts of the phase. */
export interface DeliveryJob {
  /** Host name. */
  readonly server: string;
  readonly user: string;
}

/** As much as a probe wants, before it says that jobs may fail for want of disk space. */
export const defaultPhaseWays: PhaseWays = {
  deliveryJob: false,
  delivery: { server: 'localhost', user: 'builder' },
  minFreeBytes: 100 * 1024 * 1024,
};

/** Whether it was planned to run `delivery job`: what that is told is known only when it is promoted. */
export const runsDeliveryJob = ({ steps }: Pick<PhasePromoted, 'steps'>): boolean => steps.length === 0;

const DAY_MS = 24 * 60 * 60_000;

/** How long a workspace stays that is to be kept: long enough to look into it the next morning, and never for ever. */
export const keepMsOf = ({ keepMs = DAY_MS }: Workspace): number => Math.min(keepMs, 30 * DAY_MS);
