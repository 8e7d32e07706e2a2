/**
 * What a job runs that tells of itself as the original's program on a runner did: the whole log so far each time, errors swallowed, and
 * exit code 0 whatever it told. Arguments: a script of one letter each, `p` a piece, `s` success, `f` failure, `w` wait for the file that
 * `GATE` names. With `ORIGINAL` it knows no more than the file of the job, and goes to the address of the original.
 */
import { existsSync, readFileSync } from 'node:fs';

const { GATE: gate, PIECE = 'a piece of work', ORIGINAL, BATON_JOB_FILE } = process.env;
const job = ORIGINAL === undefined ? undefined : JSON.parse(readFileSync(BATON_JOB_FILE, 'utf8'));
const url =
  job === undefined
    ? process.env.BATON_REPORT_URL
    : `${job.delivery_api_url}/orgs/${job.organization}/projects/${job.project}/pipelines/${job.pipeline}/phase_runs/${job.phase_run_id}`;
const who =
  job === undefined
    ? { Authorization: `Bearer ${process.env.BATON_REPORT_TOKEN}` }
    : { 'chef-delivery-user': 'builder', 'chef-delivery-token': job.token };
if (url === undefined) {
  process.stdout.write('nobody listens\n');
  process.exit(0);
}
let log = '';
const post = async (report) => {
  const body = JSON.stringify({ run_success: false, run_log: log, run_status: 'running', ...report });
  const headers = { ...who, 'Content-Type': 'application/json' };
  try {
    const answer = await fetch(url, { method: 'POST', headers, body });
    process.stdout.write(`${answer.status}\n`);
    await answer.arrayBuffer();
  } catch {
    process.stdout.write('swallowed\n');
  }
};
for (const letter of process.argv[2]) {
  if (letter === 'p') {
    log += `${PIECE}\n`;
    await post({ run_complete: false });
  } else if (letter === 'w') {
    while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 20));
  } else {
    const passed = letter === 's';
    await post({ run_success: passed, run_status: passed ? 'finished' : 'failed', run_complete: true });
  }
}
