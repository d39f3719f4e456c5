// A call that was joined: connects the link, the room, the media and the participant's own tracks.
import type { Device } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type {
  EventName,
  EventPayload,
  JoinResult,
  MethodResult,
} from '../../../shared/protocol/protocol.ts';
import type { ParticipantPage, ParticipantQuery } from '../../../shared/room/listing.ts';
import type { RoomSnapshot, TrackSource } from '../../../shared/room/room.ts';
import { sleep } from '../link/backoff.ts';
import { Link } from '../link/link.ts';
import { Retries } from '../link/retries.ts';
import { CodecChoice } from '../media/encodings/codec-choice.ts';
import { LocalTracks } from '../media/local-tracks.ts';
import { MediaKeeper } from '../media/media-keeper.ts';
import type { Request } from '../media/media-session.ts';
import { OwnTracks } from '../media/own-tracks.ts';
import { Preferences } from '../media/preferences.ts';
import { ownerOf, streamIdOf, trackState } from '../media/remote-tracks.ts';
import type { Paths } from '../paths/selected-path.ts';
import { CallState } from './call-state.ts';
import { sendChat } from './chat.ts';
import type { LoadedDevice } from './preload.ts';
import { ReadyJoin } from './ready-join.ts';
import { RecordingControl } from './recording.ts';
import { RoomFollower } from './room-follower.ts';
import { SessionEntry } from './session-entry.ts';
import type { Call, JoinOptions, LocalTrack, LocalTrackInput } from './types.ts';

/** A join waits at most this long for the others' media. */
const FIRST_PICTURE_MS = 500;

export class JoinedCall extends CallState implements Call {
  readonly #options: JoinOptions;
  readonly #ready: ReadyJoin;
  readonly #entry: SessionEntry;
  readonly #link: Link;
  readonly #local = new LocalTracks();
  readonly #media: MediaKeeper;
  readonly #own: OwnTracks;
  readonly #preferences: Preferences;
  readonly #retries = new Retries();
  readonly #room: RoomFollower;
  /** Actions that wait for the link, in order. */
  #whenUp: Array<() => void> = [];

  constructor(options: JoinOptions, device: Promise<LoadedDevice>) {
    super(options.room);
    this.#options = options;
    this.#ready = new ReadyJoin(options.prepared?.take(options));
    this.#entry = new SessionEntry({
      ...options,
      device,
      preparedOn: (socket) => this.#ready.namesOn(socket),
      version: () => this.room.version,
      renew: async () => (await this.#request('renewRejoin', {})).rejoin,
      onJoined: this.#onJoined,
      onResumed: this.#onResumed,
    });
    this.#local.addAll(options.tracks ?? [], (source) => this.#ready.trackId(source));
    this.#link = new Link({
      url: options.url,
      ready: (listener) => this.#ready.socket(listener),
      enter: (socket) => this.#entry.enter(socket),
      onEvent: (event, data) => this.#handlers[event]?.(data),
      onSize: (size) => this.#room.resize(size),
      onDown: () => this.#updateConnection(),
      onUp: () => this.#onUp(),
      onEnded: (error) => this.#end(error),
    });
    this.#media = new MediaKeeper({
      local: this.#local,
      relayOnly: options.relayOnly ?? false,
      codecs: new CodecChoice({ insisted: options.videoCodec }),
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
        // After a change of network the socket is as dead as the path, and reports it much later.
        if (this.#media.recovering) this.#link.doubt();
        this.#updateConnection();
      },
      onPaths: () => this.events.emit('paths', this.paths),
      onRefused: (entry, error) => {
        this.#own.drop(entry);
        this.problem(error);
      },
      onReplaced: () => this.#preferences.resend(),
      onProblem: (error) => this.problem(error),
    });
    this.#own = new OwnTracks({
      local: this.#local,
      media: this.#media,
      request: this.#request,
      retries: this.#retries,
      listed: () => this.#listed(),
      onChange: () => this.events.emit('localTracks', this.localTracks),
      onMutedByHost: (source) => this.events.emit('mutedByHost', source),
      onProblem: (error) => this.problem(error),
    });
    this.#room = new RoomFollower({
      view: this.view,
      request: this.#request,
      retries: this.#retries,
      onPatch: (patch) => this.#own.onPatch(patch, this.participantId),
      onChange: () => this.#roomChanged(),
      onResize: () => this.events.emit('room', this.room),
      onProblem: (error) => this.problem(error),
    });
    this.#preferences = new Preferences(
      (view) => this.#request('subscribe', view),
      (error) => this.problem(error),
    );
  }

  async start(): Promise<void> {
    const { signal } = this.#options;
    await this.#link.start(signal).finally(() => this.#ready.close());
    // Drawing now would delay the first picture, and show empty tiles.
    await Promise.race([this.#media.receiving(), sleep(FIRST_PICTURE_MS)]);
    if (signal?.aborted) {
      this.leave();
      throw signal.reason;
    }
  }

  get participantId(): string {
    return this.#entry.participantId;
  }

  get localTracks(): ReadonlyMap<TrackSource, LocalTrack> {
    return this.#local.view();
  }

  get paths(): Paths {
    return this.#media.paths;
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

  hideOthers(): void {
    this.#preferences.hideOthers();
  }

  findParticipants(query: ParticipantQuery): Promise<ParticipantPage> {
    return this.#room.find(query);
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
    if (this.hasEnded) return;
    const received = this.#link.leave();
    this.#end(undefined);
    this.#entry.onLeft(received);
  }

  readonly #onJoined = ({ snapshot, media, ...terms }: JoinResult, device: Device): void => {
    this.recording.terms = terms.recording;
    this.view.adopt(snapshot);
    this.#media.begin(media, device, this.#ready.transports(media.epoch));
    this.#roomChanged();
  };

  readonly #onResumed = ({ media, ...missed }: MethodResult<'resume'>): void => {
    this.recording.terms = missed.recording;
    this.#room.missed(missed);
    this.#media.take(media, this.#listedIds());
    this.#onceUp(() => {
      this.#own.sendDifferences();
      this.#preferences.resend();
      this.#room.resumed(missed.patches);
    });
    this.#roomChanged();
  };

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

  readonly #handlers: { [K in EventName]?: (data: EventPayload<K>) => void } = {
    patch: (patch) => this.#room.patches([patch]),
    patches: ({ patches }) => this.#room.patches(patches),
    roster: (change) => this.#room.change(change),
    room: (data) => this.#room.replaced(data),
    consumers: (data) => this.#media.onConsumers(data),
    consumersClosed: (data) => this.#media.onConsumersClosed(data),
    undecodable: (data) => this.#media.onUndecodable(data),
    demand: (data) => this.#media.onDemand(data),
    layers: (layer) => this.events.emit('layer', layer),
    speakers: ({ speakers }) => this.updateSpeakers(speakers),
    voices: ({ voices }) => this.#media.voices.choose(voices),
    heard: ({ epoch, trackId }) => this.#media.voices.letGo(epoch, trackId),
    media: (offer) => {
      if (!this.#media.take(offer, this.#listedIds())) return;
      this.#own.resendAll();
      this.#preferences.resend();
    },
    iceServers: ({ iceServers, move = false }) => this.#media.updateIceServers(iceServers, move),
    transportEnded: ({ epoch, direction }) => this.#media.onTransportEnded(epoch, direction),
  };

  readonly #request: Request = (method, params) => this.#link.request(method, params);

  readonly recording = new RecordingControl(this.view, this.#request);

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
    this.events.emit('room', this.room);
    this.#tracksChanged();
    this.#media.onRoom();
  }

  #tracksChanged(): void {
    this.updateTracks(this.#media.tracks);
  }

  #updateConnection(): void {
    const { flowing: mediaFlowing, recovering } = this.#media;
    this.updateConnection({ isUp: this.#link.up, mediaFlowing, recovering });
  }

  #assertLive(): void {
    if (this.hasEnded) throw new ParleyError('not_joined');
  }

  #end(error: ParleyError | undefined): void {
    if (this.hasEnded) return;
    this.setEnded(error);
    this.#link.close();
    this.#entry.close();
    this.#preferences.close();
    this.#retries.close();
    this.#media.close();
    for (const action of this.#whenUp.splice(0)) action();
    this.events.emit('connection', this.connection);
  }
}
