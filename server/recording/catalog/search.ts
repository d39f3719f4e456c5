// Which recordings a search finds: by room, participant and date, without regard to case and accents. Pure.
import type { IndexEntry } from './entry.ts';

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

type Searched = Pick<IndexEntry, 'room' | 'participants' | 'startedAt'>;

/** @returns whether each word of the query is somewhere in the recording's texts. An empty query finds all */
export function matcher(query: string): (entry: Searched) => boolean {
  const words = folded(query)
    .split(/\s+/)
    .filter((word) => word !== '');
  return (entry) => {
    if (words.length === 0) return true;
    const text = folded(
      [entry.room, ...entry.participants, ...datesOf(entry.startedAt)].join('\n'),
    );
    return words.every((word) => text.includes(word));
  };
}

/** Without case and accents: `ÉMILE` is found by `emile`. */
export function folded(text: string): string {
  const once = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  // Lower case may have brought accents again (İ).
  return once.normalize('NFKD').replace(/\p{M}/gu, '');
}

/** A UTC time as it may be typed: 2026-11-28, 18:45, 28.11.2026, 11/28/2026, 28 november 2026. */
function datesOf(at: number): string[] {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const [year, month, day] = date.split('-');
  const name = MONTHS[Number(month) - 1];
  return [
    date,
    time.slice(0, 5),
    `${day}.${month}.${year}`,
    `${day}/${month}/${year}`,
    `${month}/${day}/${year}`,
    `${Number(day)} ${name} ${year}`,
  ];
}
