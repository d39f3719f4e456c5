// Ids of recordings: see RecordingId.
import { randomInt } from 'node:crypto';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';
const RANDOM_LETTERS = 10;

/** @param now UTC milliseconds: when the recording begins */
export function newRecordingId(now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  const random = Array.from({ length: RANDOM_LETTERS }, () => LETTERS[randomInt(LETTERS.length)]);
  return `${time}Z-${random.join('')}`;
}
