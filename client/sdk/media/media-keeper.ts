// Keeps media going: takes the media sessions that the server offers, and asks for another when a path stays down.
import type { Device } from 'mediasoup-client';
import { ParleyError } from '../../../shared/errors.ts';
import type { IceServer } from '../../../shared/media/rtp.ts';
import { type Consumer, unpacked } from '../../../shared/protocol/consumers.ts';
import type { Direction, MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { EventPayload } from '../../../shared/protocol/protocol.ts';
import { OpenSessions, type TrackState } from '../handover/open-sessions.ts';
import { Settling } from '../handover/settling.ts';
import type { Retries } from '../link/retries.ts';
import { PathRecovery, type RecoveryStep } from '../paths/path-recovery.ts';
import { offersRelay } from '../paths/relay-servers.ts';
import { NO_PATH, type Paths } from '../paths/selected-path.ts';
import type { PreparedTransports } from '../prepared/prepared-transports.ts';
import { VoiceGates } from '../voice/voice-gates.ts';
import type { CodecChoice } from './encodings/codec-choice.ts';
import { sendInTurn } from './first-picture.ts';
import type { LocalEntry, LocalTracks } from './local-tracks.ts';
import { MediaSession, type Request } from './media-session.ts';

export interface MediaKeeperOptions {
  local: LocalTracks;
  relayOnly: boolean;
  codecs: CodecChoice;
  request: Request;
  retries: Retries;
  /** Runs it now, or when requests can be sent again. */
  onceUp(action: () => void): void;
  isUp(): boolean;
  streamIdOf(trackId: string): string;
  /** The participant who sends this track. */
  ownerOf(trackId: string): string | undefined;
  stateOf(trackId: string): TrackState;
  /** The received tracks changed. */
  onTracks(): void;
  /** A path went down, or all are up again. */
  onRecovering(): void;
  /** The path of the packets changed. */
  onPaths(): void;
  /** The server refused a track of ours. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
  /** Another media session took over. It knows nothing of requests to the old one. */
  onReplaced(): void;
  onProblem(error: unknown): void;
}

export class MediaKeeper {
  readonly #options: MediaKeeperOptions;
  readonly #recovery: PathRecovery;
  readonly #sessions: OpenSessions;
  /** Every media session that this server offered, so that none is taken twice. */
  readonly #offered = new Set<number>();
  readonly #settling: Settling;
  readonly voices: VoiceGates;
  /** The next session goes through a relay. Only that one: later ones may have a better path. */
  #relayNext = false;
  /** Tracks that our browser could not negotiate; they are not received again in this call. */
  readonly #unusable = new Set<string>();
  #negotiated: Promise<void> = Promise.resolve();
  /** Sessions whose received tracks are negotiated, and the kinds of tracks that are sent there. */
  readonly #sent = new WeakMap<MediaSession, readonly string[]>();
  #device: Device | undefined;

  constructor(options: MediaKeeperOptions) {
    this.#options = options;
    this.#settling = new Settling(options);
    const renew = () => this.#sessions.newest && this.#replace(this.#sessions.newest);
    this.voices = new VoiceGates({ ...options, onChange: () => this.reconcile(), onBroken: renew });
    this.#recovery = new PathRecovery({
      run: (step, direction) => this.#recover(step, direction),
      isRelayed: (direction) => this.#sessions.newest?.isRelayed(direction) === true,
      onChange: () => options.onRecovering(),
    });
    this.#sessions = new OpenSessions({
      ...{ stateOf: options.stateOf, onTracks: options.onTracks },
      hasLocal: () => options.local.entries.length > 0,
      onAlone: () => options.onceUp(() => this.#settle()),
    });
  }

  /** Received media, by track id. */
  get tracks(): ReadonlyMap<string, MediaStreamTrack> {
    return this.#sessions.tracks;
  }

  /** Resolves when the tracks of the newest session's offer have a path, and a picture if it comes at once. */
  async receiving(): Promise<void> {
    await this.#negotiated;
    await this.#sessions.newest?.receiving;
    await this.#sessions.newest?.receiver.firstPicture();
  }

  /** Whether others receive our tracks, as far as the browser knows. */
  get flowing(): boolean {
    return this.#sessions.newest !== undefined && !this.#recovery.recovering;
  }

  get recovering(): boolean {
    return this.#recovery.recovering;
  }

  /** How the newest session's packets travel. */
  get paths(): Paths {
    return this.#sessions.newest?.paths ?? { send: NO_PATH, recv: NO_PATH };
  }

  /** The first media session of a join. One of an earlier join stays on screen until this one is live. */
  begin(offer: MediaOffer, device: Device, prepared?: PreparedTransports): void {
    this.#device = device;
    this.#offered.clear();
    this.#adopt(offer, device, prepared);
    this.#settling.forget();
  }

  /**
   * Takes the server's state of our media: another session, or the current one as the server sees it.
   *
   * @param known our tracks that the server knows
   * @returns whether it is the current session: the server may have missed our requests about it
   */
  take(offer: MediaOffer, known: ReadonlySet<string>): boolean {
    const newest = this.#sessions.newest;
    if (newest?.epoch !== offer.epoch) {
      if (this.#device && !this.#offered.has(offer.epoch)) this.#adopt(offer, this.#device);
      return false;
    }
    this.#options.onceUp(() => {
      const seen = { ...offer, consumers: this.#usable(offer) };
      newest.resync(seen, this.#options.local.entries, known).catch((error) => {
        this.#options.onProblem(error);
      });
      this.#settle();
    });
    return true;
  }

  /** The tracks to send changed: every media session compares its own with them. */
  reconcile(): void {
    for (const { sender } of this.#sessions.all) sender.reconcile();
    this.#sessions.review();
  }

  onConsumers(event: EventPayload<'consumers'>): void {
    const session = this.#sessions.of(event.epoch);
    const { newest } = this.#sessions;
    // A track that arrives on both sessions is decoded once: two decoders are too much for a small machine.
    const isOnBoth = session !== newest && newest?.receiver.isConnected === true;
    if (!isOnBoth) void session?.receiver.consume(this.#usable(event));
  }

  /** A participant cannot decode a track of ours. Any of ours may be next. */
  onUndecodable({ codecs }: EventPayload<'undecodable'>): void {
    if (this.#options.codecs.restrict(codecs)) this.reconcile();
  }

  onDemand({ epoch, ...demand }: EventPayload<'demand'>): void {
    this.#sessions.of(epoch)?.sender.demanded(demand);
  }

  onConsumersClosed({ epoch, consumerIds }: EventPayload<'consumersClosed'>): void {
    this.#sessions.of(epoch)?.receiver.closeConsumers(consumerIds);
  }

  /** The browser may never notice: its ICE stays connected, and a DTLS alert travels only once. */
  onTransportEnded(epoch: number, direction: Direction): void {
    if (this.#sessions.newest?.epoch === epoch) this.#recovery.onState(direction, 'ended');
  }

  /** @param move the earlier servers go away: a path relayed by one of them restarts ICE */
  updateIceServers(iceServers: IceServer[], move: boolean): void {
    const { all, newest } = this.#sessions;
    for (const session of all) {
      // The older ones end soon.
      const options = { move: move && session === newest };
      session
        .updateIceServers(iceServers, options)
        .catch((error) => this.#options.onProblem(error));
    }
  }

  /** The server can be reached again: repeats now what failed without it. */
  recoverNow(): void {
    this.#recovery.again();
  }

  /** The room's list of tracks changed. */
  onRoom(): void {
    this.#sessions.review();
  }

  stats() {
    return this.#sessions.stats();
  }

  /** Idempotent. */
  close(): void {
    for (const part of [this.#recovery, this.#sessions, this.voices]) part.close();
  }

  /** Uses a new media session. Tracks continue there under the same ids. */
  #adopt(offer: MediaOffer, device: Device, prepared?: PreparedTransports): void {
    const isFirst = this.#sessions.newest === undefined;
    this.#options.codecs.prefer(offer.videoCodecs);
    const session = this.#open(offer, device, prepared);
    this.#offered.add(offer.epoch);
    if (!isFirst) this.#settling.expect(offer.epoch);
    this.#recovery.reset();
    this.#sessions.add(session);
    if (!isFirst) this.#options.onPaths();
    this.#options.onceUp(() => {
      this.#negotiated = session.receiver.consume(this.#usable(offer));
      const send = (kinds: readonly string[]) => {
        this.#sent.set(session, kinds);
        session.sender.reconcile();
      };
      void sendInTurn(this.#negotiated, isFirst ? session.receiver : undefined, send);
      session.catchUp().catch((error) => this.#options.onProblem(error));
      if (!isFirst) this.#options.onReplaced();
    });
  }

  #open(offer: MediaOffer, device: Device, prepared: PreparedTransports | undefined): MediaSession {
    const options = this.#options;
    const ifNewest =
      <A extends unknown[]>(action: (...args: A) => void) =>
      (...args: A) => {
        if (this.#sessions.newest === session) action(...args);
      };
    const relayOnly = options.relayOnly || (this.#relayNext && offersRelay(offer.iceServers));
    this.#relayNext = false;
    const session: MediaSession = new MediaSession({
      ...{ device, offer, prepared, relayOnly },
      codecs: options.codecs,
      request: options.request,
      streamIdOf: options.streamIdOf,
      onTracks: () => this.#sessions.update(),
      onState: (direction, state) => {
        if (this.#sessions.newest === session) this.#recovery.onState(direction, state);
        this.#sessions.review();
      },
      ...{ voices: this.voices, onPaths: ifNewest(options.onPaths) },
      onPulse: ifNewest((direction: Direction, isAlive: boolean) =>
        this.#recovery.onState(direction, isAlive ? 'connected' : 'stalled'),
      ),
      onUseless: () => this.#replace(session),
      senderOf: (trackId) =>
        options.stateOf(trackId) === 'sending' ? options.ownerOf(trackId) : undefined,
      ...{ wanted: () => options.local.entries, onAnswer: () => this.#sessions.review() },
      mayBegin: (kind) =>
        this.#sessions.newest === session && this.#sent.get(session)?.includes(kind) === true,
      onRefused: ifNewest(options.onRefused),
      onUnusable: ifNewest((trackIds, cause) => this.#giveUp(session, trackIds, cause)),
      onProblem: ifNewest(options.onProblem),
    });
    return session;
  }

  /** Tells the server that it may close the older sessions. */
  #settle(): void {
    const { newest, all } = this.#sessions;
    this.#settling.settle(all.length === 1 ? newest?.epoch : undefined);
  }

  #usable(message: EventPayload<'consumers'>): Consumer[] {
    return unpacked(message).filter(({ trackId }) => !this.#unusable.has(trackId));
  }

  /** After a failed negotiation, a transport cannot be used for other tracks either. */
  #giveUp(session: MediaSession, trackIds: readonly string[], cause: unknown): void {
    for (const trackId of trackIds) this.#unusable.add(trackId);
    this.#options.onProblem(new ParleyError('unsupported_media', { cause }));
    this.#replace(session);
  }

  /** Asks for another session, unless there is one already. */
  #replace(session: MediaSession): void {
    const { request, retries, onProblem } = this.#options;
    const send = () =>
      this.#sessions.newest === session
        ? request('rebuildMedia', { epoch: session.epoch })
        : undefined;
    retries.send('rebuildMedia', send, onProblem);
  }

  async #recover(step: RecoveryStep, direction: Direction): Promise<void> {
    const session = this.#sessions.newest;
    // Without a socket nothing can be repaired. The next step follows when it is back.
    if (!session || !this.#options.isUp()) return;
    if (step === 'restart-ice') return session.restartIce(direction);
    this.#relayNext = step === 'rebuild-relay';
    try {
      await this.#options.request('rebuildMedia', { epoch: session.epoch });
    } catch (error) {
      // The next session has another cause.
      this.#relayNext = false;
      throw error;
    }
  }
}
