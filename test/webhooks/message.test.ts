import { Webhook as Verifier } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import type { BatonEvent } from '../../src/events/catalog.js';
import { bodyOf, headersOf, isOf } from '../../src/webhooks/message.js';
import { aQueuedJob, aSource } from '../builders.js';

const SECRET = Buffer.alloc(32, 7);
const EVENT = {
  ...{ stream: 'job-0b7f', revision: 2, position: '41', id: 'c0ffee' },
  event: { type: 'JobQueued' as const, data: aQueuedJob() },
  metadata: {
    ...{ commandId: 'x', bodySha256: '0'.repeat(64), recordedAt: '2026-01-31T12:00:00.000Z', schema: 1 },
    ...{ actor: 'ann', reason: 'because', $correlationId: 'phase', $causationId: 'cause' },
  },
};

describe('a message of a webhook', () => {
  it('holds the event as it is documented, at its place, and who did it why', () => {
    expect(JSON.parse(bodyOf(EVENT))).toEqual({
      type: 'JobQueued',
      timestamp: '2026-01-31T12:00:00.000Z',
      data: {
        ...{ id: 'c0ffee', stream: 'job-0b7f', revision: 2, position: '41', actor: 'ann' },
        ...{ reason: 'because', correlationId: 'phase', causationId: 'cause' },
        event: JSON.parse(JSON.stringify(aQueuedJob())) as unknown,
      },
    });
  });

  it('given scopes, then it lists none but their consumers, and all of them where there are no scopes', () => {
    const scope = (organisation: string) => ({ enterprise: 'acme', organisation, project: 'shop' });
    const consumer = (changeId: string, organisation: string, pipeline: string) => ({
      ...{
        changeId,
        title: `change ${changeId}`,
        scope: scope(organisation),
        pipeline,
        source: aSource,
        plan: [],
      },
    });
    const own = {
      ...{ changeId: 'c', title: 'own', patchset: 1, scope: scope('web'), pipeline: 'main', stage: 'union' },
      ...{ queueKey: 'union', source: aSource, plan: [] },
    };
    const consumers = [
      consumer('d', 'web', 'main'),
      consumer('e', 'ops', 'main'),
      consumer('f', 'web', 'old'),
    ];
    const started = (data: Extract<BatonEvent, { type: 'StageRunStarted' }>['data']) => ({
      ...EVENT,
      ...{ stream: 'stage_run-1', event: { type: 'StageRunStarted' as const, data } },
    });
    const told = (...[recorded, scopes]: Parameters<typeof bodyOf>): unknown =>
      (JSON.parse(bodyOf(recorded, scopes)) as { readonly data: { readonly event: unknown } }).data.event;
    const web = { enterprise: 'acme', organisation: 'web' };
    const shop = { ...web, project: 'shop', pipeline: 'main' };
    const run = started({ ...own, consumers });
    expect(told(run)).toEqual({ ...own, consumers });
    expect(told(run, [{ enterprise: 'acme' }])).toEqual({ ...own, consumers });
    expect(told(run, [web])).toEqual({ ...own, consumers: [consumers[0], consumers[2]] });
    expect(told(run, [shop])).toEqual({ ...own, consumers: [consumers[0]] });
    expect(bodyOf(run, [shop])).not.toMatch(/change e|change f/);
    // as a run that has none
    expect(told(started({ ...own, consumers: [consumer('e', 'ops', 'main')] }), [web])).toEqual(own);
    expect(told(started(own), [web])).toEqual(own);
  });

  it('is taken by the verifier of Standard Webhooks, and one that was changed on the way is not', () => {
    const verifier = new Verifier(`whsec_${SECRET.toString('base64')}`);
    const body = bodyOf(EVENT);
    const headers = headersOf(SECRET, EVENT.id, Math.floor(Date.now() / 1000), body);
    expect(verifier.verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => verifier.verify(`${body} `, headers)).toThrow(/signature/i);
    expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'another' })).toThrow(/signature/i);
    const old = headersOf(SECRET, EVENT.id, 1_700_000_000, body);
    expect(() => verifier.verify(body, old)).toThrow(/timestamp/i);
  });

  it('is told to those who want its topic', () => {
    expect(isOf(['jobs'], 'job-1')).toBe(true);
    expect(isOf(['phases', 'changes', 'runners'], 'job-1')).toBe(false);
    expect(isOf(['changes'], 'stage_run-1')).toBe(true);
    for (const stream of [
      'access',
      'secrets',
      'phase_secrets-1',
      'owner-runners',
      'lease.x',
      'filter_class-1',
    ])
      expect(isOf(['jobs', 'phases', 'changes', 'runners'], stream)).toBe(false);
  });
});
