// What `bench:bandwidth` measured → the tables and verdicts. Pure.
import type { Received, Sent } from './flow.ts';

export interface Watched {
  /** Every picture at its highest layer. */
  allLarge: Received;
  /** As the page requests them, in a grid. */
  grid: Received;
  /** One is pinned. */
  oneLarge: Received;
  hidden: Received;
}

export interface Published {
  /** The viewer has this picture on the stage. */
  large: Sent;
  /** The tabs of all others are hidden. */
  unseen: Sent;
  /** All others have left. */
  alone: Sent;
}

const MOST_OF_ALL_LARGE = 0.5;
/** Less is RTCP and padding of a connection without pictures. */
const NOTHING_KBIT = 1;
const LABEL_WIDTH = 44;
const LABELS = {
  allLarge: 'all large',
  grid: 'as the page requests, in a grid',
  oneLarge: 'one large, the others small',
} as const;

export interface Expected {
  /** All of whom the viewer sees, unless its tab is hidden. */
  publishers: number;
  /** The height of the whole picture in pixels. */
  height: number;
}

export function report(watched: Watched, published: Published, expected: Expected): string {
  const { allLarge, grid, oneLarge, hidden } = watched;
  const whole = allLarge.kbitPerSecond;
  const { large, unseen, alone } = published;
  const share = whole === 0 ? Number.NaN : oneLarge.kbitPerSecond / whole;
  return [
    '',
    '  One viewer receives                                kbit/s   of all large   probes   pictures and their heights',
    watchedRow(LABELS.allLarge, allLarge, whole),
    watchedRow(LABELS.grid, grid, whole),
    watchedRow(LABELS.oneLarge, oneLarge, whole),
    watchedRow('a hidden tab', hidden, whole),
    '',
    '  A publisher sends                                  kbit/s      frames/s   layers sent, not switched off',
    publishedRow('one viewer sees it large', large),
    publishedRow('the tabs of all others are hidden', unseen),
    publishedRow('all others have left', alone),
    '',
    verdict(
      `One large and the others small is ${share.toFixed(2)} of all large (goal: at most ${MOST_OF_ALL_LARGE})`,
      share <= MOST_OF_ALL_LARGE,
    ),
    verdict(
      `A hidden tab receives ${hidden.kbitPerSecond.toFixed(0)} kbit/s of video (goal: none)`,
      hidden.kbitPerSecond < NOTHING_KBIT,
    ),
    verdict(
      `Unseen, a publisher encodes ${unseen.framesPerSecond.toFixed(1)} frames a second; alone, ${alone.framesPerSecond.toFixed(1)} (goal: none)`,
      [unseen, alone].every(({ framesPerSecond }) => framesPerSecond === 0),
    ),
    ...missing({ allLarge, grid, oneLarge }, expected),
    '',
  ].join('\n');
}

function watchedRow(label: string, flow: Received, whole: number): string {
  const { kbitPerSecond, probingKbit, pictures, heights } = flow;
  const share = whole === 0 ? '–' : (kbitPerSecond / whole).toFixed(2);
  const sizes = heights.length === 0 ? '' : `: ${heights.join(', ')}`;
  return `  ${label.padEnd(LABEL_WIDTH)}${kbitPerSecond.toFixed(0).padStart(13)}${share.padStart(15)}${probingKbit.toFixed(0).padStart(9)}   ${pictures}${sizes}`;
}

function publishedRow(label: string, flow: Sent): string {
  const { kbitPerSecond, framesPerSecond, sending, active } = flow;
  return `  ${label.padEnd(LABEL_WIDTH)}${kbitPerSecond.toFixed(0).padStart(13)}${framesPerSecond.toFixed(1).padStart(14)}    ${sending}, ${active}`;
}

function verdict(text: string, isMet: boolean): string {
  return `  ${text}: ${isMet ? 'met' : 'MISSED'}`;
}

/** Figures without all pictures, or of smaller ones, are those of the machine. */
function missing(
  flows: Pick<Watched, keyof typeof LABELS>,
  { publishers, height }: Expected,
): string[] {
  const names = Object.keys(LABELS) as (keyof typeof LABELS)[];
  const absent = names
    .filter((name) => flows[name].pictures < publishers)
    .map((name) => `${LABELS[name]}: ${flows[name].pictures} of ${publishers} pictures came.`);
  const small = flows.allLarge.heights.filter((each) => each < height).length;
  return [
    ...absent,
    ...(small > 0 ? [`${LABELS.allLarge}: ${small} pictures are below ${height} lines.`] : []),
  ].map((fault) => `  ${fault} The machine was too slow for this run.`);
}
