/** A phase run as the original showed it: one row of a matrix, which is a job here. */
import type { NumberedJob } from '../../app/original.js';
import { descriptionOf } from './stage-json.js';
import { statusOf, storedTimestamp } from './words.js';

const runStatus = { idle: null, running: 'running', passed: 'finished', failed: 'failed', skipped: null };

const orNull = (at: string | undefined): string | null => (at === undefined ? null : storedTimestamp(at));

export const phaseRunJson = ({ phaseRun, stageRun, job }: NumberedJob, log: string) => {
  const status = statusOf(job);
  const finished = job.endedAt !== undefined;
  return {
    id: phaseRun,
    stage_run_id: stageRun,
    phase: job.phase,
    status,
    finished,
    run_success: finished ? status === 'passed' : null,
    run_log: log,
    run_status: runStatus[status],
    build_node: job.attempts.at(-1)?.runner ?? null,
    search_query: null,
    search_description: null,
    description: descriptionOf(job.project, job.filter),
    created_at: storedTimestamp(job.queuedAt),
    started_at: orNull(job.startedAt),
    finished_at: orNull(job.endedAt),
  };
};

/** A name for a file on anybody's disk: of other characters nothing is left but their place. */
const fileWord = (text: string): string => text.replace(/[^A-Za-z0-9._-]/gu, '_');

/** `org-proj-pipe-stage-phase-id.txt`. */
export const logFileName = ({ phaseRun, job }: NumberedJob): string =>
  [job.organisation, job.project, job.pipeline, job.stage, job.phase, String(phaseRun)]
    .map(fileWord)
    .join('-') + '.txt';
