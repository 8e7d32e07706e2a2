/** The built server in a process of its own, as people run it, and what it says of itself. */
import { join } from 'node:path';
import { startServer } from '../store/programs.js';
import type { Undoing } from '../store/tidily.js';

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js');

export interface Served {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Below `/api/v1`; JSON when there is a body. */
  readonly ask: (path: string, body?: object, signal?: AbortSignal) => Promise<Response>;
  /** CPU time of the process so far, in milliseconds. */
  readonly cpuMs: () => Promise<number>;
  /** When it has nothing more to do. */
  readonly quiet: () => Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const textIn = (value: unknown, name: string): string => {
  const found: unknown =
    typeof value === 'object' && value !== null
      ? Object.entries(value).find(([key]) => key === name)?.[1]
      : undefined;
  if (typeof found !== 'string') throw new Error(`the server did not say its ${name}`);
  return found;
};

/** `folder`: for its data, in `data`, and repositories below it. */
export const serve = async (folder: string, undoing: Undoing): Promise<Served> => {
  const data = join(folder, 'data');
  const flags = ['--data', data, '--listen', '127.0.0.1:0', '--repo-root', folder];
  const said = await startServer(
    [
      process.execPath,
      PROGRAM,
      'serve',
      '--json',
      ...flags,
      '--log-level',
      'error',
      '--probe-interval',
      '1d',
    ],
    { ready: /"url".*\n/, stopBy: ['SIGTERM', 'SIGKILL'] },
    undoing,
  );
  const line: unknown = JSON.parse(said.split('\n').find((one) => one.includes('"url"')) ?? '{}');
  const url = textIn(line, 'url');
  const headers = { Authorization: `Bearer ${textIn(line, 'token')}` };
  const ask = async (path: string, body?: object, signal?: AbortSignal): Promise<Response> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      headers: { ...headers, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const cpuMs = async (): Promise<number> => {
    const answer = await fetch(`${url}/metrics`, { headers });
    const [, seconds] = /^process_cpu_seconds_total(?:\{.*\})? ([\d.e+-]+)$/m.exec(await answer.text()) ?? [];
    if (seconds === undefined) throw new Error(`no CPU time in its metrics: ${answer.status}`);
    return Number(seconds) * 1000;
  };
  return {
    ...{ url, headers, ask, cpuMs },
    quiet: async () => {
      for (let before = await cpuMs(), calm = 0; calm < 3;) {
        await pause(500);
        const now = await cpuMs();
        calm = now - before < 60 ? calm + 1 : 0;
        before = now;
      }
    },
  };
};
