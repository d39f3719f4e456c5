// The figures of a run as lines for a terminal, and the line that shows how it goes.
import type { Verdict } from './judge.ts';
import type { LoadReport, Spread } from './summarise.ts';

/** A run in which this process was this late itself says little of the server. Milliseconds. */
const OWN_DELAY_MS = 100;
/** Above this, packets wait in this process, and the delay is its own. Per cent. */
const OWN_LOAD = 85;

export function table(report: LoadReport, { breaches }: Verdict): string {
  const { participants: people, packets, streams, gaps, bitrate, tool } = report;
  const rows: [string, string][] = [
    ['participants', `${people.joined} of ${people.planned} joined, ${people.refused} refused`],
    [
      '',
      `${people.lost} lost, ${people.resumes} resumed, ${people.missing} were not done with joining`,
    ],
    ...(people.counted < people.planned
      ? [['', `what ${people.counted} of them received was counted`] satisfies [string, string]]
      : []),
    ['join', spreadText(report.joinMs)],
    ['first packet', spreadText(report.firstPacketMs)],
    ['without media', String(report.withoutMedia)],
    [
      'received',
      `${bits(bitrate.received)}, ${packets.received} packets, ${streams.received} streams`,
    ],
    ['sent', `${bits(bitrate.sent)}, ${packets.sent} packets`],
    ['lost', `${packets.lost} packets, ${percent(packets.lossPercent)}`],
    ['gaps > 200 ms', gapText(gaps, streams)],
    ['one-way delay', spreadText(report.delayMs)],
    ...Object.entries(report.refusals).map(([code, count], index): [string, string] => [
      index === 0 ? 'refused' : '',
      `${code}: ${count}`,
    ]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    ...ownTrouble(tool, packets.lost),
    '',
    ...(breaches.length === 0 ? ['Passed.'] : breaches.map((breach) => `✗ ${breach}`)),
  ].join('\n');
}

export interface Progress {
  elapsedMs: number;
  planned: number;
  joined: number;
  refused: number;
  /** Bits per second since the line before. */
  received: number;
  sent: number;
  lossPercent: number;
  gaps: number;
}

export function progressLine(progress: Progress): string {
  const seconds = Math.floor(progress.elapsedMs / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return [
    time,
    `joined ${progress.joined}/${progress.planned}`,
    `refused ${progress.refused}`,
    `in ${bits(progress.received)}`,
    `out ${bits(progress.sent)}`,
    `loss ${percent(progress.lossPercent)}`,
    `gaps ${progress.gaps}`,
  ].join('  ');
}

function gapText(gaps: LoadReport['gaps'], streams: LoadReport['streams']): string {
  if (gaps.count === 0) return 'none';
  const longest = `longest ${Math.round(gaps.longestMs)} ms`;
  return `${gaps.count}, ${longest}, in ${streams.withGaps} streams (${percent(streams.gapPercent)})`;
}

function ownTrouble(tool: LoadReport['tool'], lost: number): string[] {
  const { lateArrivals, missedFrames, ownDelayP99Ms, ownLoadPercent, droppedDatagrams } = tool;
  const troubles = [
    ...(ownDelayP99Ms > OWN_DELAY_MS ? [`was ${Math.round(ownDelayP99Ms)} ms late (p99)`] : []),
    ...(ownLoadPercent > OWN_LOAD
      ? [`was at work ${Math.round(ownLoadPercent)} % of the time`]
      : []),
    ...(lateArrivals > 0 ? [`began ${lateArrivals} joins late`] : []),
    ...(missedFrames > 0 ? [`left out ${missedFrames} frames`] : []),
    // Other programs drop some too, which matters only where packets of ours are missing.
    ...(lost > 0 && droppedDatagrams
      ? [`dropped ${droppedDatagrams} datagrams before a program read them`]
      : []),
  ];
  if (troubles.length === 0) return [];
  return [
    '',
    '! This machine did not keep up, so some of these figures are its own:',
    ...troubles.map((trouble) => `  it ${trouble}`),
  ];
}

function spreadText(spread: Spread | null): string {
  if (!spread) return '-';
  const [p50, p95, max] = [spread.p50, spread.p95, spread.max].map(milliseconds);
  return `p50 ${p50}, p95 ${p95}, longest ${max} ms`;
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function percent(value: number): string {
  return `${value === 0 || value >= 10 ? Math.round(value) : value.toPrecision(2)} %`;
}

function bits(perSecond: number): string {
  if (perSecond >= 1e9) return `${(perSecond / 1e9).toFixed(2)} Gbit/s`;
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(perSecond / 1e3)} kbit/s`;
}
