/** Does one thing with many runners, one after the other, and shows for each what came of it. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { RunnerAsOf } from '../../app/evidence.js';
import type { RunnerTested } from '../../app/use-cases.js';
import { apiPath, ask, newKey, problemOf } from '../api/client.js';
import { announce } from '../parts/announce.js';
import { Dialog } from '../parts/dialog.js';
import { Icon, type IconName } from '../parts/icon.js';
import { ReasonField } from '../parts/reason-field.js';
import { looksFirst, refusalOf, resultOf, summaryOf, type BulkAct, type Result } from './bulk.js';
import { UntilField } from './until-field.js';
import { untilOf, type Until } from './until.js';

const looks: Readonly<Record<Result['kind'], readonly [tone: string, icon: IconName, word: string]>> = {
  waits: ['idle', 'clock', 'waits'],
  works: ['live', 'turns', 'works'],
  left: ['idle', 'dash', 'left aside'],
  done: ['ok', 'check', 'done'],
  odd: ['warn', 'warning', 'not ready'],
  refused: ['bad', 'cross', 'refused'],
};

const words: Readonly<Record<BulkAct, readonly [verb: string, says: string]>> = {
  drain: ['Drain', 'Jobs that run there finish; new ones do not come until somebody resumes them.'],
  pause: ['Pause', 'Jobs that run there finish; new ones do not come until then.'],
  resume: ['Resume', 'They take jobs again, if nothing else keeps them from it.'],
  test: ['Test', 'Each is looked at now, one after the other.'],
};

const Row = ({ name, result }: { readonly name: string; readonly result: Result }) => {
  const [tone, icon, word] = looks[result.kind];
  return (
    <li className="runners-result">
      <strong>{name}</strong>
      <span className={`chip tone-${tone}`}>
        <Icon name={icon} />
        {word}
      </span>
      {'text' in result ? <span>{result.text}</span> : null}
    </li>
  );
};

interface BulkDialogProps {
  readonly act: BulkAct;
  readonly names: readonly string[];
  readonly onClose: () => void;
}

export const BulkDialog = ({ act, names, onClose }: BulkDialogProps) => {
  const queries = useQueryClient();
  const [verb, says] = words[act];
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState<Until>({ choice: '30m', moment: '' });
  const [results, setResults] = useState<readonly Result[]>(names.map(() => ({ kind: 'waits' })));
  const [phase, setPhase] = useState<'asks' | 'works' | 'over'>('asks');
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);

  const run = async (): Promise<void> => {
    const controller = new AbortController();
    stop.current = controller;
    setPhase('works');
    const end = act === 'pause' ? untilOf(until) : undefined;
    const body = {
      ...(end === undefined ? {} : { until: end }),
      ...(act === 'test' || reason.trim() === '' ? {} : { reason: reason.trim() }),
    };
    let told: readonly Result[] = names.map(() => ({ kind: 'waits' }));
    const tell = (index: number, result: Result): void => {
      told = told.with(index, result);
      setResults(told);
    };
    for (const [index, name] of names.entries()) {
      if (controller.signal.aborted) {
        tell(index, { kind: 'left' });
        continue;
      }
      tell(index, { kind: 'works' });
      const result = await ask<RunnerAsOf | RunnerTested>(apiPath('runners', name, act), {
        ...{ method: 'POST', body, key: newKey() },
      }).then(resultOf, (error: unknown) => refusalOf(problemOf(error)));
      tell(index, result);
    }
    setPhase('over');
    announce(`${verb}: ${summaryOf(told)}.`);
    await queries.invalidateQueries();
  };

  return (
    <Dialog
      title={`${verb} ${names.length === 1 ? 'one runner' : `${names.length} runners`}`}
      onClose={onClose}
      wide
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        {phase === 'asks' ? (
          <>
            <p>{says}</p>
            {act === 'pause' ? <UntilField value={until} onChange={setUntil} /> : null}
            {act === 'test' ? null : (
              <ReasonField
                label="Reason, for all of them (recorded with your name)"
                value={reason}
                onChange={setReason}
              />
            )}
          </>
        ) : (
          <p role="status">{summaryOf(results)}</p>
        )}
        <ul className="runners-results" aria-label="Runners" tabIndex={0}>
          {/* while it goes on each stays where it is */}
          {(phase === 'over' ? looksFirst(results) : [...names.keys()]).map((index) => (
            <Row key={index} name={names[index] ?? ''} result={results[index] ?? { kind: 'waits' }} />
          ))}
        </ul>
        <div className="dialog-foot">
          {phase === 'works' ? (
            <button type="button" className="button" onClick={() => stop.current?.abort()}>
              Stop after this one
            </button>
          ) : (
            <button type="button" className="button" onClick={onClose}>
              {phase === 'over' ? 'Close' : 'Back'}
            </button>
          )}
          {phase === 'asks' ? (
            <button type="submit" className="button primary">
              {verb} {names.length}
            </button>
          ) : null}
        </div>
      </form>
    </Dialog>
  );
};
