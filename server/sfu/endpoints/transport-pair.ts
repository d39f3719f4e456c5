// The two transports of one media session: opened, connected once each, and closed together.
import type { DtlsState, WebRtcTransport } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import type { DtlsParameters, IceParameters } from '../../../shared/media/rtp.ts';
import type { Direction, TransportDescription } from '../../../shared/protocol/media-messages.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import { createTransport, type MediaContext } from './transport.ts';

const ENDED: ReadonlySet<DtlsState> = new Set(['failed', 'closed']);

export class TransportPair {
  readonly send: WebRtcTransport;
  readonly recv: WebRtcTransport;
  /** Called when DTLS has failed, or was ended by the client. */
  onDtlsEnded: (direction: Direction, state: DtlsState) => void = () => {};
  /** The DTLS fingerprints that each transport was connected with. */
  readonly #connected = new Map<Direction, string>();
  /** Transports whose DTLS has ended. mediasoup may begin another handshake there, which rarely succeeds. */
  readonly #dtlsEnded = new Set<Direction>();

  private constructor(send: WebRtcTransport, recv: WebRtcTransport) {
    this.send = send;
    this.recv = recv;
    this.#watchDtls('send');
    this.#watchDtls('recv');
  }

  /** @throws ParleyError `media_failed` */
  static async open(router: RoomRouter, context: MediaContext): Promise<TransportPair> {
    const create = (direction: Direction) => createTransport(router, direction, context);
    const results = await Promise.allSettled([create('send'), create('recv')]);
    const [send, recv] = results;
    if (send.status === 'fulfilled' && recv.status === 'fulfilled') {
      return new TransportPair(send.value, recv.value);
    }
    for (const result of results) if (result.status === 'fulfilled') result.value.close();
    const cause = results.find((result) => result.status === 'rejected')?.reason;
    throw new ParleyError('media_failed', { cause });
  }

  get closed(): boolean {
    return this.send.closed || this.recv.closed;
  }

  /**
   * Whether the DTLS of a transport failed, or was ended by the other side. Such a transport carries nothing any
   * more, while its ICE stays connected.
   */
  get dtlsEnded(): boolean {
    return this.#dtlsEnded.size > 0;
  }

  /** Whether it has a path, in either direction. */
  get carries(): boolean {
    return [this.send, this.recv].some(
      ({ closed, dtlsState, iceState }) =>
        !closed &&
        dtlsState === 'connected' &&
        (iceState === 'connected' || iceState === 'completed'),
    );
  }

  describe(direction: Direction): TransportDescription {
    const { id, iceParameters, iceCandidates, dtlsParameters } = this[direction];
    return { id, iceParameters, iceCandidates, dtlsParameters };
  }

  /**
   * Idempotent for the same parameters: a repetition after a lost answer is no error.
   * @throws ParleyError `media_failed`
   */
  async connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtlsParameters.fingerprints);
    const before = this.#connected.get(direction);
    if (before === fingerprint) return;
    if (before !== undefined) throw new ParleyError('media_failed');
    this.#connected.set(direction, fingerprint);
    try {
      await this[direction].connect({ dtlsParameters });
    } catch (cause) {
      this.#connected.delete(direction);
      throw new ParleyError('media_failed', { cause });
    }
  }

  restartIce(direction: Direction): Promise<IceParameters> {
    return this[direction].restartIce();
  }

  /** Idempotent. */
  close(): void {
    this.send.close();
    this.recv.close();
  }

  #watchDtls(direction: Direction): void {
    this[direction].on('dtlsstatechange', (state) => {
      if (state === 'connected') this.#dtlsEnded.delete(direction);
      if (!ENDED.has(state)) return;
      this.#dtlsEnded.add(direction);
      this.onDtlsEnded(direction, state);
    });
  }
}
