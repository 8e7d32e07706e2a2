/** Commands on a runner, as a person gives them and reads their answers. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { aRunner, startEdge, tokens, type Edge } from '../http/edge.js';
import { baton, type Ran } from './terminal.js';

let edge: Edge;
const MIN = 60_000;
const now = Date.parse('2026-01-31T12:00:10.000Z');
const ago = (ms: number): string => new Date(now - ms).toISOString();
const seen = { at: ago(12_000), ok: true, code: 'ready', latencyMs: 3.2, findings: [] };
const probe = { at: ago(180 * MIN), verdict: 'ready', findings: [] };

beforeEach(async () => {
  edge = await startEdge({
    listRunners: () =>
      TE.right([
        aRunner({ name: 'seen', evidence: seen, probe }),
        aRunner({ name: 'unseen', probe }),
        aRunner({ name: 'new', state: 'untested' }),
        aRunner({
          name: 'gone',
          state: 'unreachable',
          evidence: { ...seen, ok: false, code: 'refused' },
          detail: 'Nothing accepts connections.',
        }),
      ]),
    showRunner: () =>
      TE.right(
        aRunner({
          state: 'unfit',
          watch: { kind: 'person' },
          evidence: { ...seen, ok: false, code: 'permission_denied', load: 0.5, skewSeconds: -7 },
        }),
      ),
    drainRunner: () =>
      TE.right({
        value: aRunner({ state: 'draining', detail: 'drained by ops: disk', current: { 0: 'abcdef012345' } }),
        repeated: false,
      }),
  });
});
afterEach(() => edge.close());
const ask = (...argv: readonly string[]): Promise<Ran> =>
  baton(argv, { env: { BATON_URL: edge.url, BATON_TOKEN: tokens.admin }, now });
const args = (): unknown => edge.calls.at(-1)?.args.slice(1);

describe('evidence', () => {
  it('given a list, then each runner has its evidence with its age, or none and says so', async () => {
    for (const argv of [['runner', 'list'], ['list-runners']]) {
      const { out } = await ask(...argv);
      const row = (name: string): string => out.split('\n').find((line) => line.startsWith(name)) ?? '';
      expect(row('seen')).toMatch(/ready .*ok, 3 ms, 1[2-9] s ago/);
      expect(row('unseen')).toMatch(/ready .*not since the server started; recorded ready 3 h ago/);
      expect(row('new')).toMatch(/untested .*never probed/);
      expect(row('gone')).toMatch(/unreachable .*refused, 1\d s ago.*Nothing accepts/);
    }
  });
  it('given one whose key was refused, then it is told that a person has to act', async () => {
    const { out } = await ask('runner', 'show', 'build-07');
    expect(out).toMatch(/next: +nothing by itself: a person has to act/);
    expect(out).toMatch(/clock skew: +7 s behind/);
  });
});

describe('commands', () => {
  it('given drain, then one sentence with state, why, and the jobs that are still there', async () => {
    const { out, code } = await ask('runner', 'drain', 'build-07', '--reason', 'disk');
    expect(code).toBe(0);
    expect(out).toBe(
      'Runner build-07 is draining (drained by ops: disk); probe: never probed. One job is still there: abcdef01.\n',
    );
  });
  it('given drain --wait, then it answers once no job is left there', async () => {
    const left = [{ 0: 'abcdef012345' }, {}];
    let looks = 0;
    await edge.close();
    edge = await startEdge({
      drainRunner: () =>
        TE.right({ value: aRunner({ state: 'draining', current: { 0: 'abcdef012345' } }), repeated: false }),
      showRunner: () => TE.right(aRunner({ state: 'draining', current: left[looks++] ?? {} })),
    });
    const { out, code } = await ask('runner', 'drain', 'build-07', '--wait');
    expect([code, looks]).toEqual([0, 2]);
    expect(out).toBe('Runner build-07 is draining; probe: never probed. No job is there.\n');
  });
  it('given remove --wait, then it is drained, and removed once no job is left there', async () => {
    const busy = aRunner({ current: { 0: 'abcdef012345' } });
    const left = [busy, busy, aRunner({ state: 'draining' })];
    let looks = 0;
    await edge.close();
    edge = await startEdge({
      drainRunner: () => TE.right({ value: busy, repeated: false }),
      showRunner: () => TE.right(left[looks++] ?? aRunner({ state: 'retired' })),
    });
    expect((await ask('runner', 'remove', 'build-07', '--wait')).code).toBe(0);
    const deeds = edge.names().filter((name) => /^(?:drain|remove)/u.test(name));
    expect([looks, deeds]).toEqual([3, ['drainRunner', 'removeRunner']]);
  });
  it.each([
    [['pause', 'b', '--until', '2h'], 'pauseRunner', ['b', '2h']],
    [['clear', 'b', '--slot', '1'], 'clearRunner', ['b', 1]],
    [['remove', 'b', '--cancel-jobs'], 'removeRunner', ['b', true]],
    [['trust', 'b', '--jump'], 'trustRunner', ['b', { hop: 'jump' }]],
    [['set', 'b', '--label', 'x', '--label', 'y'], 'setRunner', ['b', { labels: ['x', 'y'] }]],
    [['set', 'b', '--label', ''], 'setRunner', ['b', { labels: [] }]],
    [['set', 'b', '--enterprise', 'x', '--enterprise', 'y'], 'setRunner', ['b', { enterprises: ['x', 'y'] }]],
    [['set', 'b', '--isolate'], 'setRunner', ['b', { isolated: true }]],
    [['set', 'b', '--no-isolate', '--slots', '3'], 'setRunner', ['b', { isolated: false, slots: 3 }]],
    [['prove', 'b'], 'proveRunner', ['b']],
    [['set', 'b', '--any-enterprise'], 'setRunner', ['b', { enterprises: [] }]],
    [['set', 'b', '--jump', 'none', '--slots', '3'], 'setRunner', ['b', { jump: '', slots: 3 }]],
  ])('given %j, then %s', async (argv, called, given) => {
    expect((await ask('runner', ...argv)).code).toBe(0);
    expect([edge.names().at(-1), args()]).toEqual([called, given]);
  });
  it('given add with an account for each slot, then that is asked for, and where the key belongs is told', async () => {
    const isolated = aRunner({ name: 'c', user: 'ci', slots: 2, isolated: true, state: 'untested' });
    await edge.close();
    edge = await startEdge({
      addRunner: () =>
        TE.right({ value: { runner: isolated, publicKey: 'ssh-ed25519 AAAA' }, repeated: false }),
    });
    const where = ['--host', 'h', '--user', 'ci', '--base', '/b', '--slots', '2'];
    const { out, code } = await ask('runner', 'add', 'c', ...where, '--isolate', '--trial');
    expect(code).toBe(0);
    expect(edge.calls.at(-1)?.args[1]).toMatchObject({ isolated: true, trial: true, base: '/b', slots: 2 });
    expect(out).toContain('~ci-0/.ssh/authorized_keys and those of all accounts up to ci-1 on');
    expect(out).toContain('baton runner prove c');
  });
  it('given a proof that fails, then the sentence, and exit code 1', async () => {
    await edge.close();
    edge = await startEdge({
      proveRunner: () =>
        TE.right({ code: 'not_proved', sentence: 'In slot 0 of the runner b it is not.', runner: aRunner() }),
    });
    const ran = await ask('runner', 'prove', 'b');
    expect([ran.code, ran.out]).toEqual([1, 'In slot 0 of the runner b it is not.\n']);
    expect(ran.err).toContain('b is not proved: not_proved');
  });
  it('given it is removed without --uninstall, then the way to clean its machine is told', async () => {
    const { out, code } = await ask('delete-runner', 'b');
    expect([code, edge.names()]).toEqual([0, ['removeRunner']]);
    expect(out).toContain('baton delete-runner b --uninstall --as USER');
  });
  it.each([
    [['--as', 'admin'], /--uninstall.*add it/],
    [['-e', 'acme'], /one name for all enterprises/],
    [['--uninstall'], /--as USER[^]*nothing to log in with/],
    [['--uninstall', '--as', 'ad min', '-P', 'pw'], /--as: expected[^]*seen by everybody/],
  ])(
    'given delete-runner with %j, then it is refused with the way out, and nothing is asked',
    async (more, told) => {
      const { err, code } = await ask('delete-runner', 'b', ...more);
      expect([code, edge.names()]).toEqual([64, []]);
      expect(err).toMatch(told);
      expect(err).not.toMatch(/\bpw\b/);
    },
  );
  it('given install-runner with much that is wrong, then all of it is told, and nothing is asked', async () => {
    const line = ['install-runner', 'a b', 'admin', '-P', 'pw', '--slots', '0', '--full-ohai'];
    const { err, code } = await ask(...line, '-I', 'x.deb', '-v', '1');
    expect([code, edge.names()]).toEqual([64, []]);
    for (const part of [
      'HOST: expected',
      'seen by everybody',
      '--slots: expected',
      '--full-ohai means nothing',
      '-I brings',
    ])
      expect(err).toContain(part);
    expect(err).toContain('See `baton install-runner --help`.');
  });
  it('given delete-runner, then it removes; given --json, then the answer of the API', async () => {
    const ran = await ask('delete-runner', 'b', '--json');
    expect(edge.names()).toEqual(['removeRunner']);
    expect(JSON.parse(ran.out)).toMatchObject({ state: 'retired', evidence: null });
  });
});
