// What `bench:media` measured → costs, ratios, verdicts and the table. Pure.
import { type Spread, spread } from '../statistics.ts';
import type { ContenderName } from './contender.ts';

export interface Turn {
  seconds: number;
  /** CPU time of the media side; undefined when its processes are not known. */
  cpuMs: number | undefined;
  /** The part of it that is not of mediasoup's workers. */
  nodeMs: number | undefined;
  /** Packets that the publisher sent. */
  sent: number;
  /** Packets that the whole audience received. */
  received: number;
  delayMs: { p50: number | undefined; p95: number | undefined };
  /** Share of the time in which the process of the clients was at work. */
  clientsBusy: number;
}

export interface Measured {
  name: ContenderName;
  description: string;
  receivers: number;
  /** Turns without an audience: nobody sends, and the publisher sends. */
  empty: Turn;
  unheard: Turn;
  /** The publisher sends to the whole audience. */
  rounds: readonly Turn[];
  /** The audience is there, and nobody sends. */
  silent: Turn;
  /** The publisher sends, and the whole audience has paused. */
  paused: Turn | undefined;
  /** Resident memory in bytes, before and after the audience came. */
  memory: { before: number | undefined; after: number | undefined };
}

export interface Goal {
  of: ContenderName;
  beside: ContenderName;
  atMost: number;
  text: string;
}

export const GOALS: readonly Goal[] = [
  { of: 'parley', beside: 'bare', atMost: 1.05, text: 'bare mediasoup with the same worker' },
  {
    of: 'parley',
    beside: 'nss',
    atMost: 0.75,
    text: "bare mediasoup with the distribution's libsrtp",
  },
  { of: 'parley', beside: 'janus', atMost: 1 / 3, text: 'Janus' },
];

/** A turn with more loss is left out: what was lost cost the server something, or nothing. Per cent. */
const MOST_LOSS = 1;
/** Clients that are busier arrive late at their sockets. */
const MOST_BUSY = 0.9;
const NAME_WIDTH = 8;

/** Microseconds of the media side's CPU for each packet that arrived; undefined when it is not known. */
export function costOf({ cpuMs, received }: Turn): number | undefined {
  return cpuMs === undefined || received === 0 ? undefined : (cpuMs * 1_000) / received;
}

/** Per cent of what the audience should have received. */
export function lossOf({ sent, received }: Turn, receivers: number): number {
  const expected = sent * receivers;
  return expected === 0 ? 0 : (Math.max(0, expected - received) * 100) / expected;
}

/** Costs of the rounds without much loss; undefined when there is none. */
export function costs({ rounds, receivers }: Measured): Spread | undefined {
  const known = rounds.flatMap((turn) => wholeCost(turn, receivers) ?? []);
  return known.length === 0 ? undefined : spread(known);
}

function wholeCost(turn: Turn | undefined, receivers: number): number | undefined {
  return turn && lossOf(turn, receivers) <= MOST_LOSS ? costOf(turn) : undefined;
}

export interface Verdict {
  goal: Goal;
  /** The medians are compared. */
  ratio: number;
  /** Each round compares the turns that were next to each other. */
  range: Spread;
  isMet: boolean;
}

/** @returns nothing for goals whose contenders were not measured, or in no round without loss */
export function verdicts(all: readonly Measured[]): Verdict[] {
  return GOALS.flatMap((goal) => {
    const [ours, theirs] = [goal.of, goal.beside].map((name) => all.find((m) => m.name === name));
    const [our, their] = [ours && costs(ours), theirs && costs(theirs)];
    if (!ours || !theirs || !our || !their) return [];
    const ratios = ours.rounds.flatMap((turn, round) => {
      const a = wholeCost(turn, ours.receivers);
      const b = wholeCost(theirs.rounds[round], theirs.receivers);
      return a === undefined || b === undefined ? [] : [a / b];
    });
    if (ratios.length === 0) return [];
    const ratio = our.median / their.median;
    return [{ goal, ratio, range: spread(ratios), isMet: ratio <= goal.atMost }];
  });
}

/** Microseconds of CPU for each second and consumer, beyond what the same costs without them. */
export function consumerCost(
  withThem: Turn | undefined,
  without: Turn,
  receivers: number,
): number | undefined {
  if (withThem?.cpuMs === undefined || without.cpuMs === undefined) return undefined;
  const perSecond = withThem.cpuMs / withThem.seconds - without.cpuMs / without.seconds;
  return (perSecond * 1_000) / receivers;
}

export function report(all: readonly Measured[]): string {
  const bare = all.find(({ name }) => name === 'bare');
  const bareCost = bare && costs(bare);
  return [
    '',
    head(),
    ...all.map((measured) => row(measured, bareCost)),
    '',
    ...all.map(({ name, description }) => `  ${name.padEnd(NAME_WIDTH)}${description}`),
    '',
    ...verdicts(all).map(sentence),
    ...warnings(all),
    '',
  ].join('\n');
}

const COLUMNS = [
  ['µs a packet', 13],
  ['(least – most)', 16],
  ['of it Node', 12],
  ['to bare', 9],
  ['lost', 9],
  ['delay p50, p95', 18],
  ['silent', 9],
  ['paused', 9],
  ['memory', 10],
] as const;

function head(): string {
  return `  ${''.padEnd(NAME_WIDTH)}${COLUMNS.map(([title, width]) => title.padStart(width)).join('')}`;
}

function row(measured: Measured, bareCost: Spread | undefined): string {
  const { name, receivers, rounds, silent, paused, empty, unheard, memory } = measured;
  const cost = costs(measured);
  const node = rounds.flatMap(({ nodeMs, received }) =>
    nodeMs === undefined || received === 0 ? [] : (nodeMs * 1_000) / received,
  );
  const loss = spread(rounds.map((turn) => lossOf(turn, receivers))).median;
  const delay = (which: 'p50' | 'p95') => {
    const known = rounds.flatMap(({ delayMs }) => delayMs[which] ?? []);
    return known.length === 0 ? '–' : spread(known).median.toFixed(1);
  };
  const { before, after } = memory;
  const each =
    before === undefined || after === undefined ? undefined : (after - before) / receivers;
  const cells = [
    cost ? cost.median.toFixed(1) : '–',
    cost ? `(${cost.min.toFixed(1)} – ${cost.max.toFixed(1)})` : '',
    node.length > 0 ? spread(node).median.toFixed(2) : '–',
    cost && bareCost ? (cost.median / bareCost.median).toFixed(3) : '–',
    `${loss.toFixed(2)} %`,
    `${delay('p50')}, ${delay('p95')} ms`,
    micro(consumerCost(silent, empty, receivers)),
    micro(consumerCost(paused, unheard, receivers)),
    each === undefined ? '–' : `${(each / 1_000).toFixed(0)} kB`,
  ];
  const padded = cells.map((cell, index) => cell.padStart(COLUMNS[index]?.[1] ?? 0));
  return `  ${name.padEnd(NAME_WIDTH)}${padded.join('')}`;
}

function micro(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(0)} µs`;
}

function sentence({ goal, ratio, range, isMet }: Verdict): string {
  return (
    `  Parley costs ${ratio.toFixed(3)} times ${goal.text} (by round ${range.min.toFixed(2)} – ${range.max.toFixed(2)};` +
    ` goal: at most ${goal.atMost.toFixed(2)}): ${isMet ? 'met' : 'MISSED'}`
  );
}

/** What makes figures those of the machine rather than of the servers. */
export function warnings(all: readonly Measured[]): string[] {
  return all.flatMap(({ name, rounds, receivers }) => {
    const lossy = rounds.filter((turn) => lossOf(turn, receivers) > MOST_LOSS).length;
    const busy = Math.max(...rounds.map(({ clientsBusy }) => clientsBusy));
    return [
      ...(lossy > 0
        ? [
            `  ${name}: ${lossy} of ${rounds.length} rounds lost more than ${MOST_LOSS} %, and are left out.`,
          ]
        : []),
      ...(busy > MOST_BUSY
        ? [`  ${name}: the clients were at work ${(busy * 100).toFixed(0)} % of a round.`]
        : []),
    ];
  });
}
