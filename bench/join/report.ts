// The table that `npm run bench:join` ends with. Pure.
import type { Contestant } from '../join.ts';
import { type Spread, spread } from '../statistics.ts';
import type { Milestone } from './probe.ts';
import type { Trial } from './trial.ts';

const STEPS: Readonly<Record<Milestone, string>> = {
  asked: 'the first message is sent',
  answered: 'the first answer is there',
  described: 'WebRTC knows the remote video',
  connected: 'ICE and DTLS are done',
  decoded: 'the first frame is decoded',
  shown: 'the first frame is on screen',
};

/** @param addedMs added to each signalling round trip of the delayed trials */
export function joinReport(contestants: readonly Contestant[], addedMs: number): string {
  const bare = contestants.at(-1);
  if (!bare) throw new Error('there is nothing to compare with');
  const row = (label: string, cell: (contestant: Contestant) => string) =>
    `  ${label.padEnd(46)}${contestants.map((contestant) => cell(contestant).padStart(24)).join('')}`;
  return [
    '',
    `From the click on "Join" to the first decoded remote frame, ${bare.direct.length} trials each, in turn`,
    '',
    row('', ({ name }) => name),
    row('median (fastest – slowest)', ({ direct }) => show(spread(times(direct)))),
    row(`the same, ${addedMs} ms more per round trip`, ({ delayed }) =>
      show(spread(times(delayed))),
    ),
    row('serial signalling round trips', (contestant) =>
      roundTrips(contestant, addedMs).toFixed(1),
    ),
    row('WebSockets opened after the click', ({ direct }) => median(direct, 'sockets')),
    row('messages sent', ({ direct }) => median(direct, 'sent')),
    row('messages received', ({ direct }) => median(direct, 'received')),
    '',
    '  After the click, in the median:',
    ...(Object.keys(STEPS) as Milestone[]).map((step) =>
      row(STEPS[step], ({ direct }) => shown(direct, step)),
    ),
    '',
    ...contestants.flatMap((contestant) => verdict(contestant, bare)),
    '',
  ].join('\n');
}

/** Beside the bare page of the same run. */
function verdict({ name, goal, direct }: Contestant, bare: Contestant): string[] {
  if (goal === undefined) return [];
  const ratio = medianOf(direct) / medianOf(bare.direct);
  const rounds = direct.map(({ ms }, round) => ms / (bare.direct[round]?.ms ?? Number.NaN));
  return [
    `  ${name}: ${ratio.toFixed(2)} times the median of the bare page` +
      ` (goal: at most ${goal}): ${ratio <= goal ? 'met' : 'MISSED'};` +
      ` round by round ${spread(rounds).median.toFixed(2)}`,
  ];
}

/** How many round trips to the server the picture waits for: its delay, divided by the added round trip time. */
function roundTrips({ direct, delayed }: Contestant, addedMs: number): number {
  return (medianOf(delayed) - medianOf(direct)) / addedMs;
}

function times(trials: readonly Trial[]): number[] {
  return trials.map(({ ms }) => ms);
}

function medianOf(trials: readonly Trial[]): number {
  return spread(times(trials)).median;
}

function median(trials: readonly Trial[], key: 'sent' | 'received' | 'sockets'): string {
  return String(spread(trials.map((trial) => trial[key])).median);
}

/** A picture that comes late may be measured by fewer trials than its neighbours, or by none. */
function shown(trials: readonly Trial[], step: Milestone): string {
  const reached = trials.flatMap(({ at }) => at[step] ?? []);
  return reached.length === 0 ? 'before or never' : show(spread(reached));
}

function show({ median, min, max }: Spread): string {
  return `${median.toFixed(0)} ms (${min.toFixed(0)} – ${max.toFixed(0)})`;
}
