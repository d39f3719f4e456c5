// Logs of recorders as the tests need them: a room that changes, seen in parts, by clocks that differ.
import fc from 'fast-check';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { isRoomFact, type RoomFact } from '../../../../server/recording/manifest/order.ts';

export const START = Date.UTC(2026, 10, 28, 18, 45, 12);
export const personId = (number: number) => `participant-${number}`;
export const trackId = (number: number) => `camera-of-${number}`;

export function begin(writer: string, at = START): ManifestLine {
  return {
    ...{ type: 'begin', at, format: 1, recording: '20261128T184512Z-h7q2m9x4kd', room: 'board' },
    ...{ startedAt: START, writer, node: `node of ${writer}` },
  };
}

export const joined = (person: number, at: number, version: number): RoomFact => ({
  ...{ type: 'joined', at, version, participantId: personId(person), name: `Person ${person}` },
  role: 'guest',
});
export const left = (person: number, at: number, version: number): RoomFact => ({
  ...{ type: 'left', at, version, participantId: personId(person) },
});
export const published = (
  person: number,
  at: number,
  version: number,
  muted = false,
): RoomFact => ({
  ...{ type: 'published', at, version, trackId: trackId(person), muted },
  ...{ participantId: personId(person), kind: 'video', source: 'camera' },
});
export const muted = (person: number, at: number, version: number, is: boolean): RoomFact => ({
  ...{ type: 'muted', at, version, trackId: trackId(person), muted: is },
});
export const segment = (
  person: number,
  at: number,
  file: string,
  rest: Partial<Extract<ManifestLine, { type: 'segment' }>> = {},
): ManifestLine => ({
  ...{ type: 'segment', at, segment: file, trackId: trackId(person), kind: 'video' },
  ...{ participantId: personId(person), source: 'camera', epoch: 1, codec: 'video/VP8' },
  ...{ startedAt: at, clock: 'sender' },
  ...rest,
});
export const end = (
  file: string,
  at: number,
  durationMs: number,
  why: Extract<ManifestLine, { type: 'end' }>['why'] = 'unpublished',
): ManifestLine => ({ type: 'end', at, segment: file, why, durationMs, bytes: durationMs * 100 });

/** What a room does: each step is a change with a version of its own. */
type Step = { person: number; what: 'join' | 'leave' | 'publish' | 'mute' };
const steps = fc.array(
  fc.record<Step>({
    person: fc.integer({ min: 0, max: 4 }),
    what: fc.constantFrom('join', 'leave', 'publish', 'mute'),
  }),
  { minLength: 1, maxLength: 30 },
);

interface Scene {
  /** Every change, as it happened. */
  truth: RoomFact[];
  logs: ManifestLine[][];
}

function truthOf(walk: readonly Step[]): RoomFact[] {
  const facts: RoomFact[] = [];
  const present = new Set<number>();
  const tracks = new Map<number, boolean>();
  for (const { person, what } of walk) {
    const version = facts.length + 1;
    const at = START + version * 1_000;
    const isMuted = tracks.get(person);
    if (what === 'join' && !present.has(person)) {
      present.add(person);
      facts.push(joined(person, at, version));
    } else if (what === 'leave' && present.delete(person)) {
      tracks.delete(person);
      facts.push(left(person, at, version));
    } else if (what === 'publish' && present.has(person) && isMuted === undefined) {
      tracks.set(person, false);
      facts.push(published(person, at, version));
    } else if (what === 'mute' && isMuted !== undefined) {
      tracks.set(person, !isMuted);
      facts.push(muted(person, at, version, !isMuted));
    }
  }
  return facts;
}

/** The room at a version, said again. */
function restated(truth: readonly RoomFact[], version: number, at: number): RoomFact[] {
  const people = new Set<number>();
  const tracks = new Map<number, boolean>();
  for (const fact of truth.slice(0, version)) {
    const number = Number(
      ('participantId' in fact ? fact.participantId : 'trackId' in fact ? fact.trackId : '').at(-1),
    );
    if (fact.type === 'joined') people.add(number);
    else if (fact.type === 'left') {
      people.delete(number);
      tracks.delete(number);
    } else if (fact.type === 'published') tracks.set(number, fact.muted);
    else if (fact.type === 'muted') tracks.set(number, fact.muted);
  }
  return [
    ...[...people].map((person) => joined(person, at, version)),
    ...[...tracks].map(([person, is]) => published(person, at, version, is)),
  ];
}

/** Recorders that begin at some version, with clocks that are off by up to 200 ms. The first sees everything. */
export const scenes: fc.Arbitrary<Scene> = fc
  .tuple(
    steps,
    fc.array(
      fc.record({
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        to: fc.double({ min: 0, max: 1, noNaN: true }),
        skew: fc.integer({ min: -200, max: 200 }),
        files: fc.integer({ min: 0, max: 2 }),
        ended: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([walk, others]) => {
    const truth = truthOf(walk);
    const recorders = [{ from: 0, to: 1, skew: 0, files: 1, ended: true }, ...others];
    const logs = recorders.map(({ from, to, skew, files, ended }, index) => {
      const first = Math.floor(from * truth.length);
      const last = Math.max(first, Math.floor(to * truth.length));
      const beginAt = START + first * 1_000 + 500 + skew;
      const seen = truth.slice(first, last).map((fact) => ({ ...fact, at: fact.at + skew }));
      const media = Array.from({ length: files }, (_, number): ManifestLine[] => {
        const file = `segment-${index}-${number}.webm`;
        return [
          segment(number, beginAt + 10, file),
          { type: 'clock', at: beginAt + 900, segment: file, mediaMs: 700, utcMs: beginAt + 710 },
          ...(ended ? [end(file, beginAt + 2_000, 1_900)] : []),
        ];
      });
      return [
        begin(`recorder-${index}`, beginAt),
        ...restated(truth, first, beginAt),
        ...seen,
        ...media.flat(),
      ];
    });
    return { truth, logs };
  });

/** Without times: clocks differ. */
export function storyOf(lines: readonly ManifestLine[]): string[] {
  return lines.filter(isRoomFact).map(({ at: _, ...fact }) => JSON.stringify(fact));
}
