// One person's place in one room: the link, the room as told, the media, and what the person wants.
import type { Device } from 'mediasoup-client';
import { Emitter } from '../../../shared/emitter.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type {
  EventName,
  EventPayload,
  MethodParams,
  Preference,
} from '../../../shared/protocol/protocol.ts';
import type { RoomPatch, RoomSnapshot, TrackSource } from '../../../shared/room/room.ts';
import { leaveLate } from '../link/late-leave.ts';
import { Link } from '../link/link.ts';
import { Retries } from '../link/retries.ts';
import type { Socket } from '../link/socket.ts';
import { LocalTracks } from '../media/local-tracks.ts';
import { MediaKeeper } from '../media/media-keeper.ts';
import type { Request } from '../media/media-session.ts';
import { OwnTracks } from '../media/own-tracks.ts';
import { Preferences } from '../media/preferences.ts';
import {
  ownerOf,
  sameTracks,
  streamIdOf,
  trackState,
  viewRemoteTracks,
} from '../media/remote-tracks.ts';
import type { Paths } from '../paths/selected-path.ts';
import { sendChat } from './chat.ts';
import { connectionState } from './connection-state.ts';
import type { LoadedDevice } from './preload.ts';
import { Rejoin } from './rejoin.ts';
import { RoomView } from './room-view.ts';
import type {
  Call,
  CallEvents,
  ConnectionState,
  JoinOptions,
  LocalTrack,
  LocalTrackInput,
  RemoteTrack,
  Speaker,
} from './types.ts';

/** A join is not kept waiting longer than this for the media of those who are there. */
const FIRST_PICTURE_MS = 500;

export class JoinedCall implements Call {
  readonly #options: JoinOptions;
  readonly #loading: Promise<LoadedDevice>;
  readonly #events = new Emitter<CallEvents>((error, event) =>
    console.error(`Parley: a listener of "${event}" failed.`, error),
  );
  readonly #link: Link;
  readonly #view: RoomView;
  readonly #local = new LocalTracks();
  readonly #media: MediaKeeper;
  readonly #own: OwnTracks;
  readonly #preferences: Preferences;
  readonly #retries = new Retries();
  readonly #rejoin = new Rejoin(async () => (await this.#request('renewRejoin', {})).rejoin);
  /** What takes our place in the call up again, on another socket. */
  #session: Omit<MethodParams<'resume'>, 'version'> | undefined;
  /** How long the server keeps our place without a socket. */
  #gracePeriodMs = 0;
  #remote: ReadonlyMap<string, RemoteTrack> = new Map();
  #speakers: readonly Speaker[] = [];
  #connection: ConnectionState = { state: 'connected' };
  /** What waits for the link, in order. */
  #whenUp: Array<() => void> = [];

  constructor(options: JoinOptions, device: Promise<LoadedDevice>) {
    this.#options = options;
    this.#loading = device;
    // Awaited in start; until then its failure is nobody's unhandled rejection.
    device.catch(() => {});
    this.#view = new RoomView(options.room);
    for (const input of options.tracks ?? []) this.#local.add(input);
    this.#link = new Link({
      url: options.url,
      enter: (socket) => this.#enter(socket),
      onEvent: (event, data) => this.#onEvent(event, data),
      onDown: () => this.#updateConnection(),
      onUp: () => this.#onUp(),
      onEnded: (error) => this.#end(error),
    });
    this.#media = new MediaKeeper({
      local: this.#local,
      relayOnly: options.relayOnly ?? false,
      videoCodec: options.videoCodec ?? 'VP8',
      request: this.#request,
      retries: this.#retries,
      onceUp: (action) => this.#onceUp(action),
      isUp: () => this.#link.up,
      streamIdOf: (trackId) => streamIdOf(this.room, trackId),
      ownerOf: (trackId) => ownerOf(this.room, trackId),
      stateOf: (trackId) =>
        trackState(this.room, trackId, { paused: this.#preferences.isPaused(trackId) }),
      onTracks: () => this.#tracksChanged(),
      onRecovering: () => {
        // After a change of network the socket is as dead as the path, and tells it much later.
        if (this.#media.recovering) this.#link.doubt();
        this.#updateConnection();
      },
      onPaths: () => this.#events.emit('paths', this.paths),
      onRefused: (entry, error) => {
        this.#own.drop(entry);
        this.#problem(error);
      },
      onReplaced: () => this.#preferences.resend(),
      onProblem: (error) => this.#problem(error),
    });
    this.#own = new OwnTracks({
      local: this.#local,
      media: this.#media,
      request: this.#request,
      retries: this.#retries,
      listed: () => this.#listed(),
      onChange: () => this.#events.emit('localTracks', this.localTracks),
      onMutedByHost: (source) => this.#events.emit('mutedByHost', source),
      onProblem: (error) => this.#problem(error),
    });
    this.#preferences = new Preferences(
      (preferences) => this.#request('subscribe', { preferences }),
      (error) => this.#problem(error),
    );
  }

  async start(): Promise<void> {
    const { signal } = this.#options;
    await this.#link.start(signal);
    // What a page draws now would be in the way of what is left to do for the first picture, and
    // would show empty tiles.
    await Promise.race([this.#media.receiving(), sleep(FIRST_PICTURE_MS)]);
    if (signal?.aborted) {
      this.leave();
      throw signal.reason;
    }
  }

  get participantId(): string {
    return this.#session?.participantId ?? '';
  }

  get room(): RoomSnapshot {
    return this.#view.snapshot;
  }

  get remoteTracks(): ReadonlyMap<string, RemoteTrack> {
    return this.#remote;
  }

  get localTracks(): ReadonlyMap<TrackSource, LocalTrack> {
    return this.#local.view();
  }

  get speakers(): readonly Speaker[] {
    return this.#speakers;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  get paths(): Paths {
    return this.#media.paths;
  }

  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async publish(input: LocalTrackInput): Promise<void> {
    this.#assertLive();
    this.#own.publish(input);
  }

  unpublish(source: TrackSource): void {
    this.#own.unpublish(source);
  }

  setMuted(source: TrackSource, muted: boolean): void {
    this.#own.setMuted(source, muted);
  }

  subscribe(trackId: string, preference: Preference): void {
    this.#preferences.set(trackId, preference);
  }

  sendChat(text: string): Promise<void> {
    return sendChat(text, {
      request: this.#request,
      up: () => new Promise((resolve) => this.#onceUp(resolve)),
      assertLive: () => this.#assertLive(),
    });
  }

  async muteOther(trackId: string): Promise<void> {
    await this.#request('muteOther', { trackId });
  }

  async removeParticipant(participantId: string): Promise<void> {
    await this.#request('remove', { participantId });
  }

  stats() {
    return this.#media.stats();
  }

  leave(): void {
    if (this.#connection.state === 'ended') return;
    const heard = this.#link.leave();
    this.#end(undefined);
    if (this.#session) {
      const session = { ...this.#session, version: this.room.version };
      void heard.then((wasHeard) => {
        if (!wasHeard) void leaveLate(this.#options.url, session, this.#gracePeriodMs);
      });
    }
  }

  /** A new socket: take the session up again, or begin one. */
  async #enter(socket: Socket): Promise<void> {
    const { device, rtpCapabilities } = await this.#loading;
    if (!this.#session) return this.#join(socket, device, rtpCapabilities);
    try {
      const request = { ...this.#session, version: this.room.version };
      const { snapshot, patches, media } = await socket.request('resume', request);
      if (snapshot) this.#view.replace(snapshot);
      for (const patch of patches ?? []) this.#view.apply(patch);
      this.#media.take(media, this.#listedIds());
      this.#onceUp(() => {
        this.#own.sayWhatDiffers();
        this.#preferences.resend();
      });
      this.#roomChanged();
    } catch (error) {
      if (ParleyError.from(error).code !== 'session_lost') throw error;
      // The server forgot us (it was restarted, or we were away too long): come in again.
      await this.#join(socket, device, rtpCapabilities);
    }
  }

  async #join(socket: Socket, device: Device, rtpCapabilities: RtpCapabilities): Promise<void> {
    const { room, name, token } = this.#options;
    const rejoinToken = this.#rejoin.token;
    const answer = await socket.request('join', {
      ...{ room, name, rtpCapabilities },
      ...(token !== undefined && { token }),
      ...(rejoinToken !== undefined && { rejoinToken }),
    });
    this.#rejoin.take(answer.rejoin);
    const { participantId, resumeSecret, snapshot, media } = answer;
    this.#session = { room, participantId, resumeSecret, rtpCapabilities };
    this.#gracePeriodMs = answer.gracePeriodMs;
    this.#view.adopt(snapshot);
    this.#media.begin(media, device);
    this.#roomChanged();
  }

  /** Now, or when the socket that is being entered can carry requests. */
  #onceUp(action: () => void): void {
    if (this.#link.up) action();
    else this.#whenUp.push(action);
  }

  #onUp(): void {
    this.#updateConnection();
    for (const action of this.#whenUp.splice(0)) action();
    this.#media.recoverNow();
  }

  #onEvent<K extends EventName>(event: K, data: EventPayload<K>): void {
    this.#handlers[event]?.(data);
  }

  readonly #handlers: { [K in EventName]?: (data: EventPayload<K>) => void } = {
    patch: (patch) => this.#onPatch(patch),
    consumers: (data) => this.#media.onConsumers(data),
    consumersClosed: (data) => this.#media.onConsumersClosed(data),
    layers: (layer) => this.#events.emit('layer', layer),
    speakers: ({ speakers }) => {
      this.#speakers = speakers;
      this.#events.emit('speakers', speakers);
    },
    media: (offer) => {
      if (!this.#media.take(offer, this.#listedIds())) return;
      this.#own.sayAll();
      this.#preferences.resend();
    },
    iceServers: ({ iceServers, move = false }) => this.#media.updateIceServers(iceServers, move),
  };

  #onPatch(patch: RoomPatch): void {
    const outcome = this.#view.apply(patch);
    if (outcome === 'gap') this.#askForSnapshot();
    if (outcome !== 'applied') return;
    this.#own.onPatch(patch, this.participantId);
    this.#roomChanged();
  }

  #askForSnapshot(): void {
    if (this.#retries.has('snapshot')) return;
    const ask = async () => {
      this.#view.replace(await this.#request('snapshot', {}));
      this.#roomChanged();
    };
    this.#retries.say('snapshot', ask, (error) => this.#problem(error));
  }

  readonly #request: Request = (method, params) => this.#link.request(method, params);

  /** The tracks of ours that the room lists. */
  #listed(): RoomSnapshot['tracks'] {
    return this.room.tracks.filter((track) => track.participantId === this.participantId);
  }

  #listedIds(): ReadonlySet<string> {
    return new Set(this.#listed().map(({ id }) => id));
  }

  #roomChanged(): void {
    const present = new Set(this.room.tracks.map(({ id }) => id));
    this.#preferences.prune((trackId) => present.has(trackId));
    this.#events.emit('room', this.room);
    this.#tracksChanged();
    this.#media.onRoom();
  }

  #tracksChanged(): void {
    const next = viewRemoteTracks(this.room, this.#media.tracks, this.#remote);
    if (sameTracks(this.#remote, next)) return;
    this.#remote = next;
    this.#events.emit('remoteTracks', next);
  }

  #updateConnection(): void {
    const before = this.#connection;
    if (before.state === 'ended') return;
    this.#connection = connectionState({
      since: before.state === 'connected' ? Date.now() : before.since,
      isUp: this.#link.up,
      mediaFlowing: this.#media.flowing,
      recovering: this.#media.recovering,
    });
    if (before.state === 'connected' && this.#connection.state === 'connected') return;
    this.#events.emit('connection', this.#connection);
  }

  #problem(cause: unknown): void {
    const error = ParleyError.from(cause);
    // What was lost with a socket is said again after the resume.
    if (error.code === 'unreachable' || this.#connection.state === 'ended') return;
    this.#events.emit('problem', error);
  }

  #assertLive(): void {
    if (this.#connection.state === 'ended') throw new ParleyError('not_joined');
  }

  #end(error: ParleyError | undefined): void {
    if (this.#connection.state === 'ended') return;
    this.#connection = { state: 'ended', error };
    this.#link.close();
    this.#rejoin.close();
    this.#preferences.close();
    this.#retries.close();
    this.#media.close();
    for (const action of this.#whenUp.splice(0)) action();
    this.#events.emit('connection', this.#connection);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
