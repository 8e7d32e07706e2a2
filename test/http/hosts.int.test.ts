/** Engines over HTTP, on a real server without runners: what is taken, refused, remembered and told. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostAnswer, PhaseState } from '../../src/app/host-calls.js';
import type { JobView } from '../../projections/jobs.js';
import { readConfig } from '../../src/config.js';
import { logger, startBaton, type Baton } from '../../src/main.js';
import { until } from '../e2e/processes.js';
import { aPhase as aPhaseState, startEdge, tokens, until as untilEdge } from './edge.js';

const scope = { enterprise: 'default', organisation: 'default', project: 'web-shop' };
const aPhase = (hostKey: string, more: object = {}) => ({
  ...{ hostKey, scope, pipeline: 'main', stage: 'verify', phase: 'unit' },
  ...{ steps: [{ name: 'unit', run: 'true' }], ...more },
});

interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly detail: string;
  readonly hint?: string;
  readonly problems?: readonly { readonly path: string; readonly found: string; readonly mend?: string }[];
}

let baton: Baton;
let folder = '';

const ask = async <A>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  more: { readonly token?: string; readonly key?: string; readonly signal?: AbortSignal } = {},
) => {
  const response = await fetch(`${baton.url}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${more.token ?? baton.firstToken ?? ''}`,
      ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
      ...(more.key === undefined ? {} : { 'Idempotency-Key': more.key }),
    },
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    ...(more.signal === undefined ? {} : { signal: more.signal }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as A };
};
const promote = (phase: object, more = {}) => ask<HostAnswer>('POST', '/hosts/engine/phases', phase, more);
const refused = (path: string, body: unknown, more = {}) => ask<Refusal>('POST', path, body, more);
const stateOf = async (hostKey: string, query = ''): Promise<PhaseState> =>
  (await ask<PhaseState>('GET', `/hosts/engine/phases/${encodeURIComponent(hostKey)}${query}`)).body;
const cancel = (hostKey: string, body: object = {}, more = {}) =>
  ask<HostAnswer>('POST', `/hosts/engine/phases/${hostKey}/cancel`, body, more);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-hosts-')));
  const flags = { data: join(folder, 'data'), listen: '127.0.0.1:0', maxQueued: '6' };
  const config = readConfig(flags, {}, folder);
  if (E.isLeft(config)) throw new Error(JSON.stringify(config.left));
  const started = await startBaton(config.right, logger('silent'));
  if (E.isLeft(started)) throw new Error(started.left.message);
  baton = started.right;
});
afterAll(async () => {
  await baton.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ended, so that it counts no more among those that may live. */
const over = async (hostKey: string): Promise<PhaseState> => {
  await cancel(encodeURIComponent(hostKey));
  return until('it has ended', async () => {
    const state = await stateOf(hostKey, '?attempt=1');
    return state.status === 'cancelled' ? state : undefined;
  });
};

describe('a promotion over HTTP', () => {
  it('is taken once, whether the key of the request or the phase itself is repeated', async () => {
    const first = await promote(aPhase('once'), { key: 'once-1' });
    expect([first.status, first.body.status]).toEqual([202, 'accepted']);
    const again = await promote(aPhase('once'), { key: 'once-1' });
    expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([200, 'true']);
    expect(again.body).toEqual({ ...first.body, status: 'duplicate' });
    expect((await promote(aPhase('once'))).body).toMatchObject({ status: 'duplicate' });
    const jobs = (await ask<{ items: JobView[] }>('GET', '/jobs')).body.items;
    expect(jobs.filter(({ project }) => project === 'web-shop')).toHaveLength(1);
    await over('once');
  });

  it('goes by the key of the engine where the body has one', async () => {
    await promote(aPhase('named', { commandId: 'build-7/1' }), { key: 'a' });
    const other = await refused('/hosts/engine/phases', aPhase('another', { commandId: 'build-7/1' }), {
      key: 'b',
    });
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict']);
    await over('named');
  });

  it('with another content under the same key and attempt is a conflict', async () => {
    await promote(aPhase('other'));
    const other = await refused('/hosts/engine/phases', aPhase('other', { priority: 7 }));
    expect([other.status, other.body.reason]).toEqual([409, 'same_key_other_body']);
    await over('other');
  });

  it('is refused with all that is wrong, unknown members at every depth, and no word of what may be secret', async () => {
    const wrong = aPhase('wrong', {
      ...{ rowz: [], stage: 'verify; reboot', steps: [{ name: 'x', run: 'a\0b hidden' }] },
      source: { kind: 'git', repository: 'https://u:hidden@example.org/a', sha: 'a'.repeat(40), x: 1 },
    });
    const { status, body } = await refused('/hosts/engine/phases', wrong);
    expect(status).toBe(422);
    expect(body.problems?.map(({ path }) => path).sort()).toEqual([
      ...['rowz', 'source.repository', 'source.x', 'stage', 'steps[0].run'],
    ]);
    expect(JSON.stringify(body)).not.toContain('hidden');
  });

  it('may not name secrets of others', async () => {
    const { status, body } = await refused(
      '/hosts/engine/phases',
      aPhase('secrets', { secretRefs: ['default/default/other/KEY'] }),
    );
    expect([status, body.reason, body.problems?.[0]?.path]).toEqual([
      ...[422, 'secret_refused', 'secretRefs[0]'],
    ]);
  });

  it.each([
    ['phases', (): object => aPhase('x')],
    ['phases/x/cancel', (): object => ({})],
    ['changes/x/supersede', (): object => ({ by: 'y' })],
  ])('is not taken under the name of the standalone host, nor is anything else: %s', async (path, body) => {
    const answer = await refused(`/hosts/standalone/${path}`, body());
    expect([answer.status, answer.body.reason]).toEqual([422, 'host_taken']);
  });

  it('of a project on Push Jobs stays with the engine, which is told how to move', async () => {
    const { status, body } = await refused('/hosts/engine/phases', aPhase('v1', { jobDispatch: 'v1' }));
    expect([status, body.code]).toEqual([422, 'not_dispatched_here']);
    expect(body.hint).toContain('runners');
  });

  it('that would be one too many is put off with Retry-After, and nothing of it is written', async () => {
    const row = { label: '', filter: [] };
    const rows = [1, 2, 3, 4, 5].map((n) => ({ ...row, label: `row-${n}` }));
    await promote(aPhase('many', { rows }));
    const full = await refused('/hosts/engine/phases', aPhase('late', { rows: rows.slice(0, 2) }));
    expect([full.status, full.body.code, full.headers.get('Retry-After')]).toEqual([503, 'busy', '2']);
    const none = await ask<Refusal>('GET', '/hosts/engine/phases/late');
    expect([none.status, none.body.reason]).toEqual([404, 'phase_unknown']);
    expect((await promote(aPhase('fits'))).status).toBe(202);
    // of another engine: the limit is that of the server
    const elsewhere = await refused('/hosts/other/phases', aPhase('late'));
    expect(elsewhere.status).toBe(503);
    await over('many');
    await over('fits');
    expect((await promote(aPhase('late', { rows: rows.slice(0, 2) }))).status).toBe(202);
    await over('late');
  });
});

describe('a cancel over HTTP', () => {
  it('before the promotion is remembered: it ends cancelled and starts nothing', async () => {
    expect((await cancel('early')).body).toMatchObject({ status: 'accepted' });
    expect((await cancel('early')).body).toMatchObject({ status: 'duplicate' });
    await promote(aPhase('early'));
    expect(await stateOf('early')).toMatchObject({
      ...{
        status: 'cancelled',
        jobs: [],
        cancelRequested: true,
        cause: 'cancelled before anything was started',
      },
    });
  });

  it('after the end says that there was nothing to cancel, as often as it comes', async () => {
    await promote(aPhase('ended'));
    await over('ended');
    for (const _ of [1, 2]) {
      const { status, body } = await cancel('ended');
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({ status: 'noop', why: 'already_finished' }),
      ]);
    }
  });

  it('of a phase that is not there is remembered for nobody whose role holds in one project only', async () => {
    const { body } = await ask<{ token: string }>('POST', '/tokens', {
      ...{ subject: 'narrow', role: 'operator', ...scope },
    });
    const early = await ask<Refusal>('POST', '/hosts/engine/phases/not-yet/cancel', {}, body);
    expect([early.status, early.body.reason]).toEqual([403, 'role_too_low']);
    await promote(aPhase('not-yet'), body);
    expect((await stateOf('not-yet')).cancelRequested).toBeUndefined();
    expect((await cancel('not-yet', {}, body)).status).toBe(202);
  });
});

describe('how a phase stands', () => {
  it('is told with its jobs, and a key may hold a slash', async () => {
    await promote(aPhase('web/7', { rows: [{ label: 'debian', filter: [] }] }));
    const state = await stateOf('web/7');
    expect(state).toMatchObject({
      ...{ host: 'engine', hostKey: 'web/7', attempt: 1, lastAttempt: 1, status: 'queued', ...scope },
      jobs: [{ label: 'debian', status: 'queued' }],
    });
    const [job] = state.jobs;
    await until('the job is there', async () =>
      (await ask('GET', `/jobs/${job?.id ?? ''}`)).status === 200 ? true : undefined,
    );
    await over('web/7');
  });

  it('is held until it is another than is known, and no longer than was asked for', async () => {
    await promote(aPhase('held'));
    const { jobs } = await stateOf('held');
    await until('the job is queued', async () =>
      (await ask('GET', `/jobs/${jobs[0]?.id ?? ''}`)).status === 200 ? true : undefined,
    );
    const { known } = await stateOf('held');
    const begun = performance.now();
    expect((await stateOf('held', `?known=${known}&wait=1`)).known).toBe(known);
    expect(performance.now() - begun).toBeGreaterThan(950);
    // something else happens meanwhile, which is no news here
    const news = stateOf('held', `?known=${known}&wait=60`);
    await promote(aPhase('beside'));
    const early = await Promise.race([news, over('beside').then(() => 'held' as const)]);
    expect(early).toBe('held');
    await cancel('held');
    expect((await news).cancelRequested).toBe(true);
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('is held for nobody once the client has gone', async () => {
    const held: AbortSignal[] = [];
    const edge = await startEdge({
      followPhase: (_asked, { signal }) => {
        held.push(signal);
        return () =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              resolve(E.right(aPhaseState()));
            });
          });
      },
    });
    const leaving = new AbortController();
    const asked = fetch(`${edge.url}/api/v1/hosts/engine/phases/x?known=${'0'.repeat(16)}&wait=60`, {
      headers: { Authorization: `Bearer ${tokens.viewer}` },
      signal: leaving.signal,
    });
    await untilEdge('the answer is held', () => held.length === 1);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await untilEdge('the server has noticed', () => held[0]?.aborted === true);
    await edge.close();
  });

  it('without known is told at once, however long somebody would wait', async () => {
    const begun = performance.now();
    expect((await stateOf('held', '?wait=60')).hostKey).toBe('held');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('without attempt is that of the last one, also when it comes while an answer is held', async () => {
    await promote(aPhase('tried'));
    const ended = await over('tried');
    const held = stateOf('tried', `?known=${(await stateOf('tried')).known}&wait=60`);
    const retried = await ask('POST', `/jobs/${ended.jobs[0]?.id ?? ''}/retry`, {});
    expect(retried.status).toBe(202);
    expect(await held).toMatchObject({ attempt: 2, lastAttempt: 2, retryOf: ended.jobs[0]?.id });
    expect(await stateOf('tried', '?attempt=1')).toMatchObject({ attempt: 1, lastAttempt: 2 });
    await cancel('tried', { attempt: 2 });
  });
});

describe('a change that was superseded over HTTP', () => {
  it('has what lives of it cancelled, and nothing that comes later', async () => {
    const change = { id: 'branch-1', title: 'A change' };
    await promote(aPhase('old', { change }));
    const path = '/hosts/engine/changes/branch-1/supersede';
    const done = await ask<HostAnswer>('POST', path, { by: 'branch-2' });
    expect([done.status, done.body.status]).toEqual([202, 'accepted']);
    await until('it has ended', async () =>
      (await stateOf('old')).status === 'cancelled' ? true : undefined,
    );
    const nothing = await ask<HostAnswer>('POST', path, { by: 'branch-3' });
    expect([nothing.status, nothing.body]).toEqual([200, { status: 'noop', why: 'nothing_lives' }]);
    await promote(aPhase('new', { change }));
    expect((await stateOf('new')).cancelRequested).toBeUndefined();
    await over('new');
  });
});
