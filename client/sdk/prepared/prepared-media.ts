// The two transports of a join that may follow, connected before it. Nothing is sent or received on them.
import type { Device, types } from 'mediasoup-client';
import type { VideoCodec } from '../../../shared/media/media.ts';
import { DtlsParameters, RtpParameters } from '../../../shared/media/rtp.ts';
import type { Direction } from '../../../shared/protocol/media-messages.ts';
import type { EventPayload } from '../../../shared/protocol/protocol.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import { CodecChoice } from '../media/encodings/codec-choice.ts';
import { PRODUCER_OPTIONS, sendingOptions, sizeOf } from '../media/sending-options.ts';
import { randomId } from '../session/ids.ts';
import type { LocalTrackInput } from '../session/types.ts';
import { pictureAhead, silentConsumer } from './consumers-ahead.ts';
import type { PreparedTrack, PreparedTransports } from './prepared-transports.ts';

export interface PreparedMediaOptions {
  device: Device;
  offer: EventPayload<'prepared'>;
  relayOnly: boolean;
  /** The application's own choice. Undefined: the server's. */
  videoCodec: VideoCodec | undefined;
  /** Rejects when the server refuses it. */
  connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** It cannot be used, or not any more. */
  onUseless(): void;
}

const OVER: ReadonlySet<types.ConnectionState> = new Set(['disconnected', 'failed', 'closed']);

export class PreparedMedia {
  readonly id: string;
  readonly epoch: number;
  readonly #options: PreparedMediaOptions;
  readonly #transports: Record<Direction, types.Transport>;
  readonly #dtls: Partial<Record<Direction, DtlsParameters>> = {};
  readonly #unconfirmed = new Set<Direction>();
  readonly #tracks = new Map<TrackSource, PreparedTrack>();
  readonly #codecs: CodecChoice;
  readonly #listeners: (() => void)[] = [];
  #ahead: types.Consumer | undefined;
  /** Negotiations under way. */
  #busy = 0;
  #isSendBegun = false;
  #isOver = false;

  constructor(options: PreparedMediaOptions) {
    const { device, offer, relayOnly } = options;
    this.#options = options;
    this.#codecs = new CodecChoice({ insisted: options.videoCodec });
    this.#codecs.prefer(offer.videoCodecs);
    this.id = offer.id;
    this.epoch = offer.epoch;
    const common = {
      iceServers: offer.iceServers,
      ...(relayOnly && { iceTransportPolicy: 'relay' as const }),
    };
    this.#transports = {
      send: device.createSendTransport({ ...offer.send, ...common }),
      recv: device.createRecvTransport({ ...offer.recv, ...common }),
    };
    this.#listen('send');
    this.#listen('recv');
    void this.#work(() => this.#openRecv());
  }

  /** Whether a join can take it now: nothing has failed, and no negotiation is under way. */
  get isReady(): boolean {
    const { send, recv } = this.#transports;
    const isUp = !OVER.has(send.connectionState) && !OVER.has(recv.connectionState);
    return !this.#isOver && isUp && this.#busy === 0 && this.#dtls.recv !== undefined;
  }

  /** The picture that is negotiated, if there is one. */
  get picture(): MediaStreamTrack | undefined {
    return this.#options.offer.picture && this.#ahead?.track;
  }

  /** Ids of the tracks that are negotiated. */
  get trackIds(): ReadonlyMap<TrackSource, string> {
    return new Map([...this.#tracks].map(([source, { id }]) => [source, id]));
  }

  /**
   * Negotiates these tracks, once. Nothing of them is encoded, since browsers keep what they cannot send yet, and
   * send it as soon as they can. The server gets what it needs to connect when no track is attached any more.
   */
  expect(inputs: readonly LocalTrackInput[]): void {
    const live = inputs.filter(({ track }) => track.readyState === 'live');
    if (this.#isSendBegun || this.#isOver || live.length === 0) return;
    this.#isSendBegun = true;
    void this.#work(async () => {
      await Promise.all(live.map((input) => this.#negotiate(input)));
      this.#connect('send');
    });
  }

  /** A join takes the transports: what becomes of them is not our concern any more. */
  take(): PreparedTransports {
    this.#isOver = true;
    for (const end of this.#listeners) end();
    return {
      ...this.#transports,
      iceServers: this.#options.offer.iceServers,
      dtls: this.#dtls,
      unconfirmed: this.#unconfirmed,
      tracks: [...this.#tracks.values()],
      ahead: this.#ahead,
    };
  }

  /** Idempotent. Does nothing after a join has taken it. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#transports.send.close();
    this.#transports.recv.close();
  }

  #listen(direction: Direction): void {
    const transport = this.#transports[direction];
    const onConnect: Listener<'connect'> = ({ dtlsParameters }, done) => {
      this.#dtls[direction] = toWire(DtlsParameters, dtlsParameters);
      done();
    };
    const onState = (state: types.ConnectionState) => {
      if (OVER.has(state) && !this.#isOver) this.#options.onUseless();
    };
    transport.on('connect', onConnect);
    transport.on('connectionstatechange', onState);
    this.#listeners.push(() => {
      transport.off('connect', onConnect);
      transport.off('connectionstatechange', onState);
    });
  }

  async #openRecv(): Promise<void> {
    const { device, offer } = this.#options;
    const options = offer.picture
      ? pictureAhead(offer.picture)
      : silentConsumer(device.recvRtpCapabilities);
    if (!options) throw new Error('this device receives no video');
    this.#ahead = await this.#transports.recv.consume(options);
    this.#connect('recv');
  }

  async #negotiate(input: LocalTrackInput): Promise<void> {
    const { device } = this.#options;
    const { source, track } = input;
    const { send } = this.#transports;
    const id = randomId();
    const described = Promise.withResolvers<RtpParameters>();
    const onProduce: Listener<'produce'> = ({ appData, rtpParameters }, done) => {
      if (appData.id !== id) return;
      described.resolve(toWire(RtpParameters, rtpParameters));
      done({ id });
    };
    send.on('produce', onProduce);
    try {
      if (track.kind === 'video') await this.#codecs.settling;
      const sentAs = this.#codecs.current(device);
      const { codec } = sentAs;
      const producer = await send.produce({
        track,
        ...PRODUCER_OPTIONS,
        ...sendingOptions(device, source, sentAs, sizeOf(track)),
        // Taken away before the negotiation: there is nothing that a browser could encode, or keep for later. Encodings
        // that are off instead would be off in the description too, and again after each later negotiation.
        onRtpSender: (sender) => void sender.replaceTrack(null).catch(() => {}),
        appData: { id },
      });
      await producer.replaceTrack({ track: null });
      const rtpParameters = await described.promise;
      if (this.#isOver) producer.close();
      else this.#tracks.set(source, { id, codec, producer, rtpParameters });
    } finally {
      send.off('produce', onProduce);
    }
  }

  #connect(direction: Direction): void {
    const dtlsParameters = this.#dtls[direction];
    if (!dtlsParameters || this.#isOver) return;
    this.#unconfirmed.add(direction);
    this.#options.connect(direction, dtlsParameters).then(
      () => this.#unconfirmed.delete(direction),
      () => {
        if (!this.#isOver) this.#options.onUseless();
      },
    );
  }

  async #work(action: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await action();
    } catch {
      if (!this.#isOver) this.#options.onUseless();
    } finally {
      this.#busy -= 1;
    }
  }
}

type Listener<K extends keyof types.TransportEvents> = (...args: types.TransportEvents[K]) => void;
