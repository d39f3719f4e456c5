// One media session: a transport to send and one to receive, until the server offers another.
import type { Device, types } from 'mediasoup-client';
import type { ParleyError } from '../../../shared/errors.ts';
import { DtlsParameters, type IceServer } from '../../../shared/media/rtp.ts';
import type { Direction, MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { MethodName, MethodParams, MethodResult } from '../../../shared/protocol/protocol.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import { Retries } from '../link/retries.ts';
import { PathWatch } from '../paths/path-watch.ts';
import { isOffered, keepPlaces, relayUrls } from '../paths/relay-servers.ts';
import type { Paths } from '../paths/selected-path.ts';
import type { PreparedTransports } from '../prepared/prepared-transports.ts';
import type { VoiceGates } from '../voice/voice-gates.ts';
import type { LocalEntry } from './local-tracks.ts';
import type { MediaRequest } from './media-request.ts';
import { Receiver, type ReceiverOptions } from './receiver.ts';
import { Sender, type SenderOptions } from './sender.ts';

export type Request = <K extends MethodName>(
  method: K,
  params: MethodParams<K>,
) => Promise<MethodResult<K>>;

export interface MediaSessionOptions
  extends Pick<ReceiverOptions, 'streamIdOf' | 'senderOf' | 'onTracks' | 'onUnusable'>,
    Pick<SenderOptions, 'onRefused' | 'onAnswer' | 'voices' | 'wanted' | 'mayBegin' | 'codecs'> {
  device: Device;
  voices: VoiceGates;
  offer: MediaOffer;
  /** Transports of this offer that are there already. */
  prepared: PreparedTransports | undefined;
  relayOnly: boolean;
  request: Request;
  onState(direction: Direction, state: types.ConnectionState): void;
  /** The path of a transport's packets changed. */
  onPaths(): void;
  /** A relay that carried packets all the time fell silent, or carries packets again. */
  onPulse(direction: Direction, isAlive: boolean): void;
  /** This session cannot be used: another one is needed. */
  onUseless(): void;
  /** The server refused another request. The session may be out of date. */
  onProblem(error: ParleyError): void;
}

const DIRECTIONS: readonly Direction[] = ['send', 'recv'];
const BROKEN: ReadonlySet<types.ConnectionState> = new Set(['disconnected', 'failed', 'closed']);

export class MediaSession {
  readonly epoch: number;
  readonly receiver: Receiver;
  readonly sender: Sender;
  readonly #options: MediaSessionOptions;
  readonly #send: types.Transport;
  readonly #recv: types.Transport;
  readonly #retries = new Retries();
  readonly #watches: Record<Direction, PathWatch>;
  #iceServers: readonly IceServer[];
  /** Addresses of relays in the longest list so far. */
  #longest: readonly string[];
  readonly #receiving = Promise.withResolvers<void>();
  readonly #dtls: Partial<Record<Direction, DtlsParameters>>;
  #closed = false;

  constructor(options: MediaSessionOptions) {
    const { device, offer, prepared, relayOnly } = options;
    this.#options = options;
    this.epoch = offer.epoch;
    this.#iceServers = offer.iceServers;
    this.#longest = relayUrls(offer.iceServers);
    const common = {
      iceServers: offer.iceServers,
      ...(relayOnly && { iceTransportPolicy: 'relay' as const }),
    };
    this.#send = prepared?.send ?? device.createSendTransport({ ...offer.send, ...common });
    this.#recv = prepared?.recv ?? device.createRecvTransport({ ...offer.recv, ...common });
    this.#dtls = { ...prepared?.dtls };
    this.#watches = { send: this.#watch('send'), recv: this.#watch('recv') };
    for (const direction of DIRECTIONS) this.#listen(direction);
    const shared = { ...options, epoch: this.epoch, requestMedia: this.#requestMedia };
    const tracks = prepared?.tracks ?? [];
    // Before the sender takes over prepared tracks: a microphone may need a gate now.
    options.voices.choose(offer.voices);
    this.sender = new Sender({ ...shared, transport: this.#send, prepared: tracks });
    this.sender.demanded(offer.demand);
    this.receiver = new Receiver({ ...shared, transport: this.#recv, ahead: prepared?.ahead });
  }

  /** Takes the state of transports that were connected before: their events of then had no listener here. */
  async catchUp(): Promise<void> {
    const { prepared, offer } = this.#options;
    if (!prepared) return;
    for (const direction of DIRECTIONS) {
      const { connectionState } = this.#transport(direction);
      if (connectionState !== 'new') this.#onState(direction, connectionState);
      if (prepared.unconfirmed.has(direction)) this.#requestConnect(direction);
    }
    // Credentials are new; and while nobody listened, servers may have come and gone.
    const { iceServers } = prepared;
    if (iceServers.length + offer.iceServers.length === 0) return;
    await this.updateIceServers(offer.iceServers, { move: true });
  }

  /** Resolves when a received track has a path, at once when there are none. */
  get receiving(): Promise<void> {
    if (this.receiver.received.length === 0 || this.receiver.isConnected) {
      return Promise.resolve();
    }
    return this.#receiving.promise;
  }

  /** Whether what we send arrives at the server. */
  get isSending(): boolean {
    return this.#send.connectionState === 'connected';
  }

  /** Whether a path was lost. */
  get isBroken(): boolean {
    return BROKEN.has(this.#send.connectionState) || BROKEN.has(this.#recv.connectionState);
  }

  /** Whether it has a path, in either direction. */
  get isCarrying(): boolean {
    return this.isSending || this.receiver.isConnected;
  }

  /** How the packets travel. */
  get paths(): Paths {
    const { send, recv } = this.#watches;
    return { send: send.path, recv: recv.path };
  }

  /** Whether a transport's packets go through a TURN server, or did when they last arrived. */
  isRelayed(direction: Direction): boolean {
    return this.#options.relayOnly || this.#watches[direction].isRelayed;
  }

  /**
   * Repeats requests that the server missed, and takes its own changes from the offer.
   *
   * @param known our tracks that the server knows
   */
  async resync(offer: MediaOffer, entries: readonly LocalEntry[], known: ReadonlySet<string>) {
    // While there was no socket, servers may have come, and a request to leave some may have been lost.
    await this.updateIceServers(offer.iceServers, { move: true });
    for (const direction of DIRECTIONS) {
      this.#requestConnect(direction);
      this.#watches[direction].resync();
    }
    this.sender.demanded(offer.demand);
    this.#options.voices.choose(offer.voices);
    this.sender.publications.again(entries, known);
    await this.receiver.resync(offer.consumers);
  }

  /** @throws ParleyError or an error of the browser */
  async restartIce(direction: Direction): Promise<void> {
    const { epoch } = this;
    const answer = await this.#options.request('restartIce', { epoch, direction });
    if (this.#closed) return;
    await this.updateIceServers(answer.iceServers);
    this.#watches[direction].onRestart();
    await this.#transport(direction).restartIce({ iceParameters: answer.iceParameters });
  }

  /** @param move leaves relays that are not among these */
  async updateIceServers(given: IceServer[], { move = false } = {}): Promise<void> {
    this.#iceServers = given;
    const relays = relayUrls(given);
    if (relays.length >= this.#longest.length) this.#longest = relays;
    const iceServers = keepPlaces(given, this.#longest);
    await Promise.all(
      [this.#send, this.#recv].map((transport) => transport.updateIceServers({ iceServers })),
    );
    // Without any relay there is nothing to move to. A path that works is better.
    if (!move || relays.length === 0) return;
    for (const direction of DIRECTIONS) this.#watches[direction].allow(given);
  }

  async stats(): Promise<Record<Direction, RTCStatsReport>> {
    const [send, recv] = await Promise.all([this.sendStats(), this.receiver.stats()]);
    return { send, recv };
  }

  sendStats(): Promise<RTCStatsReport> {
    return this.#send.getStats();
  }

  /** Closes both transports and all they carry. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retries.close();
    for (const direction of DIRECTIONS) this.#watches[direction].close();
    this.sender.close();
    this.receiver.close();
  }

  #transport(direction: Direction): types.Transport {
    return direction === 'send' ? this.#send : this.#recv;
  }

  #watch(direction: Direction): PathWatch {
    const { request, onPaths, onPulse, onUseless, senderOf } = this.#options;
    const { epoch } = this;
    return new PathWatch({
      stats: () => this.#transport(direction).getStats(),
      retries: this.#retries,
      key: `path ${direction}`,
      report: (path, refusals) =>
        request('path', { epoch, direction, path, refusals: [...refusals] }),
      restartIce: () => this.restartIce(direction),
      rebuild: onUseless,
      onChange: onPaths,
      expects: (sent) => {
        // The media server acknowledges what we send, so silence means that the relay is gone.
        if (direction === 'send') return sent > 0 ? 'surely' : 'nothing';
        const senders = new Set(this.receiver.received.map(({ trackId }) => senderOf(trackId)));
        senders.delete(undefined);
        // Several senders do not vanish at the same moment. A single one might.
        return senders.size === 0 ? 'nothing' : senders.size === 1 ? 'perhaps' : 'surely';
      },
      onPulse: (isAlive) => onPulse(direction, isAlive),
    });
  }

  #listen(direction: Direction): void {
    const transport = this.#transport(direction);
    transport.on('connect', ({ dtlsParameters }, done) => {
      this.#dtls[direction] = toWire(DtlsParameters, dtlsParameters);
      done();
      this.#requestConnect(direction);
    });
    transport.on('connectionstatechange', (state) => this.#onState(direction, state));
    transport.on('icecandidateerror', (error) => {
      // Servers that only keep a place in the list refuse us, as they should.
      if (isOffered(error.url, this.#iceServers)) this.#watches[direction].onIceError(error);
    });
  }

  #onState(direction: Direction, state: types.ConnectionState): void {
    if (direction === 'recv' && state === 'connected') this.#receiving.resolve();
    if (this.#closed) return;
    this.#watches[direction].onState(state);
    this.#options.onState(direction, state);
  }

  #requestConnect(direction: Direction): void {
    const dtlsParameters = this.#dtls[direction];
    if (!dtlsParameters) return;
    this.#requestMedia('connect', direction, () => ({
      epoch: this.epoch,
      direction,
      dtlsParameters,
    }));
  }

  /** A request lost with the socket is repeated after the resume. One for an older session no longer matters. */
  readonly #requestMedia: MediaRequest = (
    method,
    key,
    params,
    onRefused = this.#options.onProblem,
    onAnswer,
  ) => {
    const send = () => {
      const now = this.#closed ? undefined : params();
      return now && this.#options.request(method, now).then(onAnswer);
    };
    this.#retries.send(`${method} ${key}`, send, (error) => {
      const moot = error.code === 'unreachable' || error.code === 'stale_epoch';
      if (!moot && !this.#closed) onRefused(error);
    });
  };
}
