// The pictures that a participant who is about to join would see first. Their cameras are kept awake, though nobody may
// receive them yet.
import { demandOf } from '../../room/demand.ts';
import { type InterestLimits, interest } from '../../room/interest.ts';
import type { RoomRouter } from './room-router.ts';
import type { RoomTrack, RoomTracks } from './room-tracks.ts';
import type { TrackUse } from './track-demand.ts';

export interface ExpectedViewOptions {
  participantId: string;
  tracks: RoomTracks;
  limits: InterestLimits;
  /** Where the participant will be. */
  router: Pick<RoomRouter, 'producerOf' | 'use'>;
}

/** A client says what it looks at after its join. */
const UNTOLD = { preferences: new Map(), others: 'chosen' } as const;

export class ExpectedView {
  readonly #options: ExpectedViewOptions;
  readonly #uses = new Map<RoomTrack, TrackUse>();

  constructor(options: ExpectedViewOptions) {
    this.#options = options;
    this.reconcile();
  }

  /** The tracks of the room, or what everybody receives of them, may have changed. */
  reconcile(): void {
    const wanted = new Set(expectedPictures(this.#options));
    for (const [track, use] of this.#uses) {
      if (wanted.has(track)) continue;
      this.#uses.delete(track);
      use.end();
    }
    for (const track of wanted) if (!this.#uses.has(track)) this.#wake(track);
  }

  /** Idempotent. */
  close(): void {
    for (const use of this.#uses.values()) use.end();
    this.#uses.clear();
  }

  /** One of another node sleeps until the join: to bring it here would cost packets. */
  #wake(track: RoomTrack): void {
    const router = track.home.nodeId === undefined ? track.home.router : this.#options.router;
    const producer = router.producerOf(track);
    if (!producer) return;
    this.#uses.set(
      track,
      router.use(producer, demandOf(track.kind, { paused: false }), 'participant'),
    );
  }
}

/** The pictures that a client receives before it has said what it looks at. */
export function expectedPictures({
  participantId,
  tracks,
  limits,
}: Pick<ExpectedViewOptions, 'participantId' | 'tracks' | 'limits'>): RoomTrack[] {
  const find = (trackId: string) => tracks.newest(trackId);
  const wants = interest(participantId, tracks.common, find, UNTOLD, limits);
  return [...wants.values()].flatMap(({ track, paused }) =>
    track.kind === 'video' && !paused ? track : [],
  );
}
