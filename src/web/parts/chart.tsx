/** A chart of numbers over time. What it shows can be read as a table, too: `children`. */
import { useEffect, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { timeTicks } from './ticks.js';

export interface Series {
  readonly label: string;
  /** Name of a colour of `style/tokens.css`, without dashes. */
  readonly colour: 'live' | 'warn' | 'ok' | 'bad' | 'idle';
  readonly values: readonly (number | null)[];
  /** Dashed, so that it is told apart without colour. */
  readonly dashed?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** How far two lines across may be from each other. */
  readonly steps: readonly number[];
  /** The axis of values reaches at least so far. */
  readonly least: number;
  readonly children?: ReactNode;
}

const HEIGHT_PX = 160;

const colourOf = (element: Element, name: string): string => {
  // a canvas knows no custom properties: the colour is asked of an element that has it
  const sample = document.createElement('span');
  sample.style.color = `var(--${name})`;
  element.append(sample);
  const { color } = getComputedStyle(sample);
  sample.remove();
  return color;
};

/** Where a value has none beside it: no line shows it, so it gets a point. */
const alone = (values: readonly (number | null)[]): number[] =>
  values.flatMap((value, i) =>
    value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : [],
  );

const optionsOf = (element: Element, { series, format, steps, least }: ChartProps): uPlot.Options => {
  const axis = { stroke: colourOf(element, 'muted'), grid: { stroke: colourOf(element, 'line'), width: 1 } };
  return {
    width: Math.max(200, element.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(least, max * 1.1)] } },
    axes: [
      { ...axis, space: 80, values: (_, splits, __, ___, step) => [...timeTicks(splits, step)] },
      { ...axis, size: 64, incrs: [...steps], values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...series.map(({ label, colour, dashed, values }) => ({
        label,
        stroke: colourOf(element, colour),
        width: 1.5,
        points: { show: false, size: 6, filter: () => alone(values) },
        ...(dashed === true ? { dash: [5, 4] } : {}),
      })),
    ],
  };
};

export const Chart = (props: ChartProps) => {
  const { title, times, series, children } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const data: uPlot.AlignedData = [[...times], ...series.map(({ values }) => [...values])];
    const draw = () => new uPlot(optionsOf(element, props), data, element);
    let plot = draw();
    const again = (): void => {
      plot.destroy();
      plot = draw();
    };
    const size = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(200, element.clientWidth), height: HEIGHT_PX });
    });
    size.observe(element);
    // colours change with the theme
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', again);
    return () => {
      size.disconnect();
      theme.disconnect();
      system.removeEventListener('change', again);
      plot.destroy();
    };
  });
  return (
    <figure className="chart">
      <figcaption className="row">
        <strong>{title}</strong>
        {series.map(({ label, colour, dashed }) => (
          <span key={label} className="row small muted">
            <svg width="20" height="6" aria-hidden="true">
              <line
                x1="0"
                y1="3"
                x2="20"
                y2="3"
                stroke={`var(--${colour})`}
                strokeWidth="2"
                strokeDasharray={dashed === true ? '5 4' : 'none'}
              />
            </svg>
            {label}
          </span>
        ))}
      </figcaption>
      <div ref={place} aria-hidden="true" />
      {children}
    </figure>
  );
};
