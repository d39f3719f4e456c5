// The table of `npm run bench:recording`. Pure.
import { spread } from '../statistics.ts';
import { PICTURE_BITRATE, RECORDED_PACKETS } from './callers.ts';

/** What was measured while nothing changed. */
export interface Turn {
  isRecorded: boolean;
  /** Each with a microphone. */
  cameras: number;
  ms: number;
  /** CPU time. */
  recorderMs: number;
  workerMs: number;
  /** Packets that participants sent, that came to participants, and to the recorder. */
  sent: number;
  toPeople: number;
  toRecorder: number;
  /** Frames that the participants were too late to send. */
  missedFrames: number;
}

interface FirstFrame {
  sinceAskedMs: number;
  sinceBegunMs: number;
}

/** A picture of 720 lines with its sound may cost this much of a core. */
const GOAL_PERCENT = 1;

export function report(turns: readonly Turn[], firstFrames: readonly FirstFrame[]): string {
  const byCameras = [...Map.groupBy(turns, ({ cameras }) => cameras)];
  return [
    '',
    `720p at ${(PICTURE_BITRATE / 1e6).toFixed(1)} Mbit/s with its sound; medians (least – most)`,
    ...byCameras.flatMap(([cameras, of]) => costs(cameras, of)),
    ...(firstFrames.length === 0 ? [] : starts(firstFrames)),
    '',
  ].join('\n');
}

function costs(cameras: number, turns: readonly Turn[]): string[] {
  const recorded = turns.filter(({ isRecorded }) => isRecorded);
  const others = turns.filter(({ isRecorded }) => !isRecorded);
  const percent = recorded.map(ofSecond);
  const idle = others.map(({ recorderMs, ms }) => (recorderMs / ms) * 100);
  // A pair is of one round. What changes slowly on the machine changes both.
  const pairs = recorded.map((one, index) => ({ one, other: others[index] ?? one }));
  const ofPairs = (cost: (turn: Turn) => number) =>
    pairs.map(({ one, other }) => cost(one) / cost(other));
  const extra = pairs.map(
    ({ one, other }) => ((one.workerMs / one.ms - other.workerMs / other.ms) / cameras) * 100,
  );
  const isMet = spread(percent).median < GOAL_PERCENT;
  const missed = turns.reduce((sum, { missedFrames }) => sum + missedFrames, 0);
  const load = (turn: Turn) => (turn.workerMs / turn.ms) * 100;
  return [
    '',
    `${cameras} cameras and ${cameras} microphones, ${recorded.length} rounds`,
    line('CPU of the recorder for each', shown(percent, '%', 2)),
    line('', `of a core; the goal is ${GOAL_PERCENT} %: ${isMet ? 'met' : 'MISSED'}`),
    line('CPU of the recorder while nothing is recorded', shown(idle, '%', 2)),
    line('more CPU of the worker for each', shown(extra, '%', 2)),
    line('CPU of the worker, not recorded', shown(others.map(load), '%', 1)),
    line('CPU of the worker, recorded', shown(recorded.map(load), '%', 1)),
    line('for each forwarded packet, not recorded', shown(others.map(forPacket), 'µs', 2)),
    line('for each forwarded packet, recorded', shown(recorded.map(forPacket), 'µs', 2)),
    line('  ratio, round by round', shown(ofPairs(forPacket), '', 3)),
    line('for each packet to people, recorded', shown(recorded.map(forPerson), 'µs', 2)),
    line('  ratio, round by round', shown(ofPairs(forPerson), '', 3)),
    line('packets a second to people', shown(turns.map(rateOf), '', 0)),
    line('frames that were sent too late, and left out', String(missed)),
  ];
}

function starts(firstFrames: readonly FirstFrame[]): string[] {
  return [
    '',
    `From Record to the first frame on the disk, ${firstFrames.length} times`,
    line(
      'since the request',
      shown(
        firstFrames.map(({ sinceAskedMs }) => sinceAskedMs),
        'ms',
        0,
      ),
    ),
    line(
      'since its answer',
      shown(
        firstFrames.map(({ sinceBegunMs }) => sinceBegunMs),
        'ms',
        0,
      ),
    ),
  ];
}

/** Seconds of picture and sound are counted by their packets: a busy machine sends fewer. */
const ofSecond = ({ recorderMs, toRecorder }: Turn) =>
  (recorderMs / 1_000 / (toRecorder / RECORDED_PACKETS)) * 100;
const forPacket = ({ workerMs, toPeople, toRecorder }: Turn) =>
  (workerMs * 1_000) / (toPeople + toRecorder);
const forPerson = ({ workerMs, toPeople }: Turn) => (workerMs * 1_000) / toPeople;
const rateOf = ({ toPeople, ms }: Turn) => (toPeople / ms) * 1_000;

function shown(values: readonly number[], unit: string, digits: number): string {
  const { median, min, max } = spread(values);
  const [middle, least, most] = [median, min, max].map((value) => value.toFixed(digits));
  return `${middle}${unit && ` ${unit}`} (${least} – ${most})`;
}

function line(label: string, value: string): string {
  return `  ${label.padEnd(50)}${value}`;
}
