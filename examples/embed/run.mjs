/**
 * The smallest pipeline engine: it loads Baton, mounts its API, and runs one phase.
 *
 *   node run.mjs settings.json
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import baton, { loadPlugin } from 'baton';
import { memoryHost } from 'baton/testing';

const settings = JSON.parse(readFileSync(process.argv[2] ?? 'settings.json', 'utf8'));

// A real engine keeps what it is told in its own database; this one keeps it in memory.
const engine = memoryHost();
// what the job writes, while it runs; `take` keeps it
engine.logs.behave(({ text }, take) => {
  process.stdout.write(text);
  return take();
});

const loaded = await loadPlugin(baton, engine, {
  host: 'example',
  data: settings.data,
  repositoryRoots: settings.repositoryRoots,
  // whoever reaches our listener may do everything: only for an example on loopback
  authenticate: () => ({ actor: 'example', role: 'admin' }),
});
if ('problems' in loaded) {
  for (const { path, expected, found } of loaded.problems)
    console.error(`${path}: expected ${expected}, found ${found}`);
  process.exit(2);
}
const { plugin } = loaded;
const recovery = await plugin.start();
console.log(`started, ${recovery.live.jobs} jobs found again`);

// Koa would do `app.use(plugin.middleware())`; the middleware needs only request and response.
const middleware = plugin.middleware();
const server = createServer((req, res) => {
  void middleware({ req, res }, async () => res.writeHead(404).end());
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const api = async (path, body) => {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/api/v1${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
};
await api('/runners', settings.runner);
console.log((await api(`/runners/${settings.runner.name}/test`, {})).sentence);

const ack = await plugin.handle({
  type: 'phase.promoted',
  commandId: 'build-1/unit',
  actor: 'example',
  promotion: {
    hostKey: 'build-1/unit',
    scope: { enterprise: 'default', organisation: 'default', project: 'sample' },
    pipeline: 'main',
    stage: 'verify',
    phase: 'unit',
    source: settings.source,
    steps: [{ name: 'unit', run: settings.command }],
  },
});
console.log(`promotion ${ack.status}`);

const end = await engine.tookThat(({ type }) => type === 'phase.finished');
for (const { seq, type } of engine.taken) console.log(`${seq} ${type}`);
console.log(`${end.outcome}: ${end.cause}`);

await plugin.stop({ mode: 'drain', deadlineMs: 10_000 });
server.close();
