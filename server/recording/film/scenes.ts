// What a film shows: intervals of frames in which the same tiles stand at the same places.
import { common, type Interval, without } from '../manifest/intervals.ts';
import { nameAt } from '../manifest/presence.ts';
import type { TimelineSegment } from '../manifest/segments.ts';
import type { Timeline, TimelineTrack } from '../manifest/timeline.ts';
import { arrange, GRID_TILES, type Rect, type Size } from './layouts.ts';
import { spotlights } from './speaker.ts';
import { framesOf, type Take, timeOf } from './takes.ts';

export type PictureLayout = 'grid' | 'speaker' | 'screen';

export interface Tile {
  participantId: string;
  name: string;
  rect: Rect;
  /** A screen is shown whole, a camera fills its tile. */
  isScreen: boolean;
  /** Undefined: a card with the name. */
  segment?: TimelineSegment;
}

/** Frames of its take, from the first to before the last. */
export interface Scene {
  from: number;
  to: number;
  tiles: Tile[];
}

/** The last picture stays as long as this when nothing follows. */
export const HOLD_MS = 1_000;

interface Shot extends Interval {
  segment: TimelineSegment;
}

/** When each segment of a track is seen. UTC milliseconds. */
function shotsOf(track: TimelineTrack): Shot[] {
  const seen = without(
    without(track.published, track.muted),
    track.gaps.map(({ from, to }) => ({ from: from + HOLD_MS, to })),
  );
  const segments = track.segments.filter((each) => each.shownTo > each.shownFrom);
  return segments.flatMap((segment, index) => {
    const next = segments[index + 1]?.shownFrom ?? Infinity;
    const held = { from: segment.shownFrom, to: Math.min(segment.shownTo + HOLD_MS, next) };
    return common([held], seen).map((each) => ({ ...each, segment }));
  });
}

/** In frames of a take. */
interface Row {
  participantId: string;
  present: Interval[];
  camera: Shot[];
}

interface ScreenRow {
  participantId: string;
  shots: Shot[];
}

function inFrames<Part extends Interval>(take: Take, parts: readonly Part[]): Part[] {
  return parts.flatMap((part) => {
    const frames = framesOf(take, part);
    return frames === undefined ? [] : [{ ...part, ...frames }];
  });
}

const at = <Part extends Interval>(parts: readonly Part[], frame: number) =>
  parts.findLast(({ from, to }) => from <= frame && frame < to);

/** The places of the grid: participants in the order in which they came. A speaker without a place takes that of the participant who spoke longest ago. */
class Places {
  #ids: string[] = [];
  readonly #spoke = new Map<string, number>();

  at(frame: number, present: readonly string[], speaker: string | undefined): string[] {
    const here = new Set(present);
    this.#ids = this.#ids.filter((id) => here.has(id));
    if (speaker !== undefined && here.has(speaker)) {
      this.#spoke.set(speaker, frame);
      if (this.#ids.length >= GRID_TILES && !this.#ids.includes(speaker)) {
        const spoke = (id: string) => this.#spoke.get(id) ?? -1;
        const quietest = this.#ids.toSorted((one, other) => spoke(one) - spoke(other))[0];
        this.#ids = this.#ids.map((id) => (id === quietest ? speaker : id));
      }
    }
    for (const id of present) {
      if (this.#ids.length >= GRID_TILES) break;
      if (!this.#ids.includes(id)) this.#ids.push(id);
    }
    return this.#ids;
  }
}

const sameTiles = (one: Scene, other: Scene) =>
  one.tiles.length === other.tiles.length &&
  one.tiles.every((tile, index) => {
    const { participantId, name, rect, segment, isScreen } = other.tiles[index] ?? tile;
    return (
      tile.participantId === participantId &&
      tile.name === name &&
      tile.segment === segment &&
      tile.isScreen === isScreen &&
      JSON.stringify(tile.rect) === JSON.stringify(rect)
    );
  });

export interface ScenesOptions {
  layout: PictureLayout;
  size: Size;
}

/** @returns scenes that cover the take without a hole */
export function scenesOf(timeline: Timeline, take: Take, { layout, size }: ScenesOptions): Scene[] {
  const video = timeline.tracks.filter(({ kind }) => kind === 'video');
  const rows: Row[] = timeline.participants.map(({ id, present }) => ({
    participantId: id,
    present: inFrames(take, present),
    camera: video
      .filter(({ participantId, source }) => participantId === id && source === 'camera')
      .flatMap((track) => inFrames(take, shotsOf(track))),
  }));
  const screens: ScreenRow[] = video
    .filter(({ source }) => source === 'screen')
    .map((track) => ({
      participantId: track.participantId,
      shots: inFrames(take, shotsOf(track)),
    }));
  const lights = spotlights(timeline.speakers);
  const lit = inFrames(
    take,
    lights.map(({ at: from, participantId }, index) => ({
      participantId,
      from,
      to: lights[index + 1]?.at ?? Infinity,
    })),
  );
  const named = inFrames(
    take,
    timeline.participants.flatMap(({ names }) =>
      names.slice(1).map(({ from }) => ({ from, to: Infinity })),
    ),
  );
  const names = new Map(timeline.participants.map((each) => [each.id, each.names]));
  const places = new Places();

  function tilesAt(frame: number): Tile[] {
    const present = rows.filter((row) => at(row.present, frame) !== undefined);
    const ids = present.map(({ participantId }) => participantId);
    const spotlight = at(lit, frame)?.participantId;
    const speaker = ids.find((id) => id === spotlight);
    const camera = (id: string) =>
      at(present.find(({ participantId }) => participantId === id)?.camera ?? [], frame)?.segment;
    const shared = screens
      .flatMap(({ participantId, shots }) => {
        const shot = at(shots, frame);
        return shot === undefined ? [] : [{ participantId, shot }];
      })
      .toSorted((one, other) => other.shot.from - one.shot.from);
    const main = speaker ?? ids.find((id) => camera(id) !== undefined) ?? ids[0];
    const people =
      layout === 'grid'
        ? places.at(frame, ids, speaker)
        : [...(main === undefined ? [] : [main]), ...ids.filter((id) => id !== main)];
    const stands = arrange(layout, { people: people.length, screens: shared.length }, size);
    const tile = (id: string, rect: Rect, isScreen: boolean, segment?: TimelineSegment): Tile => ({
      participantId: id,
      name: nameAt(names.get(id) ?? [], timeOf(take, frame + 0.5)),
      rect,
      isScreen,
      ...(segment && { segment }),
    });
    return [
      ...stands.screens.flatMap((rect, index) => {
        const screen = shared[index];
        return screen === undefined
          ? []
          : [tile(screen.participantId, rect, true, screen.shot.segment)];
      }),
      ...stands.people.flatMap((rect, index) => {
        const id = people[index];
        return id === undefined ? [] : [tile(id, rect, false, camera(id))];
      }),
    ];
  }

  const parts: Interval[] = [
    ...rows.flatMap(({ present, camera }) => [...present, ...camera]),
    ...screens.flatMap(({ shots }) => shots),
    ...lit,
    ...named,
  ];
  const edges = new Set([0, take.frames, ...parts.flatMap(({ from, to }) => [from, to])]);
  const ordered = [...edges].toSorted((one, other) => one - other);
  const scenes: Scene[] = [];
  for (const [index, from] of ordered.slice(0, -1).entries()) {
    const scene = { from, to: ordered[index + 1] ?? take.frames, tiles: tilesAt(from) };
    const last = scenes.at(-1);
    if (last !== undefined && sameTiles(last, scene)) last.to = scene.to;
    else scenes.push(scene);
  }
  return scenes;
}
