/** The state of a runner with what it rests on: never a colour alone, never without its age. */
import { useQuery } from '@tanstack/react-query';
import type { RunnerAsOf } from '../../app/evidence.js';
import { useNow } from '../api/clock.js';
import { apiPath, ask } from '../api/client.js';
import { useAt } from '../api/past.js';
import { Sentence } from '../parts/sentence.js';
import { Status } from '../parts/status.js';
import { evidenceAt, evidenceText, nextText, pauseText, warningsOf } from './evidence.js';

interface EvidenceProps {
  readonly runner: RunnerAsOf;
  /** Of the past: the moment that is shown, where its time is known. */
  readonly asOf?: string | undefined;
}

/** Now, or the moment that is shown, where its time is known. */
const useMoment = (
  asOf: string | undefined,
): { readonly now: number | undefined; readonly isPast: boolean } => {
  const tick = useNow();
  const isPast = useAt() !== undefined;
  return { isPast, now: isPast ? (asOf === undefined ? undefined : Date.parse(asOf)) : tick };
};

/** Ticks. */
export const PauseLine = ({ runner, asOf }: EvidenceProps) => {
  const text = pauseText(runner, useMoment(asOf).now);
  return text === undefined ? null : (
    <time dateTime={runner.pausedUntil} title={runner.pausedUntil} className="number">
      {text}
    </time>
  );
};

/** Ticks. */
export const EvidenceLine = ({ runner, asOf }: EvidenceProps) => {
  const { now, isPast } = useMoment(asOf);
  const at = evidenceAt(runner);
  const text = evidenceText(runner, now, isPast);
  return at === undefined ? (
    <span className="number">{text}</span>
  ) : (
    <time dateTime={at} title={at} className="number">
      {text}
    </time>
  );
};

/** Ticks; nothing of the past. */
export const NextLine = ({ runner }: { readonly runner: RunnerAsOf }) => {
  const text = nextText(runner, useNow());
  return text === undefined ? null : <span className="number">{text}</span>;
};

export const Warnings = ({ runner }: { readonly runner: RunnerAsOf }) => (
  <>
    {warningsOf(runner).map((text) => (
      <span key={text} className="runners-bad small">
        {text}
      </span>
    ))}
  </>
);

/**
 * In a list of many. A look that finds the same again changes nothing in the list, so each row that is on the page asks for its own
 * runner when that was looked at.
 */
export const StateCell = ({ runner, asOf }: EvidenceProps) => {
  const at = useAt();
  const { data } = useQuery({
    // what the list has newer is taken from there
    queryKey: ['runner', runner.name, 'seen', runner.revision, runner.state, runner.evidence?.at],
    queryFn: ({ signal }) => ask<RunnerAsOf>(apiPath('runners', runner.name), { signal }),
    initialData: runner,
    enabled: at === undefined,
    gcTime: 0,
    meta: { topics: [`runner:${runner.name}`], isInList: true },
  });
  return (
    <div className="runners-cell">
      <Status of={data.state} />
      <span className="small">
        <EvidenceLine runner={data} asOf={asOf} />
      </span>
      {data.detail === undefined ? null : (
        <span className="small muted">
          <Sentence of={data.detail} />
        </span>
      )}
      <span className="small runners-line">
        <PauseLine runner={data} asOf={asOf} />
      </span>
      <Warnings runner={data} />
    </div>
  );
};
