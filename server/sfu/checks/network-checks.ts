// Network checks of this node: a transport for each path to it, with an echo behind it.
import type { Router, WebRtcTransport } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import type { IceServer } from '../../../shared/media/rtp.ts';
import { CHECK_STREAMS, type CheckPath } from '../../../shared/protocol/check-messages.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { MediaParams, MediaResult } from '../../cluster/messages/media.ts';
import type { Config } from '../../config/config.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { AnnouncedNames } from '../workers/announced-names.ts';
import { countWhileOpen } from '../workers/count.ts';
import type { LiveWorker } from '../workers/worker-pool.ts';

/** Bytes of an echo that may wait for a slow line. More are dropped: a check is not worth more memory. */
const ECHO_BUFFER_BYTES = 1_000_000;
/** Bytes of one message. Ours are 16 kB at most. */
const MESSAGE_BYTES = 65_536;
/** When another client's check may be over. */
const RETRY_AFTER_MS = 10_000;

export interface NetworkChecksOptions {
  media: Pick<Config['media'], 'protocols'>;
  limits: Pick<Config['limits'], 'networkChecks' | 'networkCheckSeconds'>;
  pickWorker(): Promise<LiveWorker>;
  names: Pick<AnnouncedNames, 'withAddresses'>;
  resources: Resources;
}

export type IceServersFor = (
  userId: string,
) => readonly IceServer[] | Promise<readonly IceServer[]>;

type Way = Pick<CheckPath, 'kind' | 'url' | 'iceServers'>;

interface Check {
  /** By their ids. */
  readonly transports: Map<string, WebRtcTransport>;
  readonly timer: Timer;
  router: Router | undefined;
  closed: boolean;
}

export class NetworkChecks {
  readonly #options: NetworkChecksOptions;
  readonly #checks = new Map<string, Check>();
  #closed = false;

  constructor(options: NetworkChecksOptions) {
    this.#options = options;
  }

  /**
   * Opens a transport for each path to this node. They close after NETWORK_CHECK_SECONDS.
   * @throws ParleyError `no_capacity` when MAX_NETWORK_CHECKS are open; `media_failed`
   */
  async open(
    { checkId }: MediaParams<'checkOpen'>,
    iceServersFor: IceServersFor,
  ): Promise<MediaResult<'checkOpen'>> {
    const { limits, resources } = this.#options;
    // The answer to the first request was lost: this one replaces it.
    this.#end(checkId);
    if (this.#closed || this.#checks.size >= limits.networkChecks) {
      throw new ParleyError('no_capacity', {
        message: 'Too many people check their network at the moment. Try again in half a minute.',
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    const forMs = limits.networkCheckSeconds * 1000;
    const timer = resources.after(forMs, () => this.#end(checkId, check));
    const check: Check = { transports: new Map(), timer, router: undefined, closed: false };
    this.#checks.set(checkId, check);
    try {
      const paths = await this.#openPaths(check, await iceServersFor(checkId));
      return { paths, forMs };
    } catch (error) {
      this.#end(checkId, check);
      throw error;
    }
  }

  /** Idempotent: a path keeps what connected it first. @throws ParleyError `media_failed` */
  async connect({ checkId, id, dtlsParameters }: MediaParams<'checkConnect'>): Promise<void> {
    const transport = this.#checks.get(checkId)?.transports.get(id);
    if (!transport || transport.closed) {
      throw new ParleyError('media_failed', {
        message: 'This network check is over. Run it again.',
      });
    }
    if (transport.dtlsState === 'new' && transport.appData.connected !== true) {
      transport.appData.connected = true;
      await transport.connect({ dtlsParameters });
    }
  }

  /** Closes all that the check opened. Idempotent. */
  end({ checkId }: MediaParams<'checkEnd'>): void {
    this.#end(checkId);
  }

  close(): void {
    this.#closed = true;
    for (const checkId of [...this.#checks.keys()]) this.#end(checkId);
  }

  /** @param check only if it is still this one */
  #end(checkId: string, check = this.#checks.get(checkId)): void {
    if (!check) return;
    check.closed = true;
    check.timer.close();
    // One by one: with the router alone mediasoup would keep them for its WebRTC server.
    for (const transport of check.transports.values()) transport.close();
    check.router?.close();
    if (this.#checks.get(checkId) === check) this.#checks.delete(checkId);
  }

  async #openPaths(check: Check, iceServers: readonly IceServer[]): Promise<CheckPath[]> {
    const worker = await this.#options.pickWorker();
    // No codecs: this router carries only data.
    const router = await worker.worker.createRouter({ mediaCodecs: [] });
    countWhileOpen(this.#options.resources, 'router', router);
    const ways = check.closed ? [] : this.#ways(iceServers);
    const paths = ways.map((way) => this.#openPath(check, router, worker, way));
    const opened = await Promise.allSettled(paths);
    check.router = router;
    // While transports were opened the router had to stay: mediasoup would keep those that came after its end.
    if (check.closed) router.close();
    mustBeOpen(router);
    return opened.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  /** A server without UDP cannot be reached through a relay: TURN servers send nothing else. */
  #ways(iceServers: readonly IceServer[]): Way[] {
    const { protocols } = this.#options.media;
    const direct = protocols.map((kind): Way => ({ kind, url: null, iceServers: [] }));
    if (!protocols.includes('udp')) return direct;
    const relays = iceServers.flatMap((server) =>
      server.urls
        .filter((url) => /^turns?:/.test(url))
        .map((url): Way => ({ kind: 'relay', url, iceServers: [{ ...server, urls: [url] }] })),
    );
    return [...direct, ...relays].slice(0, LIMITS.checkPaths);
  }

  async #openPath(check: Check, router: Router, worker: LiveWorker, way: Way): Promise<CheckPath> {
    const transport = await router.createWebRtcTransport({
      webRtcServer: worker.server,
      enableUdp: way.kind !== 'tcp',
      enableTcp: way.kind === 'tcp',
      enableSctp: true,
      maxSendMessageSize: MESSAGE_BYTES,
      maxReceiveMessageSize: MESSAGE_BYTES,
      sctpSendBufferSize: ECHO_BUFFER_BYTES,
      sctpPerStreamSendQueueLimit: ECHO_BUFFER_BYTES,
      sctpMaxReceiverWindowBufferSize: ECHO_BUFFER_BYTES,
    });
    countWhileOpen(this.#options.resources, 'transport', transport);
    check.transports.set(transport.id, transport);
    if (check.closed) transport.close();
    // In order: consumers take the lowest free stream, so both sides number the streams alike.
    for (const [streamId, reliability] of CHECK_STREAMS.entries()) {
      mustBeOpen(transport);
      const { id } = await transport.produceData({
        sctpStreamParameters: { streamId, ...reliability },
      });
      mustBeOpen(transport);
      await transport.consumeData({ dataProducerId: id });
    }
    const { id, iceParameters, dtlsParameters, sctpParameters } = transport;
    const iceCandidates = this.#options.names.withAddresses(transport.iceCandidates);
    if (!sctpParameters) throw new ParleyError('media_failed');
    const { port, maxMessageSize } = sctpParameters;
    return {
      id,
      ...way,
      transport: { id, iceParameters, iceCandidates, dtlsParameters },
      sctp: { port, maxMessageSize },
    };
  }
}

/** @throws ParleyError `media_failed`. The worker has closed it too, and would log an error for whatever is asked of it. */
function mustBeOpen({ closed }: { readonly closed: boolean }): void {
  if (closed) throw new ParleyError('media_failed');
}
