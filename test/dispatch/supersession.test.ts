import { describe, expect, it } from 'vitest';
import { supersession } from '../../src/dispatch/supersession.js';
import { aPromotion } from '../builders.js';
import { givenEvents, type Given } from '../given.js';

const promoted = (run: string, change: string, host = 'test'): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhasePromoted',
  data: aPromotion({ host, hostKey: run, change: { id: change, title: 'A change' } }),
});
const superseded = (changeId: string): Given => ({
  stream: 'host_change-x',
  type: 'HostChangeSuperseded',
  data: { host: 'test', changeId, by: 'new' },
  by: 'ada',
});
const cancelAsked = (run: string): Given => ({
  stream: `phase_run-${run}`,
  type: 'PhaseCancelRequested',
  data: { host: 'test', hostKey: run },
});

/** What is owed after the last of these events, to who saw it happen and to who starts afterwards. */
const owed = (...events: readonly Given[]) => {
  const recorded = givenEvents(...events);
  const state = recorded.reduce((s, e) => supersession.evolve(s, e), supersession.init());
  const commands = supersession.react(state, recorded.at(-1)!);
  return { commands, resumed: supersession.resume(state), runs: commands.map((c) => 'id' in c && c.id) };
};

describe('supersession', () => {
  it('given live phase runs, when their change is superseded, then each is cancelled in the name of who said so', () => {
    const { commands, runs } = owed(promoted('a', 'old'), promoted('b', 'old'), superseded('old'));
    expect(runs).toEqual(['a', 'b']);
    expect(commands[0]).toMatchObject({
      ...{ target: 'phase_run', actor: 'ada', reason: 'superseded by new' },
      command: { kind: 'CancelPhase', host: 'test', hostKey: 'a', attempt: 1 },
    });
  });

  it('touches no other change, no other host, and nothing that has ended', () => {
    const ended: Given = {
      stream: 'phase_run-c',
      type: 'PhaseFinished',
      data: { outcome: 'succeeded', jobs: [] },
    };
    const others = [promoted('a', 'other'), promoted('b', 'old', 'elsewhere'), promoted('c', 'old'), ended];
    expect(owed(...others, superseded('old')).runs).toEqual([]);
  });

  it('given a crash right after it was said, then the same commands are owed at the next start', () => {
    const { commands, resumed } = owed(promoted('a', 'old'), superseded('old'));
    expect(resumed).toEqual(commands);
    expect(owed(promoted('a', 'old'), superseded('old'), cancelAsked('a')).resumed).toEqual([]);
  });

  it('does not touch what is promoted later', () => {
    expect(owed(superseded('old'), promoted('a', 'old')).resumed).toEqual([]);
  });
});
