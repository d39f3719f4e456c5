// Whether this machine's clock is right, compared with other clocks. Pure.
import { failed, ok, skipped, type Verdict, warning } from '../finding.ts';

/** Another clock. */
export interface ClockSample {
  /** The name of the clock, as it is shown. */
  source: string;
  /** Ours minus theirs, in milliseconds. */
  offsetMs: number;
  /** The possible error of that. */
  uncertaintyMs: number;
}

/** A TURN server shows its clock by which credentials have expired. */
export interface ClockBound {
  source: string;
  /** `right`: within a minute. */
  ours: 'right' | 'behind' | 'ahead';
}

/** Up to about here, minted credentials and tokens of an hour work. */
const WRONG_MS = 60_000;
const DOUBTFUL_MS = 5_000;
const NTP =
  'Set the clock by NTP: in a virtual machine or container, the clock of its host (`timedatectl set-ntp true`).';

export function diagnoseClock(
  samples: readonly ClockSample[],
  bounds: readonly ClockBound[],
): Verdict {
  const wrong = [
    ...samples.filter((sample) => certain(sample) > WRONG_MS).map(offsetText),
    ...bounds.filter(({ ours }) => ours !== 'right').map(boundText),
  ];
  const right = [
    ...samples.filter((sample) => certain(sample) <= WRONG_MS).map(({ source }) => source),
    ...bounds.filter(({ ours }) => ours === 'right').map(({ source }) => source),
  ];
  if (wrong.length > 0 && right.length > 0) {
    return warning(
      'clocks_differ',
      `The clocks differ: this one is ${wrong.join(', ')}; but right by ${right.join(', ')}.`,
      NTP.replace('Set the clock', 'Set the clock that is wrong'),
    );
  }
  if (wrong.length > 0) {
    return failed(
      'clock_off',
      `The clock of this machine is ${wrong.join(', ')}. Credentials and tokens that it makes have expired, or live too long.`,
      NTP,
    );
  }
  const drifting = samples.filter((sample) => certain(sample) > DOUBTFUL_MS);
  if (drifting.length > 0) {
    return warning(
      'clock_drifts',
      `The clock of this machine is ${drifting.map(offsetText).join(', ')}.`,
      NTP,
    );
  }
  if (right.length === 0) return skipped('There is no other clock to compare with.');
  return ok(`The clock is right by ${[...new Set(right)].join(', ')}.`);
}

/** The least possible error. */
function certain({ offsetMs, uncertaintyMs }: ClockSample): number {
  return Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
}

function offsetText({ source, offsetMs }: ClockSample): string {
  const seconds = Math.round(Math.abs(offsetMs) / 1_000);
  return `${seconds} s ${offsetMs < 0 ? 'behind' : 'ahead of'} ${source}`;
}

function boundText({ source, ours }: ClockBound): string {
  return `more than a minute ${ours === 'behind' ? 'behind' : 'ahead of'} ${source}`;
}
