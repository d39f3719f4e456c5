// Whether a run passes: each threshold that it breaks, in a sentence.
import type { Thresholds } from '../plan.ts';
import type { LoadReport } from './summarise.ts';

/** The exit codes of `parley load`. */
export const EXIT = { passed: 0, failed: 1 } as const;

export interface Verdict {
  /** Empty for a run that passes. */
  breaches: string[];
  exitCode: number;
}

export function judge(report: LoadReport, thresholds: Thresholds): Verdict {
  const breaches = [...absent(report), ...above(report, thresholds)];
  return { breaches, exitCode: breaches.length === 0 ? EXIT.passed : EXIT.failed };
}

/** Faults that no threshold allows. */
function absent({ participants, withoutMedia }: LoadReport): string[] {
  return [
    ...(participants.joined === 0 ? ['Nobody got in.'] : []),
    ...(participants.lost > 0 ? [`${participants.lost} fell out of the call.`] : []),
    ...(withoutMedia > 0 ? [`${withoutMedia} received nothing.`] : []),
  ];
}

function above(report: LoadReport, limits: Thresholds): string[] {
  const { participants, packets, streams, joinMs, firstPacketMs, delayMs } = report;
  const figures: [what: string, value: number | undefined, limit: number, unit: string][] = [
    ['Joins refused', participants.refused, limits.refused, ''],
    ['Join, p95', joinMs?.p95, limits.joinP95Ms, ' ms'],
    ['First packet, p95', firstPacketMs?.p95, limits.firstPacketP95Ms, ' ms'],
    ['Packets lost', packets.lossPercent, limits.lossPercent, ' %'],
    ['Streams with gaps', streams.gapPercent, limits.gapPercent, ' %'],
    ['One-way delay, p95', delayMs?.p95, limits.delayP95Ms, ' ms'],
  ];
  return figures.flatMap(([what, value, limit, unit]) =>
    value !== undefined && value > limit
      ? [`${what}: ${rounded(value)}${unit}, and ${limit}${unit} is the limit.`]
      : [],
  );
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
