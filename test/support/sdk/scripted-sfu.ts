// A server that a test scripts, with a real mediasoup router: for media sessions that overlap.
import './media.ts';
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createWorker } from 'mediasoup';
import type { Consumer, Producer, Router, WebRtcTransport } from 'mediasoup/types';
import { Device } from 'mediasoup-client';
import { joinCall } from '../../../client/sdk/session/join-call.ts';
import type { Call, JoinOptions, LocalTrackInput } from '../../../client/sdk/session/types.ts';
import { ROUTER_CODECS, ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { type IceServer, RtpCapabilities, RtpParameters } from '../../../shared/media/rtp.ts';
import type { Consumer as ConsumerDescription } from '../../../shared/protocol/consumers.ts';
import type { Direction, MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { MethodName, MethodParams } from '../../../shared/protocol/protocol.ts';
import { type Request, toWire } from '../../../shared/protocol/rpc.ts';
import { emptyRoom, type RoomSnapshot } from '../../../shared/room/room.ts';
import { until } from '../process/until.ts';
import { workerBinary } from '../server/app.ts';
import { ownedBy } from '../server/owned.ts';
import { cameraTrack, microphoneTrack } from './media.ts';
import { type Scripted, type ScriptedServer, scriptedServer } from './scripted-server.ts';

export const ADA = 'participant-ada';
const BEN = 'participant-ben';
/** The track that Ben sends all the time. */
export const CAMERA = 'track-camera-of-ben';
export const VOICE = 'track-voice-of-ben';

/** One media session of Ada's, on the server's side. */
interface Served {
  readonly transports: Record<Direction, WebRtcTransport>;
  readonly producers: Map<string, Producer>;
  readonly consumers: Map<string, ConsumerDescription>;
}

export interface OfferOptions {
  /** Ben's tracks in it. Default: both. */
  tracks?: readonly string[];
  /** Its consumers carry no packets until `resume`. */
  paused?: boolean;
  /** No path to it is ever found. */
  unreachable?: boolean;
}

export class ScriptedSfu {
  /** Requests that are refused with this code, by method. */
  readonly refusals = new Map<MethodName, string>();
  /** The TURN servers in offers to Ada. */
  iceServers: IceServer[] = [];
  readonly #sessions = new Map<number, Served>();
  readonly #sources = new Map<string, Producer>();
  readonly #connected = new Set<WebRtcTransport>();
  readonly #router: Router;
  #server: ScriptedServer | undefined;
  readonly #consumers = new Map<string, Consumer>();
  #first: OfferOptions = {};

  private constructor(router: Router) {
    this.#router = router;
  }

  static async start(context: TestContext): Promise<ScriptedSfu> {
    const worker = await createWorker({ workerBin: await workerBinary(), logLevel: 'error' });
    ownedBy(context).defer(() => worker.close());
    const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] });
    const sfu = new ScriptedSfu(router);
    await sfu.#send(context);
    sfu.#server = await scriptedServer(context, (request, connection) => {
      sfu.#answer(request, connection).catch((error) => connection.refuse(request.id, error.code));
    });
    return sfu;
  }

  /** Ada joins; her first media session has epoch 1. */
  async join(
    context: TestContext,
    tracks: readonly LocalTrackInput[] = [],
    first: OfferOptions = {},
    options: Pick<JoinOptions, 'relayOnly'> = {},
  ): Promise<Call> {
    this.#first = first;
    assert.ok(this.#server);
    const { url } = this.#server;
    const call = await joinCall({
      url,
      room: 'team',
      name: 'Ada',
      handlerName: 'Chrome111',
      tracks,
      ...options,
    });
    ownedBy(context).defer(() => call.leave());
    return call;
  }

  get connection(): Scripted {
    const connection = this.#server?.connections.at(-1);
    assert.ok(connection, 'nobody is connected');
    return connection;
  }

  /** The parameters of all requests of this method, oldest first. */
  requests<K extends MethodName>(method: K): MethodParams<K>[] {
    const requests = this.#server?.requests ?? [];
    return requests.flatMap((request) =>
      request.method === method ? [request.params as MethodParams<K>] : [],
    );
  }

  /** Opens another media session, or describes the one that has this epoch. */
  async offer(epoch: number, options: OfferOptions = {}): Promise<MediaOffer> {
    let session = this.#sessions.get(epoch);
    if (!session) {
      const transports = { send: await this.#transport(), recv: await this.#transport() };
      session = { transports, producers: new Map(), consumers: new Map() };
      this.#sessions.set(epoch, session);
      for (const trackId of options.tracks ?? [CAMERA, VOICE]) {
        await this.consume(epoch, trackId, options);
      }
    }
    const { send, recv } = session.transports;
    const consumers = [...session.consumers.values()];
    return {
      epoch,
      send: describe(send, options),
      recv: describe(recv, options),
      consumers,
      iceServers: this.iceServers,
      iceServersExpireAt: null,
    };
  }

  /** Makes another consumer of one of Ben's tracks, without an event to Ada. */
  async consume(
    epoch: number,
    trackId: string,
    { paused = false }: OfferOptions = {},
  ): Promise<ConsumerDescription> {
    const { transports, consumers } = this.#session(epoch);
    const source = this.#sources.get(trackId);
    assert.ok(source);
    const consumer = await transports.recv.consume({
      producerId: source.id,
      rtpCapabilities: toWire(RtpCapabilities, ROUTER_RTP_CAPABILITIES),
      paused,
    });
    const { id, kind } = consumer;
    this.#consumers.set(id, consumer);
    const rtpParameters = toWire(RtpParameters, consumer.rtpParameters);
    const description = { trackId, consumerId: id, kind, rtpParameters, waiting: paused };
    consumers.set(id, description);
    return description;
  }

  async resume(consumerId: string): Promise<void> {
    await this.#consumers.get(consumerId)?.resume();
  }

  /** Closes a consumer, without an event to Ada. */
  close(epoch: number, consumerId: string): void {
    this.#consumers.get(consumerId)?.close();
    this.#session(epoch).consumers.delete(consumerId);
  }

  /** How many packets of one of Ada's tracks have arrived on a media session. */
  async packets(epoch: number, trackId: string): Promise<number> {
    const producer = this.#session(epoch).producers.get(trackId);
    assert.ok(producer, `nothing was published on ${epoch}`);
    const stats = await producer.getStats();
    return stats.reduce((sum, { packetCount }) => sum + packetCount, 0);
  }

  #session(epoch: number): Served {
    const session = this.#sessions.get(epoch);
    assert.ok(session, `there is no media session ${epoch}`);
    return session;
  }

  async #answer(request: Request, connection: Scripted): Promise<void> {
    const { id, params } = request;
    const method = request.method as MethodName;
    const refusal = this.refusals.get(method);
    if (refusal !== undefined) return connection.refuse(id, refusal);
    if (method === 'join') return connection.reply(id, await this.#joined());
    if (method === 'snapshot') return connection.reply(id, snapshot());
    if (method === 'connect') {
      const { epoch, direction, dtlsParameters } = params as MethodParams<'connect'>;
      const transport = this.#session(epoch).transports[direction];
      // Not read from its DTLS state: a handshake may run before the request to connect.
      if (!this.#connected.has(transport)) {
        this.#connected.add(transport);
        await transport.connect({ dtlsParameters });
      }
    }
    if (method === 'restartIce') {
      const { epoch, direction } = params as MethodParams<'restartIce'>;
      const iceParameters = await this.#session(epoch).transports[direction].restartIce();
      const { iceServers } = this;
      return connection.reply(id, { iceParameters, iceServers, iceServersExpireAt: null });
    }
    if (method === 'publish') {
      const { epoch, trackId, kind, rtpParameters } = params as MethodParams<'publish'>;
      const { transports, producers } = this.#session(epoch);
      if (!producers.has(trackId)) {
        producers.set(trackId, await transports.send.produce({ kind, rtpParameters }));
      }
    }
    connection.reply(id, {});
  }

  async #joined() {
    return {
      participantId: ADA,
      resumeSecret: 'secret',
      gracePeriodMs: 30_000,
      snapshot: snapshot(),
      media: await this.offer(1, this.#first),
    };
  }

  /** Ben: a camera and a voice that are sent to the router as a browser would. */
  async #send(context: TestContext): Promise<void> {
    const owned = ownedBy(context);
    const device = new Device({ handlerName: 'Chrome111' });
    await device.load({ routerRtpCapabilities: ROUTER_RTP_CAPABILITIES });
    const served = await this.#transport();
    const transport = device.createSendTransport(describe(served));
    owned.defer(() => transport.close());
    transport.on('connect', ({ dtlsParameters }, done) => {
      served.connect({ dtlsParameters }).then(done);
    });
    transport.on('produce', ({ kind, rtpParameters }, done) => {
      served.produce({ kind, rtpParameters }).then((producer) => {
        this.#sources.set(kind === 'video' ? CAMERA : VOICE, producer);
        done({ id: producer.id });
      });
    });
    for (const made of [cameraTrack(), microphoneTrack()]) {
      owned.use(made);
      await transport.produce({ track: made.track, stopTracks: false });
    }
    await until('Ben to be connected', () => assert.equal(transport.connectionState, 'connected'));
  }

  #transport(): Promise<WebRtcTransport> {
    return this.#router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    });
  }
}

function snapshot(): RoomSnapshot {
  const participant = { role: 'guest', joinedAt: 1, online: true } as const;
  return {
    ...emptyRoom('team'),
    participants: [
      { ...participant, id: BEN, name: 'Ben' },
      { ...participant, id: ADA, name: 'Ada' },
    ],
    tracks: [
      { id: CAMERA, participantId: BEN, kind: 'video', source: 'camera', muted: false },
      { id: VOICE, participantId: BEN, kind: 'audio', source: 'microphone', muted: false },
    ],
  };
}

function describe(
  { id, iceParameters, iceCandidates, dtlsParameters }: WebRtcTransport,
  { unreachable = false }: OfferOptions = {},
) {
  // With the wrong password every connectivity check is refused (RFC 8445 §7.3).
  const password = unreachable ? 'not-the-password-of-this-one' : iceParameters.password;
  return { id, iceParameters: { ...iceParameters, password }, iceCandidates, dtlsParameters };
}
