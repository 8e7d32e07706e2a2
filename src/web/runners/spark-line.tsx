/** The last jobs of a runner at a glance; in words beside it. Each bar leads to its job. */
import { Link as Wouter } from 'wouter';
import type { RunnerView } from '../../../projections/runner-health.js';
import { useAt } from '../api/past.js';
import { pageOf } from '../parts/link.js';
import { toneOf } from '../parts/status.js';
import { withParams } from '../parts/params.js';
import { barsOf, outcomesText, type Bar } from './spark.js';

const HEIGHT = 24;
const STEP = 7;
const WIDTH = 5;

const Shape = ({ bar, x }: { readonly bar: Bar; readonly x: number }) => {
  const height = Math.max(3, Math.round(bar.height * HEIGHT));
  const y = HEIGHT - height;
  const colour = `var(--${toneOf(bar.outcome)})`;
  if (bar.shape === 'hollow')
    return (
      <rect
        {...{ x: x + 0.5, y: y + 0.5, width: WIDTH - 1, height: height - 1 }}
        fill="none"
        stroke={colour}
      />
    );
  return (
    <>
      <rect {...{ x, y, width: WIDTH, height }} fill={colour} />
      {bar.shape === 'notched' ? (
        // told apart without colour: it has a cross above it
        <path
          d={`M${x} ${y - 7}l${WIDTH} 5m0 -5l-${WIDTH} 5`}
          stroke={colour}
          strokeWidth="1.5"
          fill="none"
        />
      ) : null}
    </>
  );
};

export const SparkLine = ({ outcomes }: { readonly outcomes: RunnerView['lastOutcomes'] }) => {
  const at = useAt();
  const bars = barsOf(outcomes);
  return (
    <div className="runners-cell">
      {bars.length === 0 ? null : (
        // for the pointer only: the words beside it, and the runner's own page, have the same for everybody
        <svg
          className="runners-spark"
          width={bars.length * STEP}
          height={HEIGHT + 8}
          viewBox={`0 -8 ${bars.length * STEP} ${HEIGHT + 8}`}
          aria-hidden="true"
        >
          {bars.map((bar, index) => (
            <Wouter key={bar.jobId} href={withParams(pageOf.job(bar.jobId), '', { at })} tabIndex={-1}>
              <title>{bar.title}</title>
              <rect x={index * STEP} y={-8} width={STEP} height={HEIGHT + 8} fill="transparent" />
              <Shape bar={bar} x={index * STEP} />
            </Wouter>
          ))}
        </svg>
      )}
      <span className="small muted">{outcomesText(outcomes)}</span>
    </div>
  );
};
