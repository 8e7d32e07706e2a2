/** How does a runner get the commit by its own git? A constant text before the steps of the job, and the facts as variables. */
import { readFileSync } from 'node:fs';
import { mergeCommit } from '../domain/merge-commit.js';
import type { Source } from '../events/shapes.js';

/** For the script of a job, before its steps. Ends the job with 75 and a sentence when the commit cannot be had. */
export const cloneScript: string = readFileSync(new URL('runner/clone.sh', import.meta.url), 'utf8');

/** What `cloneScript` reads. `url`: as git is to be given it. */
export const cloneEnvironment = (
  { sha, branch, merge }: Source,
  url: string,
): Readonly<Record<string, string>> => ({
  BATON_GIT_URL: url,
  BATON_SHA: sha,
  ...(branch === undefined ? {} : { BATON_GIT_BRANCH: branch }),
  ...(branch === undefined || merge === undefined
    ? {}
    : {
        BATON_GIT_TARGET: merge.target,
        BATON_GIT_TARGET_SHA: merge.targetSha,
        BATON_GIT_BRANCH_SHA: merge.branchSha,
        BATON_GIT_NAME: mergeCommit.name,
        BATON_GIT_EMAIL: mergeCommit.email,
        BATON_GIT_MESSAGE: mergeCommit.message(branch, merge.target),
        BATON_GIT_FALLBACK: mergeCommit.fallbackSeconds,
      }),
});
