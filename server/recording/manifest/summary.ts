// What the list of recordings and its page say of one, from its manifest.
import type {
  RecordedFile,
  RecordedGap,
  RecordingDetails,
} from '../../../shared/recording/recording.ts';
import type { LineOf, ManifestLine } from './lines.ts';
import { nameAt, presenceOf } from './presence.ts';
import { segmentsOf } from './segments.ts';

/** The parts of RecordingDetails that a manifest knows. `endedAt` is null while it is not over. */
export type RecordingParts = Pick<
  RecordingDetails,
  'id' | 'room' | 'startedAt' | 'endedAt' | 'participants' | 'bytes' | 'files' | 'gaps'
>;

const whole = (ms: number) => Math.max(0, Math.round(ms));

/**
 * @param lines a merged manifest: see merge.ts
 * @param sizes of files, in bytes: what the store says is truer than what a recorder last wrote
 * @returns undefined for lines without a beginning
 */
export function summaryOf(
  lines: readonly ManifestLine[],
  sizes: ReadonlyMap<string, number> = new Map(),
): RecordingParts | undefined {
  const begin = lines.find((line): line is LineOf<'begin'> => line.type === 'begin');
  if (begin === undefined) return undefined;
  const presence = presenceOf(lines);
  const names = new Map(presence.participants.map((each) => [each.id, each.names]));
  const opened = lines.filter((line): line is LineOf<'segment'> => line.type === 'segment');
  const timed = new Map([...segmentsOf(lines).values()].flat().map((each) => [each.file, each]));
  const sources = new Map(presence.tracks.map(({ id, source }) => [id, source]));

  const files: RecordedFile[] = opened.map((line) => {
    const segment = timed.get(line.segment);
    const startedAt = whole(segment?.from ?? line.startedAt);
    return {
      name: line.segment,
      kind: line.kind,
      source: line.source,
      participant: nameAt(names.get(line.participantId) ?? [], startedAt),
      codec: line.codec,
      startedAt,
      durationMs: whole(segment?.durationMs ?? 0),
      bytes: whole(sizes.get(line.segment) ?? segment?.bytes ?? 0),
    };
  });
  const gaps: RecordedGap[] = lines
    .filter((line): line is LineOf<'gap'> => line.type === 'gap')
    .map(({ participantId, trackId, from, to, why }) => ({
      participant: nameAt(names.get(participantId) ?? [], from),
      source: sources.get(trackId) ?? 'microphone',
      from: whole(from),
      to: whole(to),
      why,
    }));
  return {
    id: begin.recording,
    room: begin.room,
    startedAt: begin.startedAt,
    endedAt: presence.stopped ? whole(presence.endMs) : null,
    participants: presence.participants
      .filter(({ present }) => present.length > 0)
      .map(({ names: all }) => all[0]?.name ?? ''),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files: files.toSorted((one, other) => one.startedAt - other.startedAt),
    gaps,
  };
}
