// The SDK's interface for a page: the shapes of a call, and what can be done with it.
import type { ParleyError } from '../../../shared/errors.ts';
import type { VideoCodec } from '../../../shared/media/media.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type { CallRecording } from '../../../shared/protocol/recording-messages.ts';
import type { ParticipantPage, ParticipantQuery } from '../../../shared/room/listing.ts';
import type { RoomRecording, RoomSnapshot, TrackSource } from '../../../shared/room/room.ts';
import type { Paths } from '../paths/selected-path.ts';
import type { Ready } from './ready-join.ts';

export interface JoinOptions {
  /** Where the server is: the page's own address in a browser. http(s) or ws(s). */
  url: string | URL;
  room: string;
  name: string;
  /** A room token, for servers that ask for one. */
  token?: string;
  /** Only use TURN relays (`iceTransportPolicy: 'relay'`). */
  relayOnly?: boolean;
  /**
   * For cameras and screens, where the browser can send it. Default: the first of the server's `VIDEO_CODECS` that
   * the device encodes well. Another one takes its place when a participant cannot decode it.
   */
  videoCodec?: VideoCodec;
  /** Begun before with `prepareCall`, for the same room: then the paths may be up already. */
  prepared?: PreparedJoin;
  /** Published with the join, without waiting for its answer. */
  tracks?: readonly LocalTrackInput[];
  /** The mediasoup-client handler to use where there is no browser to recognise. */
  handlerName?: 'Chrome111';
  /** Aborts the join. Its reason is thrown. */
  signal?: AbortSignal;
}

/** What is ready for a join; see `prepareCall`. */
export interface PreparedJoin {
  /** Once. Undefined: nothing that this join could use. */
  take(join: JoinOptions): Ready | undefined;
}

export interface LocalTrackInput {
  source: TrackSource;
  track: MediaStreamTrack;
  /** Published, but nothing is sent. Default false. */
  muted?: boolean;
}

export interface LocalTrack {
  /** Constant while the track is published, whatever happens to transports and servers. */
  readonly id: string;
  readonly source: TrackSource;
  readonly track: MediaStreamTrack;
  readonly muted: boolean;
}

export interface RemoteTrack {
  readonly id: string;
  readonly participantId: string;
  readonly source: TrackSource;
  readonly muted: boolean;
  /**
   * The media itself. When the media moves to another server, another track replaces it after its first frame
   * or sound. This one ends a moment later.
   */
  readonly track: MediaStreamTrack;
}

export type ConnectionState =
  | { state: 'connected' }
  /** There is no socket. `mediaFlowing`: others still receive our tracks. */
  | { state: 'reconnecting'; since: number; mediaFlowing: boolean }
  /** The socket is there, but a transport is not: ICE restarts, then a rebuild, then a relay. */
  | { state: 'recovering-media'; since: number }
  /** The call is over. `error` is undefined after our own `leave()`. */
  | { state: 'ended'; error: ParleyError | undefined };

export interface Speaker {
  participantId: string;
  /** dBov, -127 (silence) to 0. */
  volume: number;
}

export interface CallEvents {
  /** `call.room` or `call.recording` changed: participants, their tracks, the chat, the recording. */
  room: [RoomSnapshot];
  /** `call.remoteTracks` changed. */
  remoteTracks: [ReadonlyMap<string, RemoteTrack>];
  /** `call.localTracks` changed. */
  localTracks: [ReadonlyMap<TrackSource, LocalTrack>];
  speakers: [readonly Speaker[]];
  connection: [ConnectionState];
  /** `call.paths` changed in more than its round trips. */
  paths: [Paths];
  /** The layer that arrives of a remote track; null when there is no bandwidth for any. */
  layer: [{ trackId: string; spatialLayer: number | null }];
  /** A host muted this source of ours. */
  mutedByHost: [TrackSource];
  /** An earlier request was refused. The call goes on. */
  problem: [ParleyError];
}

/** For the page and the HTTP API of a room's recordings. */
export interface RecordingAccess {
  /** Secret. */
  token: string;
  /** UTC seconds. */
  expiresAt: number;
}

/** The recording of the call. Every method throws a ParleyError when the server refuses or cannot be reached. */
export interface Recording {
  /** What we may do, and what the page has to do. Undefined: the server does not record. */
  readonly terms: CallRecording | undefined;
  /** The recording that runs now, or is paused. */
  readonly running: RoomRecording | undefined;
  /** Where a recording runs already, nothing changes. */
  start(): Promise<void>;
  setPaused(paused: boolean): Promise<void>;
  stop(): Promise<void>;
  /** Whether we may be recorded. It can be changed at any time. */
  setConsent(consent: boolean): Promise<void>;
  access(): Promise<RecordingAccess>;
}

/** One participant's session in one room, from `joinCall` to `leave` or `connection.state === 'ended'`. */
export interface Call {
  readonly participantId: string;
  readonly room: RoomSnapshot;
  /** How many participants the room has. In a large room `room` has a part of them. */
  readonly count: number;
  /** By track id. */
  readonly remoteTracks: ReadonlyMap<string, RemoteTrack>;
  readonly localTracks: ReadonlyMap<TrackSource, LocalTrack>;
  readonly speakers: readonly Speaker[];
  readonly connection: ConnectionState;
  /**
   * How our packets travel: directly to the media server, or through a TURN server. Read a moment after a path
   * was found and every few seconds from then on; `none` until then.
   */
  readonly paths: Paths;
  readonly recording: Recording;

  /** @returns a function that ends the subscription. An error in one listener never reaches another. */
  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => void): () => void;

  /** Publishes a track, or replaces the media of the source if it is published already. */
  publish(input: LocalTrackInput): Promise<void>;
  /** Stops sending the source. The `MediaStreamTrack` is left to its owner. */
  unpublish(source: TrackSource): void;
  setMuted(source: TrackSource, muted: boolean): void;
  /** The preference for a remote track: paused while off screen, a layer by its tile's size. */
  subscribe(trackId: string, preference: Preference): void;
  /**
   * In a large room, pictures that were never named in {@link subscribe} are not received from now on. Without
   * this the server chooses a few.
   */
  hideOthers(): void;
  /**
   * A page of the room's participants, in the order in which they came, found by a part of their name. `room`
   * has those on the page too, as long as the page is one of the last that were asked for.
   *
   * @param query at most `LIMITS.participantsPerPage` a page
   * @throws ParleyError
   */
  findParticipants(query: ParticipantQuery): Promise<ParticipantPage>;
  sendChat(text: string): Promise<void>;
  /** A host mutes a track of another participant. */
  muteOther(trackId: string): Promise<void>;
  /** A host ends another participant's session. */
  removeParticipant(participantId: string): Promise<void>;
  /**
   * `RTCPeerConnection.getStats()` of both transports. While media moves to another server, `recv`
   * also has the inbound streams that are still shown from the one before.
   */
  stats(): Promise<{ send: RTCStatsReport | undefined; recv: RTCStatsReport | undefined }>;
  /** Leaves at once; idempotent. */
  leave(): void;
}
