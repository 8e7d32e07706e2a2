/** `npm run bench -- NAME [--json] [--quick]`. `--quick`: as small as it gets, to see that it runs; its numbers mean nothing. */
import { cancelBench } from './cancel.js';
import { dispatchBench } from './dispatch.js';
import { followBench } from './follow.js';
import { logsBench } from './logs.js';
import { matchBench } from './match.js';
import { replayBench } from './replay.js';
import { startBench } from './start.js';
import { text, type Report } from './report.js';
import { storeBench } from './store.js';
import { webBench } from './web.js';

const benches: Readonly<Record<string, (quick: boolean) => Promise<Report>>> = {
  cancel: cancelBench,
  dispatch: dispatchBench,
  follow: followBench,
  logs: logsBench,
  match: matchBench,
  replay: replayBench,
  start: startBench,
  store: storeBench,
  web: webBench,
};

const words = process.argv.slice(2);
const name = words.find((word) => !word.startsWith('-')) ?? '';
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  process.stderr.write(
    `npm run bench -- NAME [--json] [--quick]\nThere are: ${Object.keys(benches).join(', ')}\n`,
  );
  process.exitCode = 64;
} else {
  const report = await bench(words.includes('--quick'));
  process.stdout.write(`${words.includes('--json') ? JSON.stringify(report) : text(report)}\n`);
}
