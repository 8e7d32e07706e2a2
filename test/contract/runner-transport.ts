/** What any RunnerTransport must do, whoever serves the other end. Run it against each kind of runner. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AttemptRef,
  AttemptState,
  OutputRef,
  ProbeReport,
  RunnerTransport,
  StartAnswer,
  StartOrder,
} from '../../src/app/ports.js';
import { eventually, isAlive, startRig, tarOf, type Rig, type RigKind } from '../sshd.js';

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(`expected success, found ${JSON.stringify(either.left)}`);
  return either.right;
};

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Collected {
  readonly bytes: Buffer;
  readonly state: AttemptState;
}

export const runnerTransportContract = (
  kind: RigKind,
  interpreter: 'sh' | 'dash' | 'bash' | 'busybox' = 'sh',
  { slots = true }: { readonly slots?: boolean } = {},
) => {
  const how = slots ? '' : ', each operation over a channel of its own';
  describe(
    `RunnerTransport over the ${kind}, program run by ${interpreter}${how}`,
    { timeout: 60_000 },
    () => {
      let rig: Rig;
      let transport: RunnerTransport;
      let known: ProbeReport;
      let jobs = 0;

      beforeAll(async () => {
        rig = await startRig(kind);
        transport = rig.transport({ interpreter, slots });
        known = right(await transport.probe(rig.target)());
      });
      afterAll(async () => {
        await rig.close();
      });

      const order = (script: string, more: Partial<StartOrder> = {}): StartOrder => ({
        jobId: `job-${String((jobs += 1))}`,
        attempt: 1,
        fence: 1,
        baseId: known.baseId,
        bootId: known.bootId,
        script,
        environment: {},
        cancelGraceMs: 2000,
        logBytes: 10 * 1024 * 1024,
        ...more,
      });
      const start = async (wanted: StartOrder): Promise<StartAnswer> =>
        right(await transport.start(rig.target, wanted)());
      const started = async (wanted: StartOrder) => {
        const answer = await start(wanted);
        if (answer.kind !== 'started') throw new Error(`expected started, found ${JSON.stringify(answer)}`);
        return answer;
      };
      const query = async (attempt: AttemptRef) => right(await transport.query(rig.target, attempt)());
      const follow = async (attempt: OutputRef, from = 0): Promise<Collected> => {
        const parts: Buffer[] = [];
        let offset = from;
        let state: AttemptState | undefined;
        for await (const one of transport.follow(rig.target, attempt, from, new AbortController().signal)) {
          if (one.kind === 'ended') state = one.state;
          else {
            expect(one.offset).toBe(offset);
            offset += one.bytes.length;
            parts.push(one.bytes);
          }
        }
        if (state === undefined) throw new Error('the stream ended without a state');
        return { bytes: Buffer.concat(parts), state };
      };
      /** The link is cut so often, each time after 200 kB more. */
      const followThroughCuts = async (output: OutputRef, wantedCuts: number): Promise<Collected> => {
        const parts: Buffer[] = [];
        let size = 0;
        let cuts = 0;
        let state: AttemptState | undefined;
        while (state === undefined) {
          try {
            const { signal } = new AbortController();
            for await (const one of transport.follow(rig.target, output, size, signal)) {
              if (one.kind === 'ended') state = one.state;
              else {
                expect(one.offset).toBe(size);
                parts.push(one.bytes);
                size += one.bytes.length;
                if (size > (cuts + 1) * 200_000 && cuts < wantedCuts) {
                  cuts += 1;
                  await rig.cut();
                }
              }
            }
          } catch (error) {
            expect(error).toMatchObject({ code: 'connection_lost' });
          }
        }
        expect(cuts).toBe(wantedCuts);
        return { bytes: Buffer.concat(parts), state };
      };
      const outputsOf = (attempt: AttemptRef) =>
        [
          { ...attempt, output: 'stdout' },
          { ...attempt, output: 'stderr' },
        ] as const;
      /** Both outputs of a job that keeps them apart. */
      const runSplit = async (wanted: StartOrder) => {
        await started(wanted);
        const [out, err] = outputsOf(wanted);
        const [stdout, stderr] = await Promise.all([follow(out), follow(err)]);
        expect(stderr.state).toEqual(stdout.state);
        return { out: stdout.bytes, err: stderr.bytes, state: stdout.state };
      };
      const run = async (wanted: StartOrder) => {
        await started(wanted);
        return follow(wanted);
      };
      const cancel = async (attempt: AttemptRef, graceMs: number) =>
        right(await transport.cancel(rig.target, attempt, graceMs)()).kind;
      const resultOf = (state: AttemptState) => {
        if (state.state !== 'done') throw new Error(`expected done, found ${JSON.stringify(state)}`);
        return state.result;
      };
      /** A pid that the job wrote into a file. */
      const pidIn = async (file: string): Promise<number> =>
        eventually(`pid in ${file}`, async () => {
          const text = await readFile(file, 'utf8').catch(() => '');
          return text.endsWith('\n') ? Number(text) : undefined;
        });
      const path = (name: string) => join(rig.directory, name);
      /** Control groups can be made here. */
      const hasGroups = (): boolean =>
        known.findings.some(({ found }) => found === 'a control group for each slot');
      /** Pid and start time of what supervises it. */
      const claimOf = async (attempt: AttemptRef): Promise<readonly string[]> => {
        const file = join(rig.folder, `${attempt.jobId}.${String(attempt.attempt)}.rc`);
        return (await readFile(file, 'utf8')).split(' ').slice(1, 3);
      };
      const supervisorOf = async (attempt: AttemptRef): Promise<number> =>
        Number((await claimOf(attempt))[0]);
      const slotOf = async (attempt: AttemptRef): Promise<string> => (await claimOf(attempt)).join('.');

      describe('a job', () => {
        it('given a script that prints, then the bytes, exit code 0 and the process are told', async () => {
          const wanted = order('echo out; echo err >&2');
          const answer = await started(wanted);
          const { bytes, state } = await follow(wanted);
          expect(bytes.toString()).toBe('out\nerr\n');
          expect(resultOf(state)).toEqual({
            exitCode: 0,
            why: 'exit',
            logTruncated: false,
            signals: [],
            survivors: [],
          });
          expect(state).toMatchObject({ started: { pid: answer.pid, startTime: answer.startTime } });
          expect(await query(wanted)).toEqual(state);
        });

        it('given exit 3, then exit code 3', async () => {
          expect(resultOf((await run(order('exit 3'))).state).exitCode).toBe(3);
        });

        it('given a job that dies of a signal, then its code says so and why stays exit', async () => {
          expect(resultOf((await run(order('kill -9 $$'))).state)).toMatchObject({
            exitCode: 137,
            why: 'exit',
          });
        });

        it('given 2 MB of random bytes, then the log is byte-exact', async () => {
          const wanted = order('head -c 2000000 /dev/urandom | tee "$COPY"', {
            environment: { COPY: path('random') },
          });
          const { bytes } = await run(wanted);
          expect(bytes.length).toBe(2_000_000);
          expect(sha(bytes)).toBe(sha(await readFile(path('random'))));
        });

        it('given a script of 200 KB with quotes, newlines and substitutions, then it arrives unchanged', async () => {
          const nasty = `: 'single "double" $(touch ${path('canary')}) \`x\` \\ ü %s'\n`;
          const script = `sha256sum < "$0" | cut -d' ' -f1; exit 0\n${nasty.repeat(Math.ceil(200_000 / nasty.length))}`;
          expect(script.length).toBeGreaterThan(200_000);
          const { bytes } = await run(order(script));
          expect(bytes.toString().trim()).toBe(sha(Buffer.from(script)));
          await expect(stat(path('canary'))).rejects.toThrow('ENOENT');
        });

        it('given values with newlines, quotes and backslashes, then the environment holds them unchanged', async () => {
          const environment = {
            LINES: 'a\nb\n\n',
            QUOTES: `'"$(id)\`x\` \\n \\\\ %s`,
            UTF: 'Á…ü\u0001\t',
            EMPTY: '',
            J: 'ours',
            start: 'ours too',
            IFS: ',',
          };
          const names = Object.keys(environment);
          const script = names.map((name) => `printf '%s|' "$${name}"`).join('\n');
          const { bytes } = await run(order(script, { environment }));
          // A shell sets IFS itself.
          const expected = Object.entries(environment).map(([name, value]) =>
            name === 'IFS' ? ' \t\n' : value,
          );
          expect(bytes.toString()).toBe(`${expected.join('|')}|`);
        });

        it('given a script of 1 MB and 5,000 variables that try to be code, then both arrive unchanged and nothing of them is run', async () => {
          const hostile = (i: number): string =>
            `'"\`touch ${path('canary')}\`$(touch ${path('canary')})\\\n;${String(i)}\n`;
          const environment = Object.fromEntries(
            Array.from({ length: 5000 }, (_, i) => [`V_${String(i)}`, hostile(i)]),
          );
          const tail = `#${'x'.repeat(63)}\n`.repeat(16 * 1024);
          const wanted = order(
            `cp "$0" "${path('script-copy')}"; i=0; while [ $i -lt 5000 ]; do eval "printf %s \\"\\$V_$i\\""; i=$((i+1)); done; exit\n${tail}`,
            { environment },
          );
          const { bytes } = await run(wanted);
          expect(bytes.toString()).toBe(Object.values(environment).join(''));
          expect(await readFile(path('script-copy'), 'utf8')).toBe(wanted.script);
          await expect(stat(path('canary'))).rejects.toThrow('ENOENT');
        });

        it('given a script that no shell text can hold, then refused before anything is sent', async () => {
          expect(await transport.start(rig.target, order('echo a\0b'))()).toMatchObject({
            left: { code: 'protocol' },
          });
        });

        it('given no output, one byte, one line without end of 5 MB, then the log is exactly that', async () => {
          expect((await run(order('true'))).bytes.length).toBe(0);
          expect((await run(order('printf "\\000"'))).bytes).toEqual(Buffer.from([0]));
          const { bytes } = await run(order('head -c 5000000 /dev/zero | tr "\\000" x'));
          expect(sha(bytes)).toBe(sha(Buffer.alloc(5_000_000, 'x')));
        });

        it.each([32_767, 32_768, 32_769, 65_536])(
          'given %i bytes at once, then each comes once',
          async (size) => {
            const { bytes } = await run(order(`head -c ${String(size)} /dev/zero`));
            expect(bytes.length).toBe(size);
          },
        );

        it('given a job that prints what a slot says, then it is only its log', async () => {
          const text = `\\036${'0'.repeat(24)} F job-1.1 1 0 exit 0 1 1 b - - -\\n`;
          const wanted = order(`printf '${text}'; exit 7`);
          const { bytes, state } = await run(wanted);
          expect(bytes.toString()).toBe(`\x1e${'0'.repeat(24)} F job-1.1 1 0 exit 0 1 1 b - - -\n`);
          expect(resultOf(state).exitCode).toBe(7);
        });

        it('given the environment file, then it is gone before the script could look', async () => {
          const { bytes } = await run(order('ls -a ..; env', { environment: { TOKEN: 'hush' } }));
          expect(bytes.toString()).not.toMatch(/\.env$/m);
          expect(bytes.toString()).toContain('TOKEN=hush');
          expect(bytes.toString()).not.toMatch(/SSH_C|LC_ALL/);
        });

        it('given no input, then the job reads end of file', async () => {
          expect((await run(order('cat; echo end'))).bytes.toString()).toBe('end\n');
        });

        it('given `echo > /dev/stderr`, then nothing of the log is lost', async () => {
          const wanted = order('echo one; echo two > /dev/stderr; echo three');
          expect((await run(wanted)).bytes.toString()).toBe('one\ntwo\nthree\n');
        });

        it('given SIGINT, then the job is not deaf to it', async () => {
          const wanted = order("grep SigIgn /proc/self/status | tr -d '\\t '");
          const mask = (await run(wanted)).bytes.toString().replace('SigIgn:', '');
          expect(BigInt(`0x${mask.trim()}`) & 0x1006n).toBe(0n);
        });

        it('given a source, then it lies in the workspace, sent once for many jobs', async () => {
          await mkdir(path('tree/sub'), { recursive: true });
          await writeFile(path('tree/sub/file'), 'from the source');
          const tarFile = tarOf(path('tree'), path('tree.tar'));
          const source = { key: 'abc123', tarFile };
          const orders = [1, 2, 3].map(() => order('cat sub/file; pwd', { source }));
          const all = await Promise.all(orders.map(run));
          for (const { bytes } of all) expect(bytes.toString()).toMatch(/^from the source.*\.ws\n$/);
        });

        it('given a source that is no tar, then not started, and the attempt is spent', async () => {
          await writeFile(path('bad.tar'), 'no tar at all'.repeat(1000));
          const wanted = order('touch ran', { source: { key: 'bad', tarFile: path('bad.tar') } });
          expect(await start(wanted)).toMatchObject({ kind: 'not_started' });
          expect(await query(wanted)).toEqual({ state: 'revoked' });
        });

        it('given a short job, then its end is noticed soon', async () => {
          const wanted = order('sleep 0.3');
          await started(wanted);
          const before = performance.now();
          await follow(wanted);
          expect(performance.now() - before).toBeLessThan(2500);
        });
      });

      describe('what a job finds beside its source, and what stays', () => {
        const clean = async (attempt: AttemptRef): Promise<readonly string[]> => {
          right(await transport.cleanUp(rig.target, attempt)());
          const own = `${attempt.jobId}.${String(attempt.attempt)}.`;
          const names = await readdir(rig.folder);
          return names
            .filter((name) => name.startsWith(own))
            .map((name) => name.slice(own.length))
            .sort();
        };
        const textOf = async (wanted: StartOrder): Promise<string> => (await run(wanted)).bytes.toString();
        const daysAgo = async (file: string, days: number): Promise<void> => {
          const then = Date.now() / 1000 - days * 86_400;
          await utimes(file, then, then);
        };

        it('given facts, then they are in a file of the account alone, outside of the workspace, as they were', async () => {
          const facts = JSON.stringify({ title: `'"$(touch ${path('canary')})\\ \n\t ü \u0001` });
          const wanted = order(
            'ls -l "$BATON_JOB_FILE" | cut -c1-10; ls -A; echo "${BATON_JOB_DATA-unset}"; cat "$BATON_JOB_FILE"',
            { facts },
          );
          expect(await textOf(wanted)).toBe(`-rw-------\nunset\n${facts}\n`);
          await expect(stat(path('canary'))).rejects.toThrow('ENOENT');
          expect(await clean(wanted)).toEqual(['rc']);
          expect(await textOf(order('echo "${BATON_JOB_FILE-none} ${BATON_CACHE-none}"'))).toBe(
            'none none\n',
          );
        });

        it.each([
          ['on_failure', 1, true],
          ['on_failure', 0, false],
          ['always', 0, true],
          ['always', 1, true],
        ] as const)('given keep %s and exit %i, then the workspace stays: %s', async (when, code, stays) => {
          const keep = { when, ms: 3_600_000 };
          const wanted = order(`echo left > found; exit ${String(code)}`, { keep });
          await run(wanted);
          expect(await clean(wanted)).toEqual(stays ? ['keep', 'rc', 'ws'] : ['rc']);
          // again, as after a crash
          expect(await clean(wanted)).toEqual(stays ? ['keep', 'rc', 'ws'] : ['rc']);
          expect(await query(wanted)).toEqual({ state: 'tombstone' });
        });

        it('given a job that was ended, then that is no success, and its workspace stays', async () => {
          const wanted = order('trap "exit 0" TERM; echo left > found; while :; do sleep 0.1; done', {
            keep: { when: 'on_failure', ms: 3_600_000 },
          });
          await started(wanted);
          const over = follow(wanted);
          await cancel(wanted, 2000);
          await over;
          expect(await clean(wanted)).toEqual(['keep', 'rc', 'ws']);
        });

        it('given a kept workspace, then a probe removes it when its time is over and not before, whatever its rights', async () => {
          const wanted = order('mkdir shut; echo left > shut/found; chmod 500 shut; exit 1', {
            keep: { when: 'on_failure', ms: 3_600_000 },
          });
          await run(wanted);
          await clean(wanted);
          right(await transport.check(rig.target)());
          expect(await readFile(join(rig.folder, `${wanted.jobId}.1.ws`, 'shut', 'found'), 'utf8')).toBe(
            'left\n',
          );
          const keepFile = join(rig.folder, `${wanted.jobId}.1.keep`);
          const until = Number((await readFile(keepFile, 'utf8')).replace('until ', ''));
          expect(Math.abs(until - (Date.now() / 1000 + 3600))).toBeLessThan(60);
          await writeFile(keepFile, `until ${String(until - 3700)}\n`);
          right(await transport.check(rig.target)());
          expect(await clean(wanted)).toEqual(['rc']);
        });

        it('given more than twenty kept ones, then the oldest go', async () => {
          const until = `until ${String(Math.ceil(Date.now() / 1000) + 3600)}\n`;
          const names = Array.from({ length: 22 }, (_, i) => `kept-${String(i)}.1`);
          for (const [i, name] of names.entries()) {
            await mkdir(join(rig.folder, `${name}.ws`));
            await writeFile(join(rig.folder, `${name}.keep`), until);
            // younger than any of the other tests
            await daysAgo(join(rig.folder, `${name}.keep`), (-1 - i) / 1000);
          }
          right(await transport.check(rig.target)());
          const left = await readdir(rig.folder);
          const stay = names.flatMap((name, i) => (i < 2 ? [] : [`${name}.keep`, `${name}.ws`]));
          expect(left.filter((name) => name.startsWith('kept-')).sort()).toEqual(stay.sort());
        });

        it('given a cache, then the next job that names it finds it again, and no other', async () => {
          await run(order('echo from the first > "$BATON_CACHE/found"', { cache: 'one' }));
          expect(await textOf(order('cat "$BATON_CACHE/found"', { cache: 'one' }))).toBe('from the first\n');
          expect(await textOf(order('ls -A "$BATON_CACHE"', { cache: 'other' }))).toBe('');
        });

        it('given a cache or home of no use for a month, then a probe removes it; one that is used stays', async () => {
          await run(order('true', { cache: 'old', home: 'old.0' }));
          await run(order('true', { cache: 'young', home: 'young.0' }));
          await daysAgo(join(rig.folder, 'cache-of', 'old.used'), 32);
          await daysAgo(join(rig.folder, 'home-of', 'old.0.of'), 32);
          right(await transport.check(rig.target)());
          const left = async (store: string) =>
            (await readdir(join(rig.folder, store))).filter((name) => /^(old|young)/.test(name)).sort();
          expect(await left('cache-of')).toEqual(['young', 'young.used']);
          expect(await left('home-of')).toEqual(['young.0', 'young.0.of']);
        });

        it('given a home, then one job at a time has it: one that comes while another lives there gets an empty one', async () => {
          const home = 'abc.0';
          expect(await textOf(order('echo hello > "$HOME/found"; pwd', { home }))).toMatch(/\.ws\n$/);
          const stayed = order(
            `cat "$HOME/found"; while [ ! -e ${path('leave-home')} ]; do sleep 0.05; done`,
            {
              home,
            },
          );
          await started(stayed);
          const over = follow(stayed);
          expect(await textOf(order('ls -A "$HOME"', { home }))).toBe('');
          expect(await textOf(order('ls -A "$HOME"', { home: 'abc.1' }))).toBe('');
          await writeFile(path('leave-home'), '');
          expect((await over).bytes.toString()).toBe('hello\n');
          expect(await textOf(order('cat "$HOME/found"', { home }))).toBe('hello\n');
        });

        it('given an account without a home that it can write, then jobs have one that Baton makes, and find it again', async () => {
          // of a root-owned home root itself sees nothing, of one that is not there it does
          const homeless = await startRig(kind, { home: 'not-there' });
          try {
            const there = homeless.transport({ interpreter, slots });
            const { baseId, bootId } = right(await there.probe(homeless.target)());
            const textThere = async (script: string): Promise<string> => {
              const wanted = order(script, { baseId, bootId });
              expect(right(await there.start(homeless.target, wanted)())).toMatchObject({ kind: 'started' });
              const { signal } = new AbortController();
              let text = '';
              for await (const one of there.follow(homeless.target, wanted, 0, signal))
                if (one.kind === 'bytes') text += one.bytes.toString();
              return text;
            };
            const home = join(homeless.target.base, 'home');
            expect(await textThere('printf "%s " "$HOME"; echo kept >"$HOME/found"')).toBe(`${home} `);
            expect((await stat(home)).mode & 0o777).toBe(0o700);
            expect(await textThere('cat "$HOME/found"')).toBe('kept\n');
          } finally {
            await homeless.close();
          }
        });

        it('given less room than is wanted, then disk_low, and nothing is claimed', async () => {
          const wanted = order('echo ran', { freeBytes: 2 ** 55 });
          expect(await start(wanted)).toMatchObject({ kind: 'not_started', why: 'disk_low' });
          expect((await query(wanted)).state).toBe('absent');
          expect(await textOf({ ...wanted, freeBytes: 1024 })).toBe('ran\n');
        });
      });

      describe('at most once', () => {
        it('given 20 starts of one attempt at the same time, then it runs once', async () => {
          const wanted = order(`echo ran >> ${path('count')}; sleep 0.2`);
          const answers = await Promise.all(Array.from({ length: 20 }, () => start(wanted)));
          expect(answers.filter((one) => one.kind === 'started')).toHaveLength(1);
          expect(answers.filter((one) => one.kind === 'exists')).toHaveLength(19);
          await follow(wanted);
          expect(await readFile(path('count'), 'utf8')).toBe('ran\n');
        });

        it('given an attempt cancelled before its start, then revoked, and the late start does not run', async () => {
          const wanted = order(`touch ${path('late')}`);
          expect(await query(wanted)).toMatchObject({ state: 'absent', baseId: known.baseId });
          expect(await cancel(wanted, 1000)).toBe('revoked');
          expect(await start(wanted)).toEqual({ kind: 'exists', state: { state: 'revoked' } });
          expect((await follow(wanted)).state).toEqual({ state: 'revoked' });
          await expect(stat(path('late'))).rejects.toThrow('ENOENT');
        });

        it('given an attempt revoked before its start, then it never runs; on another folder or boot nothing is revoked', async () => {
          const wanted = order(`touch ${path('revoked')}`);
          const revoke = async (one: StartOrder) => right(await transport.revoke(rig.target, one)()).kind;
          expect(await revoke({ ...wanted, baseId: 'another' })).toBe('runner_changed');
          expect(await revoke({ ...wanted, bootId: 'another' })).toBe('runner_changed');
          expect(await query(wanted)).toMatchObject({ state: 'absent' });
          expect(await revoke(wanted)).toBe('revoked');
          expect(await revoke(wanted)).toBe('revoked');
          expect(await start(wanted)).toEqual({ kind: 'exists', state: { state: 'revoked' } });
          await expect(stat(path('revoked'))).rejects.toThrow('ENOENT');
        });

        it('given an attempt that has started, then a revoke leaves it alone', async () => {
          const wanted = order(`while [ ! -e ${path('may-end')} ]; do sleep 0.05; done; echo finished`);
          await started(wanted);
          const revoke = async () => right(await transport.revoke(rig.target, wanted)()).kind;
          expect(await revoke()).toBe('started');
          await writeFile(path('may-end'), '');
          const { bytes, state } = await follow(wanted);
          expect(bytes.toString()).toBe('finished\n');
          expect(state).toMatchObject({ state: 'done', result: { why: 'exit', exitCode: 0 } });
          expect(await revoke()).toBe('ended');
        });

        it('given a higher fence on the runner, then stale_fence and nothing runs', async () => {
          await mkdir(join(rig.folder, 'fence', '7'));
          const wanted = order(`touch ${path('stale')}`, { fence: 6 });
          expect(await start(wanted)).toEqual({ kind: 'stale_fence', highest: 7 });
          expect(await query(wanted)).toEqual({ state: 'revoked' });
          await rmdir(join(rig.folder, 'fence', '7'));
          await expect(stat(path('stale'))).rejects.toThrow('ENOENT');
        });

        it('given another base or boot than the order says, then runner_changed and no claim', async () => {
          const other = order('true', { baseId: 'another' });
          const answer = { kind: 'runner_changed', baseId: known.baseId, bootId: known.bootId };
          expect(await start(other)).toEqual(answer);
          expect(await start({ ...other, baseId: known.baseId, bootId: 'another' })).toEqual(answer);
          expect(await query(other)).toMatchObject({ state: 'absent' });
        });

        it('given clean-up, then only the tombstone is left and a late start is refused', async () => {
          const wanted = order('mkdir -p d/e; touch d/e/f; chmod 500 d d/e; echo x');
          await run(wanted);
          right(await transport.cleanUp(rig.target, wanted)());
          expect(await query(wanted)).toEqual({ state: 'tombstone' });
          expect(await start(wanted)).toEqual({ kind: 'exists', state: { state: 'tombstone' } });
          const left = (await readdir(rig.folder)).filter((name) => name.startsWith(`${wanted.jobId}.`));
          expect(left).toEqual([`${wanted.jobId}.1.rc`]);
          right(await transport.cleanUp(rig.target, wanted)());
        });

        it('given clean-up of a workspace replaced by a link, then what it points to stays', async () => {
          await mkdir(path('precious'));
          await writeFile(path('precious/file'), 'x');
          const wanted = order(`cd ..; rm -rf "$OLDPWD"; ln -s ${path('precious')} "$OLDPWD"`);
          await run(wanted);
          right(await transport.cleanUp(rig.target, wanted)());
          expect(await readFile(path('precious/file'), 'utf8')).toBe('x');
        });

        it('given clean-up of a running attempt, then refused', async () => {
          const wanted = order('sleep 60');
          await started(wanted);
          expect(E.isLeft(await transport.cleanUp(rig.target, wanted)())).toBe(true);
          await cancel(wanted, 1000);
          await follow(wanted);
        });
      });

      describe('cancel', () => {
        it('given a plain sleep, then TERM ends it and why is cancel', async () => {
          const wanted = order('echo here; sleep 60');
          await started(wanted);
          await eventually(
            'it has said so',
            async () => ((await query(wanted)) as { logSize: number }).logSize > 0,
          );
          expect(await cancel(wanted, 5000)).toBe('signalled');
          const { bytes, state } = await follow(wanted);
          expect(bytes.toString()).toBe('here\n');
          expect(resultOf(state)).toMatchObject({ why: 'cancel', signals: ['TERM'], survivors: [] });
          // the same to whoever asks later
          const { containment } = resultOf(state);
          expect(containment).toBe(hasGroups() && slots ? 'group' : 'nets');
          expect(resultOf(await query(wanted)).containment).toBe(containment);
          expect(await cancel(wanted, 5000)).toBe('ended');
        });

        it('given a job that traps TERM and exits 0, then why is cancel all the same', async () => {
          const wanted = order('trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done');
          await started(wanted);
          await eventually(
            'trap set',
            async () => ((await query(wanted)) as { logSize: number }).logSize > 0,
          );
          await cancel(wanted, 5000);
          expect(resultOf((await follow(wanted)).state)).toMatchObject({ exitCode: 0, why: 'cancel' });
        });

        it('given a handler of TERM that tidies up by other programs, then these are left alone', async () => {
          const tidying = 'sleep 0.5 && echo slept; sh -c "sleep 0.2" && echo tidied; exit 3';
          const wanted = order(`trap '${tidying}' TERM; echo ready; while :; do sleep 0.1; done`);
          await started(wanted);
          await eventually(
            'trap set',
            async () => ((await query(wanted)) as { logSize: number }).logSize > 0,
          );
          await cancel(wanted, 10_000);
          const { bytes, state } = await follow(wanted);
          expect(bytes.toString().replace(/Terminated\s*/g, '')).toBe('ready\nslept\ntidied\n');
          expect(resultOf(state)).toMatchObject({ exitCode: 3, why: 'cancel', signals: ['TERM'] });
        });

        it('given a tree that ignores TERM, then KILL after the grace, and nobody is left', async () => {
          const wanted = order(
            `trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${path('deaf')}; while :; do sleep 0.2; done' & while :; do sleep 0.2; done`,
          );
          await started(wanted);
          const pid = await pidIn(path('deaf'));
          const before = performance.now();
          expect(await cancel(wanted, 700)).toBe('signalled');
          const result = resultOf((await follow(wanted)).state);
          expect(result).toMatchObject({ why: 'cancel', signals: ['TERM', 'KILL'], survivors: [] });
          expect(performance.now() - before).toBeGreaterThan(600);
          expect(await isAlive(pid)).toBe(false);
        });

        it('given a grandchild in a session of its own, then it is ended too', async () => {
          const inner = `echo $$ > ${path('apart')}; cd /; exec sleep 300`;
          const wanted = order(`setsid sh -c '${inner}' </dev/null >/dev/null 2>&1 & sleep 60`);
          await started(wanted);
          const pid = await pidIn(path('apart'));
          await cancel(wanted, 2000);
          expect(resultOf((await follow(wanted)).state).why).toBe('cancel');
          expect(await isAlive(pid)).toBe(false);
        });

        it('given a daemon that cleared its environment but works in the workspace, then it is ended too', async () => {
          const inner = `echo $$ > ${path('bare')}; sleep 300`;
          const wanted = order(`(setsid env -i sh -c '${inner}' </dev/null >/dev/null 2>&1 &); sleep 60`);
          await started(wanted);
          const pid = await pidIn(path('bare'));
          await cancel(wanted, 2000);
          await follow(wanted);
          expect(await isAlive(pid)).toBe(false);
        });

        it('given a daemon that cleared its environment but works in the home, then it is ended too; not one of the next job there', async () => {
          const home = 'daemons.0';
          const daemon = (name: string): string =>
            `cd "$HOME"; (setsid env -i sh -c 'echo $$ > ${path(name)}; sleep 300' </dev/null >/dev/null 2>&1 &); sleep 60`;
          const wanted = order(daemon('homely'), { home });
          await started(wanted);
          const pid = await pidIn(path('homely'));
          await cancel(wanted, 2000);
          await follow(wanted);
          expect(await isAlive(pid)).toBe(false);
          const next = order(daemon('homely-too'), { home });
          await started(next);
          const other = await pidIn(path('homely-too'));
          expect(await cancel(wanted, 2000)).toBe('ended');
          expect(await isAlive(other)).toBe(true);
          await cancel(next, 2000);
          await follow(next);
          expect(await isAlive(other)).toBe(false);
        });

        it('given a daemon that hid from all else, then a control group finds it where there is one', async (context) => {
          context.skip(!slots || !hasGroups(), 'no control group can be made here');
          const hide = `setsid env -i PATH="$PATH" sh -c '(cd /; trap "" TERM; exec >/dev/null 2>&1; echo $$ > ${path('hidden')}; exec sleep 300) &'`;
          const wanted = order(
            `${hide}; while [ ! -s ${path('hidden')} ]; do sleep 0.02; done; echo ready; sleep 60`,
          );
          await started(wanted);
          const pid = await pidIn(path('hidden'));
          expect(await cancel(wanted, 300)).toBe('signalled');
          expect(resultOf((await follow(wanted)).state)).toMatchObject({
            ...{ why: 'cancel', survivors: [], containment: 'group' },
          });
          expect(await isAlive(pid)).toBe(false);
        });

        it('given another attempt whose number begins alike, then it is left alone', async () => {
          const one = order('sleep 60');
          const ten = { ...one, attempt: 10 };
          await started(one);
          await started(ten);
          await cancel(one, 2000);
          expect(resultOf((await follow(one)).state).why).toBe('cancel');
          expect((await query(ten)).state).toBe('running');
          await cancel(ten, 2000);
          await follow(ten);
        });

        it('given the order repeated, then harmless', async () => {
          const wanted = order('sleep 60');
          await started(wanted);
          const answers = await Promise.all([
            cancel(wanted, 2000),
            cancel(wanted, 2000),
            cancel(wanted, 2000),
          ]);
          expect(answers).toContain('signalled');
          expect(resultOf((await follow(wanted)).state).why).toBe('cancel');
        });
      });

      describe('processes that are looked for', () => {
        it('given one that lives, one of another time, boot or namespace, then which of them are gone', async () => {
          const wanted = order('sleep 60');
          const { pid, startTime, bootId } = await started(wanted);
          const namespace = await readlink('/proc/self/ns/pid');
          const own = { pid, startTime, bootId, pidNamespace: namespace.replace(/\D/g, '') };
          const fates = async () =>
            right(
              await transport.alive(rig.target, [
                own,
                { ...own, startTime: '1' },
                { ...own, bootId: 'another-boot' },
                { ...own, pidNamespace: '1' },
              ])(),
            );
          expect(await fates()).toEqual(['alive', 'gone', 'gone', 'unknown']);
          await cancel(wanted, 1000);
          await follow(wanted);
          expect(await fates()).toEqual(['gone', 'gone', 'gone', 'unknown']);
          const hostile = await transport.alive(rig.target, [{ ...own, startTime: '$(id)' }])();
          expect(E.isLeft(hostile) && hostile.left.code).toBe('protocol');
        });
      });

      describe('without the controller', () => {
        it('given a timeout and no connection, then the runner ends the job', async () => {
          const wanted = order('sleep 60', { totalMs: 1200 });
          await started(wanted);
          await rig.cut();
          // the runner writes the end by itself: read it from its folder, not over a connection
          const line = join(rig.folder, `${wanted.jobId}.1.rc`);
          await eventually('result line', async () => / \.\s*$/.test(await readFile(line, 'utf8')));
          const { state } = await follow(wanted);
          expect(resultOf(state)).toMatchObject({ why: 'timeout', signals: ['TERM'], survivors: [] });
        });

        it('given a limit on silence, then a job that goes on talking stays, and one that falls silent is ended', async () => {
          const talks = order('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done', { silenceMs: 1500 });
          const silent = order('echo once; sleep 60', { silenceMs: 1500 });
          const [talked, fell] = await Promise.all([run(talks), run(silent)]);
          expect(resultOf(talked.state)).toMatchObject({ exitCode: 0, why: 'exit' });
          expect(resultOf(fell.state)).toMatchObject({ why: 'silence', signals: ['TERM'] });
          expect(fell.bytes.toString()).toBe('once\n');
        });

        it('given the link killed in the middle of a log, then the rest follows from the offset, byte for byte', async () => {
          const wanted = order(
            'i=0; while [ $i -lt 400 ]; do head -c 3000 /dev/urandom; sleep 0.005; i=$((i+1)); done | tee "$COPY"',
            {
              environment: { COPY: path('cut') },
            },
          );
          await started(wanted);
          const { bytes, state } = await followThroughCuts(wanted, 3);
          expect(resultOf(state)).toMatchObject({ exitCode: 0, why: 'exit' });
          expect(sha(bytes)).toBe(sha(await readFile(path('cut'))));
        });

        it('given the supervisor killed, then orphan, its log to the last byte, then lost and never success', async () => {
          const wanted = order(`while [ ! -e ${path('go-on')} ]; do sleep 0.05; done; echo last`);
          await started(wanted);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await eventually('orphan', async () => (await query(wanted)).state === 'orphan');
          const following = follow(wanted);
          await writeFile(path('go-on'), '');
          const { bytes, state } = await following;
          expect(bytes.toString()).toBe('last\n');
          expect(state).toMatchObject({ state: 'lost', logSize: 5 });
        });

        it('given the supervisor of a job with a timeout killed, then its end is seen at the end of the job', async () => {
          const wanted = order(`while [ ! -e ${path('timed')} ]; do sleep 0.05; done; echo last`, {
            totalMs: 100_000,
          });
          await started(wanted);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await writeFile(path('timed'), '');
          const { bytes, state } = await follow(wanted);
          expect(bytes.toString()).toBe('last\n');
          expect(state.state).toBe('lost');
        });

        it.each([false, true])(
          'given a running job, split %s, then neither it nor a pump holds the channel of its start',
          async (split) => {
            const wanted = order('sleep 60', { totalMs: 100_000, split });
            const { pid } = await started(wanted);
            const claim = (await readFile(join(rig.folder, `${wanted.jobId}.1.rc`), 'utf8'))
              .trim()
              .split(' ');
            const pumps = split ? [claim[4], claim[6]].map(Number) : [Number(claim[4])];
            expect(claim).toHaveLength(split ? 8 : 6);
            const strange = async (one: number): Promise<readonly string[]> => {
              const names = (await readdir(`/proc/${String(one)}/fd`)).filter((fd) => Number(fd) < 20);
              const opened = await Promise.all(
                names.map((fd) => readlink(`/proc/${String(one)}/fd/${fd}`).catch(() => '/dev/null')),
              );
              return opened.filter(
                (to) => !/\.(out|out2|log|err|script|sh)( \(deleted\))?$|^\/dev\/null$/.test(to),
              );
            };
            // The child closes what it must not keep only after it has answered.
            await eventually('job without strange files', async () => (await strange(pid)).length === 0);
            // Of the pipes, each process has only those that it reads or writes.
            const pipes = async (one: number): Promise<number> => {
              const fds = await readdir(`/proc/${String(one)}/fd`);
              const opened = await Promise.all(
                fds.map((fd) => readlink(`/proc/${String(one)}/fd/${fd}`).catch(() => '')),
              );
              return opened.filter((to) => /\.out2?( \(deleted\))?$/.test(to)).length;
            };
            await eventually('job with its outputs alone', async () => (await pipes(pid)) === 2);
            for (const pump of pumps) {
              await eventually('pump without strange files', async () => (await strange(pump)).length === 0);
              await eventually('pump with its pipe alone', async () => (await pipes(pump)) === 1);
            }
            await cancel(wanted, 1000);
            await follow(wanted);
          },
        );

        it('given an orphan cancelled, then it is ended', async () => {
          const wanted = order('sleep 60');
          const { pid } = await started(wanted);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await eventually('orphan', async () => (await query(wanted)).state === 'orphan');
          expect(await cancel(wanted, 1000)).toBe('signalled');
          const { state } = await follow(wanted);
          expect(state).toMatchObject({ state: 'lost', why: 'cancel' });
          expect(state.state === 'lost' && state.ended).toMatchObject({
            ...{ why: 'cancel', signals: ['TERM'], survivors: [] },
          });
          expect(await query(wanted)).toEqual(state);
          expect(await isAlive(pid)).toBe(false);
        });

        it('given a slot that was killed, then a probe removes its folder and control group once its job has ended', async (context) => {
          context.skip(!slots || !hasGroups(), 'no control group can be made here');
          const wanted = order('sleep 60');
          await started(wanted);
          const slot = join(rig.folder, 'in', `slot.${await slotOf(wanted)}`);
          const [group = ''] = (await readFile(join(slot, 'group'), 'utf8')).split('\n');
          expect(existsSync(join(group, 'cgroup.kill'))).toBe(true);
          right(await transport.probe(rig.target)());
          expect([existsSync(slot), existsSync(group)]).toEqual([true, true]);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await eventually('orphan', async () => (await query(wanted)).state === 'orphan');
          right(await transport.probe(rig.target)());
          expect([existsSync(slot), existsSync(group)]).toEqual([true, true]);
          await cancel(wanted, 1000);
          expect((await follow(wanted)).state).toMatchObject({ ended: { containment: 'group' } });
          right(await transport.probe(rig.target)());
          expect([existsSync(slot), existsSync(group)]).toEqual([false, false]);
        });

        it('given the folder of a slot, then a probe removes it only if its owner is dead for sure', async () => {
          const namespace = (await readlink('/proc/self/ns/pid')).replace(/\D/g, '');
          const slot = async (name: string, ...lines: readonly string[]): Promise<string> => {
            const folder = join(rig.folder, 'in', `slot.${name}`);
            await mkdir(folder);
            if (lines.length > 0) await writeFile(join(folder, 'group'), `${lines.join('\n')}\n`);
            return folder;
          };
          const dead = await slot('1.1', '-', `${known.bootId} ${namespace}`);
          const unseen = await slot('1.2', '-', `${known.bootId} 1`);
          const rebooted = await slot('1.3', '-', 'another-boot 1');
          const old = await slot('1.4');
          right(await transport.probe(rig.target)());
          expect([dead, unseen, rebooted, old].map(existsSync)).toEqual([false, true, false, false]);
          await rm(unseen, { recursive: true });
        });

        it('given an orphan that ignores TERM, then it is no end before KILL', async () => {
          const wanted = order(
            `trap '' TERM; echo deaf; while [ ! -e ${path('never')} ]; do sleep 0.1; done`,
          );
          const { pid } = await started(wanted);
          await eventually('deaf', async () => ((await query(wanted)) as { logSize: number }).logSize > 0);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await eventually('orphan', async () => (await query(wanted)).state === 'orphan');
          const following = follow(wanted);
          expect(await cancel(wanted, 700)).toBe('signalled');
          const { bytes, state } = await following;
          expect(bytes.toString()).toBe('deaf\n');
          expect(state).toMatchObject({ ended: { why: 'cancel', signals: ['TERM', 'KILL'] } });
          expect(await isAlive(pid)).toBe(false);
        });

        it('given a cancel that nobody carried through, then lost', async () => {
          const wanted = order('true');
          const file = join(rig.folder, `${wanted.jobId}.1`);
          await writeFile(`${file}.rc`, `- 1 1 ${known.bootId}`.padEnd(127) + '\n');
          await writeFile(`${file}.go`, `1 1 ${known.bootId}\n`);
          await writeFile(`${file}.why`, `cancel 1 1 ${known.bootId}\n`);
          expect(await query(wanted)).toEqual({ state: 'lost', why: 'supervisor_gone', logSize: 0 });
        });

        it('given a go of another boot, then lost at once', async () => {
          const wanted = order('true');
          const file = join(rig.folder, `${wanted.jobId}.1`);
          await writeFile(`${file}.rc`, `- 1 1 another-boot`.padEnd(127) + '\n');
          await writeFile(`${file}.go`, `1 1 another-boot\n`);
          expect(await query(wanted)).toEqual({ state: 'lost', why: 'reboot', logSize: 0 });
        });

        it('given a result line without its end mark, then it does not count', async () => {
          const wanted = order('true');
          await run(wanted);
          const file = join(rig.folder, `${wanted.jobId}.1.rc`);
          await writeFile(file, 'rc=0 why=exit log=0 survivors=0'.padEnd(127) + '\n');
          expect((await query(wanted)).state).toBe('lost');
        });

        it('given `kill -9 0` in the job, then it hits the job only', async () => {
          expect(resultOf((await run(order('echo x; kill -9 0'))).state)).toMatchObject({
            exitCode: 137,
            why: 'exit',
          });
        });

        it('given a leftover that keeps the output open, then it is ended and why stays exit', async () => {
          const wanted = order(`setsid sleep 300 & echo $! > ${path('leftover')}; exit 4`);
          const result = resultOf((await run(wanted)).state);
          expect(result).toMatchObject({ exitCode: 4, why: 'exit', logTruncated: false, survivors: [] });
          expect(await isAlive(await pidIn(path('leftover')))).toBe(false);
        });

        it('given a flood, then the log is cut exactly at its cap and the job goes on', async () => {
          const wanted = order('head -c 5000000 /dev/zero; echo gone > "$DONE"; exit 4', {
            logBytes: 1024 * 1024,
            environment: { DONE: path('flooded') },
          });
          const { bytes, state } = await run(wanted);
          expect(bytes.length).toBe(1024 * 1024);
          expect(resultOf(state)).toMatchObject({ exitCode: 4, logTruncated: true });
          expect(await readFile(path('flooded'), 'utf8')).toBe('gone\n');
        });
      });

      describe('outputs that are kept apart', () => {
        const interleaved =
          'i=0; while [ $i -lt 100 ]; do head -c 10000 /dev/urandom | tee -a "$COPY.1"; head -c 10000 /dev/urandom | tee -a "$COPY.2" >&2; $PAUSE; i=$((i+1)); done; exit 5';
        const writesBoth = (name: string, pause = ':') =>
          order(interleaved, { split: true, environment: { COPY: path(name), PAUSE: pause } });
        const copiesOf = async (name: string) => [
          sha(await readFile(path(`${name}.1`))),
          sha(await readFile(path(`${name}.2`))),
        ];

        it('given 1 MB on each, interleaved, then each is byte-exact', async () => {
          const wanted = writesBoth('apart');
          const { out, err, state } = await runSplit(wanted);
          expect([out.length, err.length]).toEqual([1_000_000, 1_000_000]);
          expect([sha(out), sha(err)]).toEqual(await copiesOf('apart'));
          expect(state).toMatchObject({ logSize: 1_000_000, errSize: 1_000_000 });
          expect(resultOf(state)).toEqual({
            ...{ exitCode: 5, why: 'exit', logTruncated: false, errTruncated: false },
            ...{ signals: [], survivors: [] },
          });
          expect(await query(wanted)).toEqual(state);
        });

        it('given the link killed in between, then both go on from where they were, byte for byte', async () => {
          const wanted = writesBoth('apart-cut', 'sleep 0.02');
          await started(wanted);
          const [out, err] = outputsOf(wanted);
          const [stdout, stderr] = await Promise.all([followThroughCuts(out, 3), followThroughCuts(err, 0)]);
          expect([sha(stdout.bytes), sha(stderr.bytes)]).toEqual(await copiesOf('apart-cut'));
          expect(resultOf(stderr.state)).toMatchObject({ exitCode: 5, why: 'exit' });
        });

        it('given jobs of both kinds one after the other, then each has its own form and nothing of another', async () => {
          for (const round of ['1', '2', '3']) {
            const apart = await runSplit(order(`echo out ${round}; echo err ${round} >&2`, { split: true }));
            expect([String(apart.out), String(apart.err)]).toEqual([`out ${round}\n`, `err ${round}\n`]);
            const wanted = order('echo out; echo err >&2; ls -a ..');
            const { bytes, state } = await run(wanted);
            expect(bytes.toString()).toMatch(/^out\nerr\n/);
            const own = bytes
              .toString()
              .split('\n')
              .filter((name) => name.startsWith(`${wanted.jobId}.`));
            expect(own.filter((name) => /err|out2/.test(name))).toEqual([]);
            expect(state).not.toHaveProperty('errSize');
          }
        });

        it('given nothing on either, or `echo > /dev/stderr`, then exactly that', async () => {
          const nothing = await runSplit(order('true', { split: true }));
          expect([nothing.out.length, nothing.err.length]).toEqual([0, 0]);
          const script = 'echo one >&2; echo two > /dev/stderr; echo three > /dev/stdout; echo four >&2';
          const { out, err } = await runSplit(order(script, { split: true }));
          expect([out.toString(), err.toString()]).toEqual(['three\n', 'one\ntwo\nfour\n']);
        });

        it.each([
          ['stdout', '', '>&2'],
          ['stderr', '>&2', ''],
        ])(
          'given a flood on %s, then it is cut exactly at its cap, the other is whole, and the job goes on',
          async (name, many, few) => {
            const wanted = order(`head -c 3000000 /dev/zero ${many}; echo whole ${few}; exit 4`, {
              ...{ logBytes: 1024 * 1024, split: true },
            });
            const { out, err, state } = await runSplit(wanted);
            const [cut, whole] = name === 'stdout' ? [out, err] : [err, out];
            expect([cut.length, whole.toString()]).toEqual([1024 * 1024, 'whole\n']);
            expect(resultOf(state)).toMatchObject({
              ...{ exitCode: 4, logTruncated: name === 'stdout', errTruncated: name === 'stderr' },
            });
          },
        );

        it.each([
          ['stderr', '>/dev/null'],
          ['stdout', '2>/dev/null'],
        ])('given a leftover that holds only %s, then it is ended and why stays exit', async (name, lets) => {
          const file = path(`holds-${name}`);
          const wanted = order(`setsid sleep 300 ${lets} & echo $! > ${file}; exit 4`, { split: true });
          const { state } = await runSplit(wanted);
          expect(resultOf(state)).toMatchObject({ exitCode: 4, why: 'exit', survivors: [] });
          expect(await isAlive(await pidIn(file))).toBe(false);
        });

        it('given the supervisor killed, then both to the last byte, also when only stderr is still held', async () => {
          const late = `while [ ! -e ${path('late-err')} ]; do sleep 0.05; done; echo last >&2`;
          const wanted = order(
            `echo first; (${late}) >/dev/null & while [ ! -e ${path('let')} ]; do sleep 0.05; done`,
            {
              split: true,
            },
          );
          const { pid } = await started(wanted);
          process.kill(await supervisorOf(wanted), 'SIGKILL');
          await eventually('orphan', async () => (await query(wanted)).state === 'orphan');
          const [out, err] = outputsOf(wanted);
          const following = Promise.all([follow(out), follow(err)]);
          await writeFile(path('let'), '');
          await eventually('the job alone has ended', async () => !(await isAlive(pid)));
          expect((await query(wanted)).state).toBe('orphan');
          await writeFile(path('late-err'), '');
          const [stdout, stderr] = await following;
          expect([stdout.bytes.toString(), stderr.bytes.toString()]).toEqual(['first\n', 'last\n']);
          expect(stderr.state).toMatchObject({ state: 'lost', logSize: 6, errSize: 5 });
        });

        it('given a limit on silence, then what comes on stderr alone breaks it', async () => {
          const talks = order('for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.3; done', {
            ...{ silenceMs: 1500, split: true },
          });
          expect(resultOf((await runSplit(talks)).state)).toMatchObject({
            ...{ exitCode: 0, why: 'exit', logTruncated: false, errTruncated: false },
          });
        });

        it('given an offset, then only the rest comes; given clean-up, then only the tombstone stays', async () => {
          const wanted = order('printf 0123; printf 456789 >&2', { split: true });
          await runSplit(wanted);
          const [out, err] = outputsOf(wanted);
          expect((await follow(out, 3)).bytes.toString()).toBe('3');
          expect((await follow(err, 4)).bytes.toString()).toBe('89');
          right(await transport.cleanUp(rig.target, wanted)());
          const left = (await readdir(rig.folder)).filter((name) => name.startsWith(`${wanted.jobId}.`));
          expect(left).toEqual([`${wanted.jobId}.1.rc`]);
        });

        it('given an attempt that cannot be prepared, then nothing of it stays', async () => {
          await writeFile(path('bad2.tar'), 'no tar at all'.repeat(1000));
          const source = { key: 'bad2', tarFile: path('bad2.tar') };
          const wanted = order('touch ran', { source, split: true });
          expect(await start(wanted)).toMatchObject({ kind: 'not_started' });
          const left = (await readdir(rig.folder)).filter((name) => name.startsWith(`${wanted.jobId}.`));
          expect(left).toEqual([`${wanted.jobId}.1.rc`]);
        });
      });

      describe('a reader', () => {
        it('given a slow one, then the source waits and nothing is lost', async () => {
          const wanted = order('head -c 6000000 /dev/zero');
          await started(wanted);
          let size = 0;
          let slow = 0;
          for await (const one of transport.follow(rig.target, wanted, 0, new AbortController().signal)) {
            if (one.kind !== 'bytes') continue;
            size += one.bytes.length;
            if ((slow += 1) < 10) await new Promise((resolve) => setTimeout(resolve, 30));
          }
          expect(size).toBe(6_000_000);
        });

        it('given an offset, then only the rest comes', async () => {
          const wanted = order('printf 0123456789');
          await run(wanted);
          expect((await follow(wanted, 4)).bytes.toString()).toBe('456789');
          expect((await follow(wanted, 10)).bytes.toString()).toBe('');
        });

        it('given an abort, then the stream ends and nothing stays on the runner', async () => {
          const wanted = order('echo x; sleep 60');
          await started(wanted);
          const controller = new AbortController();
          for await (const one of transport.follow(rig.target, wanted, 0, controller.signal))
            if (one.kind === 'bytes') controller.abort();
          await eventually('no tail is left', async () => !(await hasTail(wanted.jobId)));
          expect((await query(wanted)).state).toBe('running');
          await cancel(wanted, 1000);
          await follow(wanted);
        });

        it('given the link cut, then no follower stays on the runner', async () => {
          const wanted = order('echo x; sleep 60');
          await started(wanted);
          await expect(async () => {
            for await (const one of transport.follow(rig.target, wanted, 0, new AbortController().signal))
              if (one.kind === 'bytes') await rig.cut();
          }).rejects.toMatchObject({ code: 'connection_lost' });
          await eventually('no tail is left', async () => !(await hasTail(wanted.jobId)));
          await cancel(wanted, 1000);
          await follow(wanted);
        });

        it('given 24 jobs followed at once, then sessions of sshd are no limit', async () => {
          const orders = Array.from({ length: 24 }, (_, i) => order(`echo ${String(i)}; sleep 1`));
          const all = await Promise.all(orders.map(run));
          expect(all.map(({ bytes }) => Number(bytes))).toEqual(orders.map((_, i) => i));
        });
      });
    },
  );
};

const hasTail = async (jobId: string): Promise<boolean> => {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    names.map((name) => readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.startsWith('tail') && line.includes(jobId));
};
