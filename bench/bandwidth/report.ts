// What `bench:bandwidth` measured → the tables and verdicts. Pure.
import { spread } from '../statistics.ts';
import type { Received, Sent } from './flow.ts';

/** One after the other, in the same page. */
export interface Turn {
  /** Every picture at its highest layer. */
  allLarge: Received;
  /** One is pinned; the others as the page requests them. */
  oneLarge: Received;
  /** What the encoder of each publisher was limited by while all were large. */
  limits: readonly string[];
}

export interface Watched {
  turns: readonly Turn[];
  /** As the page requests them, in a grid. */
  grid: Received;
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
  const { turns, grid, hidden } = watched;
  const whole = spread(turns.map(({ allLarge }) => allLarge.kbitPerSecond)).median;
  const { large, unseen, alone } = published;
  const shares = turns.map(({ allLarge, oneLarge }) =>
    allLarge.kbitPerSecond === 0 ? Infinity : oneLarge.kbitPerSecond / allLarge.kbitPerSecond,
  );
  const share = spread(shares);
  return [
    '',
    '  One viewer receives                                kbit/s   of all large   probes   pictures and their heights',
    ...turns.flatMap(({ allLarge, oneLarge }, index) => [
      watchedRow(`${index + 1}. ${LABELS.allLarge}`, allLarge, allLarge.kbitPerSecond),
      watchedRow(`${index + 1}. ${LABELS.oneLarge}`, oneLarge, allLarge.kbitPerSecond),
    ]),
    watchedRow(LABELS.grid, grid, whole),
    watchedRow('a hidden tab', hidden, whole),
    '',
    '  A publisher sends                                  kbit/s      frames/s   layers sent, not switched off',
    publishedRow('one viewer sees it large', large),
    publishedRow('the tabs of all others are hidden', unseen),
    publishedRow('all others have left', alone),
    '',
    verdict(
      `One large and the others small is ${share.median.toFixed(2)} (${share.min.toFixed(2)} – ${share.max.toFixed(2)}) of all large (goal: at most ${MOST_OF_ALL_LARGE})`,
      share.max <= MOST_OF_ALL_LARGE,
    ),
    verdict(
      `A hidden tab receives ${hidden.kbitPerSecond.toFixed(0)} kbit/s of video (goal: none)`,
      hidden.kbitPerSecond < NOTHING_KBIT,
    ),
    verdict(
      `Unseen, a publisher encodes ${unseen.framesPerSecond.toFixed(1)} frames a second; alone, ${alone.framesPerSecond.toFixed(1)} (goal: none)`,
      [unseen, alone].every(({ framesPerSecond }) => framesPerSecond === 0),
    ),
    ...missing(watched, expected),
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
function missing({ turns, grid }: Watched, { publishers, height }: Expected): string[] {
  const named = [
    ...turns.flatMap(({ allLarge, oneLarge }, index) => [
      { label: `${index + 1}. ${LABELS.allLarge}`, flow: allLarge },
      { label: `${index + 1}. ${LABELS.oneLarge}`, flow: oneLarge },
    ]),
    { label: LABELS.grid, flow: grid },
  ];
  const absent = named
    .filter(({ flow }) => flow.pictures < publishers)
    .map(({ label, flow }) => `${label}: ${flow.pictures} of ${publishers} pictures came.`);
  const small = turns.flatMap(({ allLarge, limits }, index) => {
    const label = `${index + 1}. ${LABELS.allLarge}`;
    const low = allLarge.heights.filter((each) => each < height).length;
    const limited = limits.filter((limit) => limit !== 'none');
    return [
      ...(low > 0 ? [`${label}: ${low} pictures are below ${height} lines.`] : []),
      ...(limited.length > 0
        ? [`${label}: encoders are limited by ${limited.sort().join(', ')}.`]
        : []),
    ];
  });
  return [...absent, ...small].map((fault) => `  ${fault} The machine was too slow for this run.`);
}
