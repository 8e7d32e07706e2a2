/**
 * What a job runs that tells of itself as the original's program on a runner did: the whole log so far each time, errors swallowed, and
 * exit code 0 whatever it told. Arguments: a script of one letter each, `p` a piece, `s` success, `f` failure, `w` wait for the file that
 * `GATE` names.
 */
import { existsSync } from 'node:fs';

const { BATON_REPORT_URL: url, BATON_REPORT_TOKEN: token, GATE: gate, PIECE = 'a piece of work' } = process.env;
if (url === undefined) {
  process.stdout.write('nobody listens\n');
  process.exit(0);
}
let log = '';
const post = async (report) => {
  const body = JSON.stringify({ run_success: false, run_log: log, run_status: 'running', ...report });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
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
