// The table of one run, and whether what a join costs grows with the room. Pure.
import type { Measured } from './measure.ts';
import type { Cost } from './meter.ts';

/** A join in the largest room may cost this much more than in one of fifty. */
const MOST_GROWTH = 2;
const MOST_ANSWER_BYTES = 64 * 1024;

export const HEAD =
  'room              release         join      answer (text)     consumers   sent per join      mute    sent per mute      leave   sent per leave     heap';

export function row(size: string, release: string, measured: Measured): string {
  const { join, mute, leave, answer, consumers, heapMb } = measured;
  return [
    size.padEnd(18),
    release.slice(0, 14).padEnd(15),
    ms(join),
    `${kB(answer.bytes)} (${kB(answer.textBytes)})`.padStart(18),
    consumers.toFixed(1).padStart(11),
    sent(join),
    ms(mute),
    sent(mute),
    ms(leave),
    sent(leave),
    `${heapMb.toFixed(0)} MB`.padStart(8),
  ].join('');
}

/** @returns a line for each goal, with the figure */
export function goals(small: Measured, large: Measured): string[] {
  const growth = (figure: string, a: number, b: number) =>
    goal(`${figure} at 1,000, compared with 50`, b / a, MOST_GROWTH, (value) => value.toFixed(2));
  return [
    growth('CPU of a join', small.join.cpuMs, large.join.cpuMs),
    growth('bytes sent because of a join', small.join.bytes, large.join.bytes),
    growth('messages sent because of a join', small.join.messages, large.join.messages),
    growth('answer of a join', small.answer.bytes, large.answer.bytes),
    growth('consumers of a join', small.consumers, large.consumers),
    goal('answer of a join at 1,000', large.answer.bytes, MOST_ANSWER_BYTES, kB),
  ];
}

function goal(what: string, value: number, most: number, print: (value: number) => string): string {
  const verdict = value <= most ? 'reached' : 'missed';
  return `${what.padEnd(60)} ${print(value).padStart(8)}   goal ${print(most)}: ${verdict}`;
}

const kB = (bytes: number) => `${(bytes / 1024).toFixed(0)} kB`;
const ms = ({ cpuMs }: Cost) => `${cpuMs.toFixed(1)} ms`.padStart(10);
const sent = ({ messages, bytes }: Cost) => `${messages.toFixed(0)} / ${kB(bytes)}`.padStart(17);
