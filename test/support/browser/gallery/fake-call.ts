// Runs in the page: a call with as many participants as a test wants, without a server. Pictures come from canvases.

import type {
  Call,
  CallEvents,
  Recording,
  RemoteTrack,
} from '../../../../client/sdk/session/types.ts';
import { Emitter } from '../../../../shared/emitter.ts';
import {
  isPicture,
  listed,
  type ParticipantPage,
  type ParticipantQuery,
} from '../../../../shared/room/listing.ts';
import type { Participant, RoomSnapshot, Track } from '../../../../shared/room/room.ts';
import { drawnPicture } from './drawn-picture.ts';
import { FakeRecording } from './fake-recording.ts';

export interface GalleryOptions {
  /** Participants, with the viewer. */
  participants: number;
  /** How many of the others have a camera that is on: the last ones, so that they have to come forward. */
  pictures: number;
  /** How many participants the page is sent; it has to ask for the others. Default: all. */
  known?: number;
  /** Frames per second of each picture. */
  frameRate?: number;
  /** What the server says of recording. Default: nothing, as one that does not record. */
  recording?: Recording['terms'];
}

/** As the server does with pictures that are no longer looked at. */
const CLOSED_AFTER_MS = 5_000;
/** An answer of a server. */
const ANSWER_MS = 40;

const NAMES = ['Ann', 'Björn', 'Chiara', 'Dmitri', 'Élodie', 'Fatima', 'Grace', 'Hiroshi'] as const;
const FAMILIES = ['Meyer', 'Ångström', 'Rossi', 'van der Berg', 'Nakamura', 'O’Neill', 'Silva'];

export class FakeCall implements Call {
  readonly participantId = idOf(0);
  readonly localTracks = new Map();
  readonly speakers = [];
  readonly connection = { state: 'connected' } as const;
  readonly paths = {
    send: { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 12 },
    recv: { kind: 'direct', protocol: 'udp', server: null, roundTripMs: 12 },
  } as const;
  /** The tracks that the page looks at. */
  readonly subscribed = new Set<string>();
  /** Pages of participants that were asked for. */
  askedOffsets: number[] = [];
  /** What the statistics were asked for. */
  statsAsked = 0;
  remoteTracks: ReadonlyMap<string, RemoteTrack> = new Map();
  room: RoomSnapshot;
  #all: Pick<RoomSnapshot, 'participants' | 'tracks'>;
  readonly recording: FakeRecording;
  readonly #options: GalleryOptions;
  /** How many have come since the call began. */
  came: number;
  readonly #events = new Emitter<CallEvents>((error) => console.error(error));
  readonly #media = new Map<string, MediaStreamTrack>();
  /** Tracks that arrive, paused ones too, as long as their consumers are there. */
  readonly #received = new Set<string>();
  /** Those on the last two pages that were asked for. */
  #pages: string[][] = [];
  readonly #closing = new Map<string, ReturnType<typeof setTimeout>>();
  #updating: ReturnType<typeof setTimeout> | undefined;

  constructor(options: GalleryOptions) {
    this.#options = options;
    this.recording = new FakeRecording(options.recording, this.participantId, {
      running: (recording) => {
        this.room = { ...this.room, recordings: recording ? [recording] : [] };
        this.#set(this.#all);
      },
      consent: (consent) => this.#changeSelf({ consent }),
    });
    this.came = options.participants;
    this.#all = manyParticipants(options);
    this.room = { room: 'hall', version: 1, ...this.#known(), chat: [] };
    for (const { id, kind } of this.#all.tracks) {
      if (kind !== 'video') continue;
      this.#media.set(id, drawnPicture(this.#media.size, options.frameRate ?? 5));
    }
  }

  get asked(): number {
    return this.askedOffsets.length;
  }

  get count(): number {
    return this.#all.participants.length;
  }

  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async findParticipants(query: ParticipantQuery): Promise<ParticipantPage> {
    this.askedOffsets.push(query.offset ?? 0);
    const page = listed(this.#all, query);
    this.#pages = [...this.#pages, page.participants.map(({ id }) => id)].slice(-2);
    if (this.#options.known !== undefined) this.#set(this.#all);
    return page;
  }

  subscribe(trackId: string, { paused }: { paused?: boolean | undefined }): void {
    clearTimeout(this.#closing.get(trackId));
    if (!paused) this.subscribed.add(trackId);
    else if (this.subscribed.delete(trackId)) {
      const close = () => {
        this.#received.delete(trackId);
        this.#receivedChanged();
      };
      this.#closing.set(trackId, setTimeout(close, CLOSED_AFTER_MS));
    }
    if (paused || this.#received.has(trackId)) return;
    this.#received.add(trackId);
    this.#updating ??= setTimeout(() => this.#receivedChanged(), ANSWER_MS);
  }

  async stats() {
    this.statsAsked += 1;
    return { send: undefined, recv: undefined };
  }

  hideOthers(): void {}
  async publish(): Promise<void> {}
  unpublish(): void {}
  setMuted(): void {}
  async sendChat(): Promise<void> {}
  async muteOther(): Promise<void> {}
  async removeParticipant(): Promise<void> {}
  leave(): void {}

  /** From here on: what happens in the room. */
  join(count: number): void {
    const { participants, tracks } = this.#all;
    const from = this.came;
    this.came += count;
    const more = manyParticipants({ participants: this.came, pictures: 0 });
    const ids = new Set(more.participants.slice(from).map(({ id }) => id));
    this.#set({
      participants: [...participants, ...more.participants.slice(from)],
      tracks: [...tracks, ...more.tracks.filter((track) => ids.has(owner(track)))],
    });
  }

  leaves(index: number): void {
    const id = idOf(index);
    this.#set({
      participants: this.#all.participants.filter((participant) => participant.id !== id),
      tracks: this.#all.tracks.filter(({ participantId }) => participantId !== id),
    });
  }

  mutes(index: number, muted: boolean): void {
    this.#set({
      ...this.#all,
      tracks: this.#all.tracks.map((track) =>
        track.id === `microphone-${index}` ? { ...track, muted } : track,
      ),
    });
  }

  /** These speak, nobody else. Those of an earlier call go on if they are among them. */
  speak(...indices: number[]): void {
    const speakers = indices.map((index) => ({ participantId: idOf(index), volume: -20 }));
    this.#events.emit('speakers', speakers);
  }

  #set(all: Pick<RoomSnapshot, 'participants' | 'tracks'>): void {
    this.#all = all;
    this.room = { ...this.room, version: this.room.version + 1, ...this.#known() };
    this.#events.emit('room', this.room);
    this.#updateTracks();
  }

  #changeSelf(change: Partial<Participant>): void {
    this.#set({
      ...this.#all,
      participants: this.#all.participants.map((participant) =>
        participant.id === this.participantId ? { ...participant, ...change } : participant,
      ),
    });
  }

  /** As a server does: of a large room the viewer, the first pictures, what we receive, and what we asked for last. */
  #known(): Pick<RoomSnapshot, 'participants' | 'tracks'> & { pictured?: number } {
    const { known } = this.#options;
    const { participants, tracks } = this.#all;
    if (known === undefined) return this.#all;
    const withPicture = new Set(tracks.filter(isPicture).map(owner));
    const received = new Set(tracks.filter(({ id }) => this.#received.has(id)).map(owner));
    const first = [...withPicture].slice(0, known);
    const ids = new Set([this.participantId, ...first, ...received, ...this.#pages.flat()]);
    return {
      participants: participants.filter(({ id }) => ids.has(id)),
      tracks: tracks.filter((track) => ids.has(owner(track))),
      pictured: withPicture.size,
    };
  }

  #receivedChanged(): void {
    this.#updating = undefined;
    if (this.#options.known === undefined) this.#updateTracks();
    else this.#set(this.#all);
  }

  #updateTracks(): void {
    const next = new Map<string, RemoteTrack>();
    for (const { id, participantId, source, kind, muted } of this.room.tracks) {
      if (kind !== 'video' || muted || !this.#received.has(id)) continue;
      const track = this.#media.get(id);
      if (track) next.set(id, { id, participantId, source, muted, track });
    }
    this.remoteTracks = next;
    this.#events.emit('remoteTracks', next);
  }
}

function manyParticipants({ participants, pictures }: GalleryOptions) {
  const people = Array.from({ length: participants }, (_, index): Participant => {
    const [first, family] = [NAMES[index % NAMES.length], FAMILIES[index % FAMILIES.length]];
    const name = index === 0 ? 'Me' : `${first} ${family} ${index}`;
    return { id: idOf(index), name, role: 'guest', joinedAt: index, online: index % 40 !== 39 };
  });
  const tracks = people.flatMap(({ id }, index): Track[] => {
    const common = { participantId: id };
    const microphone = { ...common, kind: 'audio', source: 'microphone' } as const;
    const camera = { ...common, kind: 'video', source: 'camera', muted: false } as const;
    return [
      { ...microphone, id: `microphone-${index}`, muted: index % 3 === 0 },
      ...(index > 0 && index >= participants - pictures
        ? [{ ...camera, id: `camera-${index}` }]
        : []),
    ];
  });
  return { participants: people, tracks };
}

function idOf(index: number): string {
  return `participant-${index}`;
}

function owner({ participantId }: Track): string {
  return participantId;
}
