/** An engine that has loaded Baton is killed while its jobs write: does it have every byte of their output in the end, once, and in order? */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostCommand, LogBatch, Report } from '../../plugin/contract.js';
import { aSite, type Site } from '../plugin/subject.js';
import { openIn } from '../store/sqlite-tools.js';
import { hasSshd, requiresSshd } from '../sshd.js';
import { eventPlace, type EventPlace } from './event-place.js';
import { until } from './processes.js';

const engine = new URL('../fixtures/engines/keeps-what-it-is-told.mjs', import.meta.url).pathname;
const built = new URL('../../dist/plugin/index.js', import.meta.url).href;

type Piece = Omit<LogBatch, 'bytes'> & { readonly bytes: string };
/** What the engine has on disk, in the order in which it was told. */
type Kept = { readonly report: Report } | { readonly piece: Piece };

/** Lines that a job writes at a time. */
const LINES = 150;

const lineOf = (key: string, round: number, line: number): string => `${key} €${round}.${line}\n`;

/**
 * Writes rounds of numbered lines until it is let go, and then says in `<key>.rounds` how many they were. In each round there is a line of
 * which the first part stands alone for a while, in every fifth so long that it is told as it is.
 */
const writing = (folder: string, key: string, isSplit: boolean): string =>
  [
    `echo began >> ${join(folder, key)}.runs`,
    'r=0',
    `until [ -e ${join(folder, 'release')} ]; do`,
    '  r=$((r+1)); i=0',
    `  while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "${key} €$r.$i"; done`,
    ...(isSplit ? [`  echo "${key} aside $r" >&2`] : []),
    `  printf '%s' "${key} half of $r,"; if [ $((r % 5)) -eq 0 ]; then sleep 1.3; else sleep 0.1; fi; echo " and the rest"`,
    'done',
    `echo $r > ${join(folder, key)}.rounds`,
  ].join('\n');

const written = (key: string, rounds: number): string =>
  Array.from({ length: rounds }, (_, r) => {
    const lines = Array.from({ length: LINES }, (_, i) => lineOf(key, r + 1, i + 1)).join('');
    return `${lines}${key} half of ${r + 1}, and the rest\n`;
  }).join('');

const aside = (key: string, rounds: number): string =>
  Array.from({ length: rounds }, (_, r) => `${key} aside ${r + 1}\n`).join('');

const logOf = ({ jobId, jobAttempt, output }: Piece): string => `${jobId}.${jobAttempt}.${output}`;

interface Assembled {
  bytes: Buffer;
  final: boolean;
  /** Pieces of which all was known. */
  repeats: number;
}

/** Puts pieces together as docs/write-a-host.md tells a host to: by where they end. */
const assembled = (pieces: readonly Piece[]): ReadonlyMap<string, Assembled> => {
  const logs = new Map<string, Assembled>();
  for (const piece of pieces) {
    const log = logs.get(logOf(piece)) ?? { bytes: Buffer.alloc(0), final: false, repeats: 0 };
    logs.set(logOf(piece), log);
    const bytes = Buffer.from(piece.bytes, 'base64');
    const have = log.bytes.length;
    expect(piece.offset, `a gap in ${logOf(piece)}`).toBeLessThanOrEqual(have);
    const before = log.bytes.subarray(0, piece.offset);
    expect(piece.line).toBe(before.filter((byte) => byte === 10).length + 1);
    expect(piece.continues).toBe(before.length > 0 && before.at(-1) !== 10);
    expect(bytes.toString('utf8'), 'no character is cut in two').toBe(piece.text);
    if (piece.offset + bytes.length <= have && (log.final || !piece.final)) log.repeats += 1;
    expect(log.final && piece.offset + bytes.length > have, 'nothing follows the last piece').toBe(false);
    log.bytes = Buffer.concat([log.bytes, bytes.subarray(have - piece.offset)]);
    log.final ||= piece.final;
  }
  return logs;
};

describe.runIf(hasSshd || requiresSshd)(
  'an engine with Baton in it, killed by SIGKILL while its jobs write [needs sshd]',
  () => {
    let site: Site;
    let place: EventPlace;
    let folder: string;
    let running: ChildProcess | undefined;
    const file = (name: string) => join(folder, name);
    beforeAll(async () => {
      site = await aSite('system sshd');
      folder = join(site.folder, 'engine');
      mkdirSync(folder);
      place = eventPlace(folder, file('data'));
    });
    afterAll(async () => {
      running?.kill('SIGKILL');
      await place.release();
      await site.close();
    });

    /** Its address, once it has given its commands; `lastPiece`: it kills itself after that one. */
    const start = async (lastPiece?: number): Promise<string> => {
      const args = [engine, file('settings.json'), ...(lastPiece === undefined ? [] : [String(lastPiece)])];
      running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      if (running.stdout === null) throw new Error('it has no output');
      const [url] = (await once(createInterface(running.stdout), 'line')) as [string];
      return url;
    };
    const ended = (child: ChildProcess | undefined): Promise<unknown> =>
      child === undefined || child.exitCode !== null || child.signalCode !== null
        ? Promise.resolve()
        : once(child, 'exit');
    const kill = async (): Promise<void> => {
      running?.kill('SIGKILL');
      await ended(running);
    };
    const post = async (url: string, body: unknown): Promise<unknown> => {
      const headers = { 'Content-Type': 'application/json' };
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    const kept = async (): Promise<readonly Kept[]> => {
      const text = await readFile(file('kept'), 'utf8').catch(() => '');
      return text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Kept);
    };
    const piecesOf = (all: readonly Kept[], hostKey: string): readonly Piece[] =>
      all.flatMap((one) => ('piece' in one && one.piece.hostKey === hostKey ? [one.piece] : []));
    const reportsOf = (all: readonly Kept[], hostKey: string): readonly Report[] =>
      all.flatMap((one) => ('report' in one && one.report.hostKey === hostKey ? [one.report] : []));
    /** Each of them has told so many bytes more than there were when this was asked. */
    const tellsOn = async (keys: readonly string[], more: number): Promise<void> => {
      const told = async (): Promise<readonly number[]> => {
        const all = await kept();
        return keys.map((key) =>
          Math.max(
            0,
            ...piecesOf(all, key).map(({ offset, bytes }) => offset + Buffer.byteLength(bytes, 'base64')),
          ),
        );
      };
      const before = await told();
      await until('output goes on', async () =>
        (await told()).every((now, i) => now >= (before[i] ?? 0) + more) ? true : undefined,
      );
    };

    it('has all lines in the end, each once by its place, before the end of the phase, and the jobs ran once', async () => {
      const promotion = (hostKey: string, output: 'merged' | 'split'): HostCommand => ({
        ...{ type: 'phase.promoted', commandId: hostKey, actor: 'engine' },
        promotion: {
          hostKey,
          scope: { enterprise: 'default', organisation: 'default', project: 'sample' },
          ...{ pipeline: 'main', stage: 'verify', phase: 'unit', output },
          steps: [{ name: 'unit', run: writing(folder, hostKey, output === 'split') }],
        },
      });
      const store = await place.address();
      const settings = {
        ...{ plugin: built, kept: file('kept'), data: file('data') },
        ...(store === undefined ? {} : { store }),
        commands: [promotion('one', 'merged'), promotion('apart', 'split')],
      };
      await writeFile(file('settings.json'), JSON.stringify(settings));

      const { port, fingerprint: hostKey, privateKey } = site.runner;
      const first = await start();
      const user = userInfo().username;
      const runner = { name: 'r1', host: '127.0.0.1', port, user, hostKey, privateKey, slots: 2 };
      await post(`${first}/runners`, { ...runner, base: file('base') });
      expect(await post(`${first}/runners/r1/test`, {})).toMatchObject({ code: 'ready' });
      const keys = ['one', 'apart'];
      await tellsOn(keys, 30_000);
      await kill();

      await start();
      await tellsOn(keys, 30_000);
      await kill();

      // this time at the worst of instants: it has the piece, and could not say so
      await start(20);
      await ended(running);
      expect(running?.signalCode).toBe('SIGKILL');

      const url = await start();
      await tellsOn(keys, 10_000);
      await writeFile(file('release'), '');
      const all = await until('both phases end', async () => {
        const now = await kept();
        return keys.every((key) => reportsOf(now, key).some(({ type }) => type === 'phase.finished'))
          ? now
          : undefined;
      });

      let repeats = 0;
      for (const key of keys) {
        const reports = reportsOf(all, key);
        const numbered = new Map(reports.map(({ seq, type }) => [seq, type]));
        expect([...numbered], key).toEqual([
          [1, 'phase.queued'],
          [2, 'phase.started'],
          [3, 'phase.finished'],
        ]);
        const end = reports.at(-1);
        expect(end).toMatchObject({ type: 'phase.finished', outcome: 'succeeded', exitCode: 0 });
        expect(all.findIndex((one) => 'report' in one && one.report === end)).toBeGreaterThan(
          all.findLastIndex((one) => 'piece' in one && one.piece.hostKey === key),
        );

        const rounds = Number(await readFile(file(`${key}.rounds`), 'utf8'));
        const outputs = [...assembled(piecesOf(all, key))];
        expect(outputs.map(([, { final }]) => final)).toEqual(outputs.map(() => true));
        const texts = new Map(
          outputs.map(([name, { bytes }]) => [name.slice(name.lastIndexOf('.') + 1), bytes.toString()]),
        );
        expect(texts).toEqual(
          new Map(
            key === 'one'
              ? [['merged', written(key, rounds)]]
              : [
                  ['stdout', written(key, rounds)],
                  ['stderr', aside(key, rounds)],
                ],
          ),
        );
        repeats += outputs.reduce((sum, [, log]) => sum + log.repeats, 0);

        expect(await readFile(file(`${key}.runs`), 'utf8')).toBe('began\n');
        const [{ jobId } = { jobId: '' }] = piecesOf(all, key);
        for (const [output, text] of texts) {
          const which = output === 'merged' ? '' : `?output=${output}`;
          expect(await (await fetch(`${url}/jobs/${jobId}/log${which}`)).text()).toBe(text);
        }
      }
      // the last kill at least was after a piece that could not be answered
      expect(repeats).toBeGreaterThan(0);

      running?.kill('SIGTERM');
      await ended(running);
      expect(running?.exitCode).toBe(0);
      await place.release();
      const events = await openIn(place.folder);
      const page = await events.readAll('start', { maxCount: 10_000 })();
      await events.close();
      const types = 'right' in page ? page.right.map(({ event }) => event.type) : [];
      expect(types.filter((type) => type === 'JobStarted')).toHaveLength(2);
      expect(types.filter((type) => type === 'JobSucceeded')).toHaveLength(2);
      expect(types).not.toContain('JobRequeued');
    });
  },
);
