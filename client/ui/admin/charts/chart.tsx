// A curve over the last hour: inline SVG, a legend that needs no colours, and the numbers as a table.
import { useId } from 'preact/hooks';
import { formatClock } from '../admin-words.ts';
import { type Frame, linePath, type Point, someOf, stackedPaths, WINDOW_MS } from './curve.ts';

/** The look of a series: its colour, and a pattern that distinguishes it without colour. */
export type Look = 'first' | 'second' | 'third' | 'fourth';

export interface Series {
  name: string;
  look: Look;
  points: readonly Point[];
}

export interface ChartProps {
  title: string;
  series: readonly Series[];
  /** On top of each other, as areas. */
  stacked?: boolean;
  /** The value at the upper edge. */
  top: number;
  /** UTC milliseconds. */
  now: number;
  format: (value: number | null) => string;
}

const SIZE = { width: 600, height: 160 };
const TABLE_ROWS = 13;

export function Chart({ title, series, stacked = false, top, now, format }: ChartProps) {
  const id = useId();
  const frame: Frame = { ...SIZE, now, top };
  const isEmpty = series.every(({ points }) => points.every(({ value }) => value === null));
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption id={`${id}-title`}>{title}</figcaption>
      <ul class="chart-legend">
        {series.map(({ name, look, points }) => (
          <li key={name}>
            <Sample look={look} stacked={stacked} id={`${id}-key`} />
            {name} <b>{format(points.at(-1)?.value ?? null)}</b>
          </li>
        ))}
      </ul>
      <div class="chart-plot">
        <span class="chart-top" aria-hidden="true">
          {format(top)}
        </span>
        <svg
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <Patterns id={id} />
          {stacked ? (
            <Areas id={id} series={series} frame={frame} />
          ) : (
            series.map(({ name, look, points }) => (
              <path key={name} class="chart-line" data-look={look} d={linePath(points, frame)} />
            ))
          )}
        </svg>
        {isEmpty && <p class="chart-empty">Nothing was measured yet.</p>}
      </div>
      <p class="chart-time" aria-hidden="true">
        <span>{formatClock(now - WINDOW_MS).slice(0, 5)}</span>
        <span>{formatClock(now).slice(0, 5)}</span>
      </p>
      <Numbers title={title} series={series} format={format} />
    </figure>
  );
}

function Areas({ id, series, frame }: { id: string; series: readonly Series[]; frame: Frame }) {
  const at = series[0]?.points.map((point) => point.at) ?? [];
  const rows = series.map(({ points }) => points.map(({ value }) => value ?? 0));
  const paths = stackedPaths(at, rows, frame);
  return (
    <>
      {series.map(({ name, look }, index) => (
        <g key={name} data-look={look} class="chart-area">
          <path d={paths[index] ?? ''} />
          <path d={paths[index] ?? ''} fill={`url(#${id}-${look})`} />
        </g>
      ))}
    </>
  );
}

/** Patterns distinguish the areas without their colours. */
function Patterns({ id }: { id: string }) {
  const pattern = (look: Look, d: string) => (
    <pattern id={`${id}-${look}`} width="8" height="8" patternUnits="userSpaceOnUse">
      <path class="chart-hatch" d={d} />
    </pattern>
  );
  return (
    <defs>
      {pattern('second', 'M-2 2l4-4M0 8l8-8M6 10l4-4')}
      {pattern('third', 'M0 4h8M4 0v8')}
      {pattern('fourth', 'M0 6h8')}
    </defs>
  );
}

function Sample({ look, stacked, id }: { look: Look; stacked: boolean; id: string }) {
  return (
    <svg class="chart-key" viewBox="0 0 24 12" width="24" height="12" aria-hidden="true">
      {stacked ? (
        <>
          <Patterns id={id} />
          <g class="chart-area" data-look={look}>
            <path d="M0 0h24v12H0z" />
            <path d="M0 0h24v12H0z" fill={`url(#${id}-${look})`} />
          </g>
        </>
      ) : (
        <path class="chart-line" data-look={look} d="M0 6h24" />
      )}
    </svg>
  );
}

function Numbers({ title, series, format }: Pick<ChartProps, 'title' | 'series' | 'format'>) {
  const moments = someOf(
    series[0]?.points.map(({ at }, index) => ({ at, index })) ?? [],
    TABLE_ROWS,
  );
  if (moments.length === 0) return null;
  return (
    <details class="chart-numbers">
      <summary>
        As a table<span class="sr-only">: {title}</span>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={`${title}, as a table`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {series.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {moments.map(({ at, index }) => (
              <tr key={at}>
                <th scope="row">{formatClock(at)}</th>
                {series.map(({ name, points }) => (
                  <td key={name}>{format(points[index]?.value ?? null)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
