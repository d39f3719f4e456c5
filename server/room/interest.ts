// Which tracks a participant receives: from the room's tracks, from who speaks, and from what the client looks at.
// What one participant costs depends on that, and not on how many others there are.
import type { Preference } from '../../shared/protocol/media-messages.ts';
import type { TrackSource } from '../../shared/room/room.ts';

export interface InterestTrack {
  readonly trackId: string;
  readonly participantId: string;
  readonly kind: 'audio' | 'video';
  /** Undefined where a node of an older release does not say. */
  readonly source?: TrackSource | undefined;
}

export interface InterestLimits {
  /** With at most this many voices in the room everybody is heard. */
  everyVoiceUpTo: number;
  /** With more of them, those who spoke last are heard: this many. */
  voices: number;
  /** Those who spoke before them are kept ready, but send nothing: this many. */
  readyVoices: number;
  /** Pictures for a client that does not say what it looks at. Up to as many, hidden ones are kept ready. */
  pictures: number;
  /** Pictures that one client may look at. */
  maxPictures: number;
  /** With more cameras than this, those that a client has not looked for yet come in their lowest layer. */
  sharpPictures: number;
}

/** What a client looks at. */
export interface View {
  /** By track id. */
  readonly preferences: ReadonlyMap<string, Preference>;
  /** What becomes of tracks that it does not name. A client that never says so gets a sensible choice. */
  readonly others: 'chosen' | 'hidden';
}

/** A track to receive. Paused: ready to be sent, without costing packets. */
export interface Want<T> {
  readonly track: T;
  readonly paused: boolean;
  /** What the client has said of it, or else what suits it. */
  readonly preference: Preference | undefined;
}

/** A new client asks a moment later for what its tiles need. Until then no camera has to send more than it did. */
const LOWEST: Preference = { spatialLayer: 0 };

/** What everybody in a room has in common. It is kept up to date in steps whose cost does not depend on the room's size. */
export class RoomInterest<T extends InterestTrack> {
  readonly #limits: InterestLimits;
  readonly #tracks = new Map<string, T>();
  /** Voices who spoke last, the newest first; at most {@link #kept}. */
  #recent: string[] = [];
  /** All other voices that are not muted, in the order they came. */
  readonly #quiet = new Set<string>();
  /** Muted voices. */
  readonly #silent = new Set<string>();
  readonly #screens = new Set<string>();
  readonly #cameras = new Set<string>();
  #common: Common<T> | undefined;
  #last: Common<T> | undefined;

  constructor(limits: InterestLimits) {
    this.#limits = limits;
  }

  get(trackId: string): T | undefined {
    return this.#tracks.get(trackId);
  }

  /** A track came, or is sent in another way from now on. */
  set(track: T, { muted }: { muted: boolean }): void {
    const { trackId } = track;
    const isNew = !this.#tracks.has(trackId);
    this.replace(track);
    if (isNew && track.kind === 'audio') (muted ? this.#silent : this.#quiet).add(trackId);
    if (isNew && track.kind === 'video') this.#picturesLike(track).add(trackId);
    if (!isNew) this.mute(trackId, muted);
  }

  /** The track is sent in another way from now on: its place stays. */
  replace(track: T): void {
    this.#tracks.set(track.trackId, track);
    this.#common = undefined;
  }

  remove(trackId: string): void {
    const track = this.#tracks.get(trackId);
    if (!track) return;
    this.#tracks.delete(trackId);
    for (const set of [this.#quiet, this.#silent, this.#screens, this.#cameras]) {
      set.delete(trackId);
    }
    this.#forgetRecent(trackId);
    this.#common = undefined;
  }

  /** A participant who unmutes is about to speak. The voice that was silent longest gives up its place. */
  mute(trackId: string, muted: boolean): void {
    const track = this.#tracks.get(trackId);
    if (track?.kind !== 'audio' || this.#silent.has(trackId) === muted) return;
    this.#common = undefined;
    if (muted) {
      this.#quiet.delete(trackId);
      this.#forgetRecent(trackId);
      this.#silent.add(trackId);
    } else {
      this.#silent.delete(trackId);
      this.#recent.splice(Math.max(0, this.#limits.voices - 1), 0, trackId);
      this.#trim();
    }
  }

  /**
   * These speak now.
   *
   * @param trackIds the loudest first
   * @returns whether it changes who is heard, or kept ready
   */
  spoke(trackIds: readonly string[]): boolean {
    const heard = new Set(this.#recent.slice(0, this.#limits.voices));
    const speaking = trackIds.filter((trackId) => this.#isVoice(trackId));
    const isNews = speaking.some((trackId) => !heard.has(trackId));
    // A voice that is heard and goes on speaking keeps its place. Otherwise voices would take turns by the syllable
    // when more speak than are heard. Other voices take the places of those that were silent longest.
    const order = [
      ...speaking.filter((trackId) => heard.has(trackId)),
      ...speaking.filter((trackId) => !heard.has(trackId)),
    ];
    for (const trackId of order.toReversed()) {
      this.#quiet.delete(trackId);
      this.#forgetRecent(trackId);
      this.#recent.unshift(trackId);
    }
    this.#trim();
    if (isNews) this.#common = undefined;
    return isNews && !this.#isEveryVoice;
  }

  /** The voice only seemed to speak: it gives its place back. */
  fellSilent(trackId: string): void {
    if (!this.#recent.includes(trackId)) return;
    this.#forgetRecent(trackId);
    this.#quiet.add(trackId);
    this.#common = undefined;
  }

  /** The same object as before while nothing of it has changed. */
  get common(): Common<T> {
    if (!this.#common) {
      const next = this.#compute();
      this.#common = this.#last && isSame(this.#last, next) ? this.#last : next;
      this.#last = this.#common;
    }
    return this.#common;
  }

  get #isEveryVoice(): boolean {
    const count = this.#recent.length + this.#quiet.size + this.#silent.size;
    return count <= this.#limits.everyVoiceUpTo;
  }

  #isVoice(trackId: string): boolean {
    return this.#tracks.get(trackId)?.kind === 'audio' && !this.#silent.has(trackId);
  }

  #picturesLike({ source }: T): Set<string> {
    return source === 'screen' ? this.#screens : this.#cameras;
  }

  #forgetRecent(trackId: string): void {
    const at = this.#recent.indexOf(trackId);
    if (at >= 0) this.#recent.splice(at, 1);
  }

  /** One participant's own tracks are not received: a microphone, and the sound of a screen. */
  get #kept(): number {
    return this.#limits.voices + this.#limits.readyVoices + 2;
  }

  #trim(): void {
    for (const trackId of this.#recent.splice(this.#kept)) this.#quiet.add(trackId);
  }

  #compute(): Common<T> {
    const { pictures } = this.#limits;
    const isEveryVoice = this.#isEveryVoice;
    const order = isEveryVoice
      ? [...this.#recent, ...this.#quiet, ...this.#silent]
      : [...this.#recent, ...first(this.#quiet, this.#kept - this.#recent.length)];
    // One participant's own pictures are not received: a screen, and a camera.
    const count = pictures + 2;
    const screens = first(this.#screens, count);
    const shown = [...screens, ...first(this.#cameras, count - screens.length)];
    return {
      voices: order.flatMap((trackId) => this.#tracks.get(trackId) ?? []),
      isEveryVoice,
      pictures: shown.flatMap((trackId) => this.#tracks.get(trackId) ?? []),
      isEveryPicture: isEveryVoice && this.#screens.size + this.#cameras.size <= pictures,
    };
  }
}

export interface Common<T> {
  /** The last speakers first. */
  readonly voices: readonly T[];
  /** There are so few voices that all are among them. */
  readonly isEveryVoice: boolean;
  /** Screens first. */
  readonly pictures: readonly T[];
  /** There are so few that all are among them. Never where voices are chosen: each costs everybody a consumer. */
  readonly isEveryPicture: boolean;
}

/**
 * The tracks that one participant receives, by track id.
 *
 * @param find a track of the room
 */
export function interest<T extends InterestTrack>(
  selfId: string,
  common: Common<T>,
  find: (trackId: string) => T | undefined,
  view: View,
  limits: InterestLimits,
): Map<string, Want<T>> {
  const wants = new Map<string, Want<T>>();
  const isCrowded = hasMoreCameras(selfId, common, limits.sharpPictures);
  const want = (track: T, paused: boolean) => {
    const { trackId, kind, source } = track;
    const isSmall = isCrowded && kind === 'video' && source !== 'screen';
    const preference = view.preferences.get(trackId) ?? (isSmall ? LOWEST : undefined);
    wants.set(trackId, { track, paused, preference });
  };
  const isHidden = (trackId: string) => view.preferences.get(trackId)?.paused === true;

  const voices = common.voices.filter(({ participantId }) => participantId !== selfId);
  for (const [index, track] of voices.entries()) {
    const isHeard = common.isEveryVoice || index < limits.voices;
    if (isHeard || index < limits.voices + limits.readyVoices) {
      want(track, !isHeard || isHidden(track.trackId));
    }
  }

  let looking = 0;
  const look = (track: T) => {
    if (track.kind !== 'video' || track.participantId === selfId) return;
    if (looking >= limits.maxPictures) return;
    looking += 1;
    want(track, false);
  };
  for (const [trackId, { paused = false }] of view.preferences) {
    const track = paused ? undefined : find(trackId);
    if (track) look(track);
  }
  for (const track of common.pictures) {
    const { trackId, participantId } = track;
    if (participantId === selfId || wants.has(trackId)) continue;
    const isNamed = view.preferences.has(trackId);
    // In a small room a new picture need not wait until the client has looked for it.
    const isChosen = !isNamed && (view.others === 'chosen' || common.isEveryPicture);
    if (isChosen && looking < limits.pictures) look(track);
    else if (common.isEveryPicture) want(track, true);
  }
  return wants;
}

/** Many of them share a window, so that each is small. */
function hasMoreCameras<T extends InterestTrack>(
  selfId: string,
  { pictures }: Common<T>,
  count: number,
): boolean {
  const isCamera = ({ source, participantId }: T) =>
    source !== 'screen' && participantId !== selfId;
  return pictures.filter(isCamera).length > count;
}

function isSame<T>(a: Common<T>, b: Common<T>): boolean {
  return (
    a.isEveryVoice === b.isEveryVoice &&
    a.isEveryPicture === b.isEveryPicture &&
    areSame(a.voices, b.voices) &&
    areSame(a.pictures, b.pictures)
  );
}

function areSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}

function first<T>(values: Iterable<T>, count: number): T[] {
  const found: T[] = [];
  if (count <= 0) return found;
  for (const value of values) {
    found.push(value);
    if (found.length === count) break;
  }
  return found;
}
