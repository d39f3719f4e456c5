// One person's place in one room: the link, the room as told, the media, and what the person wants.
import type { Device } from 'mediasoup-client';
import { Emitter } from '../../shared/emitter.ts';
import { ParleyError } from '../../shared/errors.ts';
import type { EventName, EventPayload, Preference } from '../../shared/protocol.ts';
import type { RoomPatch, RoomSnapshot, TrackSource } from '../../shared/room.ts';
import type { RtpCapabilities } from '../../shared/rtp.ts';
import { randomId } from './ids.ts';
import { Link } from './link.ts';
import { type LocalEntry, LocalTracks } from './local-tracks.ts';
import { MediaKeeper } from './media-keeper.ts';
import type { Request } from './media-session.ts';
import { Preferences } from './preferences.ts';
import type { LoadedDevice } from './preload.ts';
import { sameTracks, streamIdOf, viewRemoteTracks } from './remote-tracks.ts';
import { RoomView } from './room-view.ts';
import type { Socket } from './socket.ts';
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

/** How often a chat message is tried: the server knows its id and takes it once. */
const CHAT_ATTEMPTS = 5;

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
  readonly #preferences: Preferences;
  #session: { participantId: string; resumeSecret: string } | undefined;
  #remote: ReadonlyMap<string, RemoteTrack> = new Map();
  #speakers: readonly Speaker[] = [];
  #connection: ConnectionState = { state: 'connected' };
  #asking = false;
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
      onceUp: (action) => this.#onceUp(action),
      isUp: () => this.#link.up,
      streamIdOf: (trackId) => streamIdOf(this.room, trackId),
      onTracks: () => this.#tracksChanged(),
      onRecovering: () => this.#updateConnection(),
      onRefused: (entry, error) => {
        this.#drop(entry);
        this.#problem(error);
      },
      onReplaced: () => this.#preferences.resend(),
      onProblem: (error) => this.#problem(error),
    });
    this.#preferences = new Preferences((preferences) => {
      this.#request('subscribe', { preferences }).catch((error) => this.#problem(error));
    });
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

  on<K extends keyof CallEvents>(event: K, listener: (...args: CallEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async publish(input: LocalTrackInput): Promise<void> {
    this.#assertLive();
    const known = this.#local.get(input.source);
    if (known) {
      known.track = input.track;
      this.#media.replace(known);
      if (input.muted !== undefined) this.setMuted(input.source, input.muted);
    } else {
      this.#media.produce(this.#local.add(input));
    }
    this.#events.emit('localTracks', this.localTracks);
  }

  unpublish(source: TrackSource): void {
    const entry = this.#local.get(source);
    if (!entry) return;
    this.#drop(entry);
    this.#request('unpublish', { trackId: entry.id }).catch((error) => this.#problem(error));
  }

  setMuted(source: TrackSource, muted: boolean): void {
    const entry = this.#local.get(source);
    if (!entry || entry.muted === muted) return;
    this.#mute(entry, muted);
    this.#request('mute', { trackId: entry.id, muted }).catch((error) => this.#problem(error));
  }

  subscribe(trackId: string, preference: Preference): void {
    this.#preferences.set(trackId, preference);
  }

  async sendChat(text: string): Promise<void> {
    const id = randomId();
    for (let attempt = 1; ; attempt++) {
      this.#assertLive();
      try {
        await this.#request('chat', { id, text });
        return;
      } catch (cause) {
        const error = ParleyError.from(cause);
        const worthTrying = error.code === 'unreachable' || error.code === 'timeout';
        if (!worthTrying || attempt >= CHAT_ATTEMPTS) throw error;
        await new Promise<void>((resolve) => this.#onceUp(resolve));
      }
    }
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
    this.#request('leave', {}).catch(() => {});
    this.#end(undefined);
  }

  /** A new socket: take the session up again, or begin one. */
  async #enter(socket: Socket): Promise<void> {
    const { device, rtpCapabilities } = await this.#loading;
    if (!this.#session) return this.#join(socket, device, rtpCapabilities);
    const { room } = this.#options;
    const { version } = this.room;
    try {
      const request = { ...this.#session, room, version, rtpCapabilities };
      const { snapshot, patches, media } = await socket.request('resume', request);
      if (snapshot) this.#view.replace(snapshot);
      for (const patch of patches ?? []) this.#view.apply(patch);
      const own = this.room.tracks.filter((t) => t.participantId === this.participantId);
      this.#media.resume(media, device, new Set(own.map(({ id }) => id)));
      this.#onceUp(() => this.#resyncTracks(own));
      this.#roomChanged();
    } catch (error) {
      if (ParleyError.from(error).code !== 'session_lost') throw error;
      // The server forgot us (it was restarted, or we were away too long): come in again.
      await this.#join(socket, device, rtpCapabilities);
    }
  }

  async #join(socket: Socket, device: Device, rtpCapabilities: RtpCapabilities): Promise<void> {
    const { room, name, token } = this.#options;
    const withToken = token === undefined ? {} : { token };
    const answer = await socket.request('join', { room, name, ...withToken, rtpCapabilities });
    const { participantId, resumeSecret, snapshot, media } = answer;
    this.#session = { participantId, resumeSecret };
    this.#view.adopt(snapshot);
    this.#media.adopt(media, device);
    this.#roomChanged();
  }

  /** What we changed while the server did not hear us. */
  #resyncTracks(own: RoomSnapshot['tracks']): void {
    for (const { id, muted } of own) {
      const entry = this.#local.entries.find((candidate) => candidate.id === id);
      if (entry?.muted === muted) continue;
      const said = entry
        ? this.#request('mute', { trackId: id, muted: entry.muted })
        : this.#request('unpublish', { trackId: id });
      said.catch((error) => this.#problem(error));
    }
    this.#preferences.resend();
  }

  /** Now, or when the socket that is being entered can carry requests. */
  #onceUp(action: () => void): void {
    if (this.#link.up) action();
    else this.#whenUp.push(action);
  }

  #onUp(): void {
    this.#updateConnection();
    for (const action of this.#whenUp.splice(0)) action();
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
    media: (offer) => this.#media.adopt(offer),
    iceServers: ({ iceServers }) => this.#media.updateIceServers(iceServers),
  };

  #onPatch(patch: RoomPatch): void {
    const outcome = this.#view.apply(patch);
    if (outcome === 'gap') this.#askForSnapshot();
    if (outcome !== 'applied') return;
    for (const op of patch.ops) {
      if (op.op !== 'mute' || !op.muted || op.by === this.participantId) continue;
      const entry = this.#local.entries.find(({ id }) => id === op.trackId);
      if (!entry) continue;
      this.#mute(entry, true);
      this.#events.emit('mutedByHost', entry.source);
    }
    this.#roomChanged();
  }

  #askForSnapshot(): void {
    if (this.#asking) return;
    this.#asking = true;
    this.#request('snapshot', {})
      .then((snapshot) => {
        this.#view.replace(snapshot);
        this.#roomChanged();
      })
      .catch((error) => this.#problem(error))
      .finally(() => {
        this.#asking = false;
      });
  }

  readonly #request: Request = (method, params) => this.#link.request(method, params);

  #mute(entry: LocalEntry, muted: boolean): void {
    entry.muted = muted;
    this.#media.mute(entry);
    this.#events.emit('localTracks', this.localTracks);
  }

  #drop(entry: LocalEntry): void {
    this.#local.remove(entry);
    this.#media.stop(entry.id);
    this.#events.emit('localTracks', this.localTracks);
  }

  #roomChanged(): void {
    const present = new Set(this.room.tracks.map(({ id }) => id));
    this.#preferences.prune((trackId) => present.has(trackId));
    this.#events.emit('room', this.room);
    this.#tracksChanged();
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
    const since = before.state === 'connected' ? Date.now() : before.since;
    if (!this.#link.up) {
      const mediaFlowing = this.#media.flowing;
      this.#connection = { state: 'reconnecting', since, mediaFlowing };
    } else if (this.#media.recovering) {
      this.#connection = { state: 'recovering-media', since };
    } else {
      this.#connection = { state: 'connected' };
    }
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
    this.#preferences.close();
    this.#media.close();
    for (const action of this.#whenUp.splice(0)) action();
    this.#events.emit('connection', this.#connection);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
