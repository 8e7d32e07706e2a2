/** Which secrets a commit names, recorded once for it, and added to every promotion of that commit. */
import * as E from 'fp-ts/lib/Either.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordPhaseSecrets, secretsIn, withSecrets } from '../../../plugin/hosts/standalone/secrets.js';
import { appError, type AppError } from '../../../src/app/errors.js';
import type { EventStore, SourceProvider } from '../../../src/app/ports.js';
import type { CommandContext } from '../../../src/app/use-cases.js';
import { systemClock } from '../../../src/kernel/time.js';
import { memoryStore } from '../../../src/store/memory.js';
import { aPromotion, aSource } from '../../builders.js';

const config = (secrets: unknown, more: object = {}): string =>
  JSON.stringify({ version: '2', job_dispatch: { version: 'v2' }, baton: { secrets }, ...more });

describe('what a configuration names', () => {
  it('given secrets of two phases, then those two', () => {
    expect(secretsIn(config({ unit: ['TOKEN'], deploy: ['KEY', 'CERT'] }))).toEqual([
      { phase: 'unit', secrets: ['TOKEN'] },
      { phase: 'deploy', secrets: ['KEY', 'CERT'] },
    ]);
  });

  it('given a default, then every phase that names none of its own has it; an empty list is one', () => {
    const named = new Map(
      secretsIn(config({ default: ['TOKEN'], unit: ['OWN'], lint: [] })).map(({ phase, secrets }) => [
        ...([phase, secrets] as const),
      ]),
    );
    expect([named.get('unit'), named.get('syntax'), named.get('lint')]).toEqual([
      ...[['OWN'], ['TOKEN'], undefined],
    ]);
  });

  it('given a phase that is skipped, then it is left out', () => {
    const text = config({ unit: ['TOKEN'], lint: ['TOKEN'] }, { skip_phases: ['lint'] });
    expect(secretsIn(text)).toEqual([{ phase: 'unit', secrets: ['TOKEN'] }]);
  });

  it('given a stage that says otherwise, then what differs there, none included', () => {
    const text = JSON.stringify({
      ...{ version: '2', job_dispatch: { version: 'v2' }, skip_phases: ['functional'] },
      baton: {
        secrets: { deploy: ['KEY'], smoke: ['KEY'], functional: ['KEY'] },
        stages: {
          acceptance: { secrets: { deploy: ['OTHER'], smoke: [] }, priority: { provision: 1 } },
          union: { skip_phases: ['smoke'] },
        },
      },
    });
    expect(secretsIn(text)).toEqual([
      { phase: 'deploy', secrets: ['KEY'] },
      { phase: 'smoke', secrets: ['KEY'] },
      { stage: 'acceptance', phase: 'deploy', secrets: ['OTHER'] },
      { stage: 'acceptance', phase: 'smoke', secrets: [] },
      { stage: 'union', phase: 'functional', secrets: ['KEY'] },
    ]);
  });

  it.each([
    ['no file', undefined],
    ['an empty file', ''],
    ['no JSON', '{'],
    ['no secrets', JSON.stringify({ version: '2', job_dispatch: { version: 'v2' } })],
    ['a name that no secret may have', config({ unit: ['PATH'] })],
  ])('given %s, then none', (_, text) => {
    expect(secretsIn(text)).toEqual([]);
  });
});

const commit = aSource;
const context = (commandId: string): CommandContext => ({
  caller: { actor: 'ops', grants: [{ role: 'operator' }] },
  commandId,
  bodySha256: 'digest',
  reason: 'the first one',
});

let store: EventStore;
/** Text of the configuration at the commit, or why it cannot be had; and what was looked at. */
let text: E.Either<AppError, string | undefined>;
let looked: unknown[];
beforeEach(() => {
  store = memoryStore();
  text = E.right(config({ unit: ['TOKEN', 'CERT'] }));
  looked = [];
});

const never = (): never => {
  throw new Error('only the file is read');
};
const source: SourceProvider = {
  ...{ resolve: never, merge: never, land: never, dropBranch: never, archive: never },
  readFile: ({ sha }, path) => {
    looked.push([sha, path]);
    return TE.fromEither(text);
  },
};
const deps = () => ({ store, clock: systemClock, source });
const record = (commandId: string, of = commit) => recordPhaseSecrets(deps(), context(commandId), of);
const recorded = async () => {
  const all = await store.readAll('start')();
  return E.isRight(all) ? all.right : expect.fail(all.left.code);
};

describe('recording what a commit names', () => {
  it('given the same commit twice, by other commands, then one event that says who, and of which commit', async () => {
    for (const commandId of ['c1', 'c2', 'c1']) expect(await record(commandId)).toEqual(E.right(undefined));
    const [first, ...more] = await recorded();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      stream: `phase_secrets-${commit.sha}`,
      event: {
        type: 'PhaseSecretsConfigured',
        data: { phases: [{ phase: 'unit', secrets: ['TOKEN', 'CERT'] }] },
      },
      metadata: { actor: 'ops', reason: 'the first one', $causationId: 'c1' },
    });
    expect(looked[0]).toEqual([commit.sha, '.delivery/config.json']);
  });

  it('given two at the same time, then one event, and neither is refused', async () => {
    expect(await Promise.all([record('c1'), record('c2')])).toEqual([E.right(undefined), E.right(undefined)]);
    expect(await recorded()).toHaveLength(1);
  });

  it('given another commit, then an event of its own', async () => {
    await record('c1');
    await record('c2', { ...commit, sha: 'b'.repeat(40) });
    expect((await recorded()).map(({ stream }) => stream)).toEqual([
      `phase_secrets-${commit.sha}`,
      `phase_secrets-${'b'.repeat(40)}`,
    ]);
  });

  it('given a commit that names none, then no event', async () => {
    text = E.right(config({}));
    expect(await record('c1')).toEqual(E.right(undefined));
    expect(await recorded()).toEqual([]);
  });

  it('given a file that cannot be had, then that refusal, and no event', async () => {
    text = E.left(appError('source', 'commit_missing', 'The commit is not there.'));
    expect(await record('c1')).toMatchObject({ left: { reason: 'commit_missing' } });
    expect(await recorded()).toEqual([]);
  });
});

describe('adding them to a promotion', () => {
  beforeEach(() => record('c1'));

  it('given a phase that names some, then its promotion has them, and all else as it was', async () => {
    const promotion = aPromotion();
    expect(await withSecrets(deps(), promotion)).toEqual({
      ...promotion,
      secretRefs: ['TOKEN', 'CERT'],
    });
    expect(promotion.secretRefs).toEqual([]);
  });

  it.each([
    ['a phase that names none', aPromotion({ phase: 'lint' })],
    ['another commit', aPromotion({ source: { ...commit, sha: 'b'.repeat(40) } })],
  ])('given %s, then the promotion is as it was', async (_, promotion) => {
    expect(await withSecrets(deps(), promotion)).toEqual(promotion);
  });

  it('given a stage that says otherwise, then its promotion has those, others what holds elsewhere', async () => {
    const sha = 'c'.repeat(40);
    const baton = { secrets: { unit: ['TOKEN'] }, stages: { build: { secrets: { unit: ['OTHER'] } } } };
    text = E.right(JSON.stringify({ version: '2', job_dispatch: { version: 'v2' }, baton }));
    await record('c3', { ...commit, sha });
    const refsIn = async (stage: string) =>
      (await withSecrets(deps(), aPromotion({ stage, source: { ...commit, sha } }))).secretRefs;
    expect([await refsIn('verify'), await refsIn('build')]).toEqual([['TOKEN'], ['OTHER']]);
  });

  it('given a store that cannot be read, then it throws, so that it is tried again instead of going without', async () => {
    await store.close();
    await expect(withSecrets(deps(), aPromotion())).rejects.toThrow();
  });
});
