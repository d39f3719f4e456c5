// The table of `npm run bench:large`. Pure.
import { spread } from '../statistics.ts';

export interface Phase {
  name: string;
  /** The longest time in which a browser heard nobody, though three speak at any time. Milliseconds. */
  silenceMs: number;
  /** The longest time between two frames of a picture that is looked at. Milliseconds. */
  pictureMs: number;
  /** From turning a page to a moving picture there. Milliseconds. */
  turnsMs: readonly number[];
  /** CPU time of all replicas and their workers; 100 is one core. */
  cpuPercent: number;
}

const WIDTHS = { name: 22, figure: 18 };

export function phaseTable(phases: readonly Phase[]): string {
  const head = row(
    '',
    'longest silence',
    'longest picture gap',
    'page turned (worst)',
    'server CPU',
  );
  return [head, ...phases.map(phaseRow)].join('\n');
}

function phaseRow({ name, silenceMs, pictureMs, turnsMs, cpuPercent }: Phase): string {
  const turns = turnsMs.length === 0 ? undefined : spread(turnsMs);
  return row(
    name,
    `${Math.round(silenceMs)} ms`,
    `${Math.round(pictureMs)} ms`,
    turns ? `${Math.round(turns.median)} (${Math.round(turns.max)}) ms` : 'none',
    `${Math.round(cpuPercent)} %`,
  );
}

function row(name: string, ...figures: readonly string[]): string {
  return [name.padEnd(WIDTHS.name), ...figures.map((each) => each.padStart(WIDTHS.figure + 3))]
    .join('')
    .trimEnd();
}
