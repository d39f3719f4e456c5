// One transport to the media server, on node-datachannel: packets go in and out as they are, nothing is encoded.
import {
  type PeerConnection as Connection,
  PeerConnection,
  type Track,
  Video,
} from 'node-datachannel';
import type { DtlsParameters } from '../../../shared/media/rtp.ts';
import type { Direction, TransportDescription } from '../../../shared/protocol/media-messages.ts';
import { answerFor, dtlsOf, MEDIA_ID } from './descriptions.ts';
import { trySend } from './try-send.ts';

export interface TransportOptions {
  direction: Direction;
  description: TransportDescription;
  /** RTP and RTCP, decrypted. Without it they are thrown away without crossing into JavaScript, the larger part of their cost. */
  onPacket?: ((packet: Buffer) => void) | undefined;
  onOpen(): void;
  /** It lost its path, or the server ended its DTLS. Called once. */
  onFailed(): void;
}

export class Transport {
  readonly dtlsParameters: DtlsParameters;
  readonly #connection: Connection;
  readonly #track: Track;
  readonly #options: TransportOptions;
  #closed = false;
  #failed = false;

  /** @throws ParleyError `media_failed` when the description cannot be used */
  constructor(options: TransportOptions) {
    this.#options = options;
    const { direction, description } = options;
    const answer = answerFor(description, direction);
    this.#connection = new PeerConnection(description.id, {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    this.#connection.onStateChange((state) => this.#onState(state));
    const media = new Video(MEDIA_ID, direction === 'send' ? 'SendOnly' : 'RecvOnly');
    media.addVP8Codec(96);
    this.#track = this.#connection.addTrack(media);
    const { onPacket } = options;
    if (onPacket) {
      this.#track.onMessage((packet) => {
        if (!this.#closed) onPacket(packet);
      });
    }
    this.#connection.setLocalDescription('offer');
    this.dtlsParameters = dtlsOf(this.#connection.localDescription()?.sdp ?? '');
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  get isOpen(): boolean {
    return !this.#closed && !this.#failed && this.#track.isOpen();
  }

  /** @returns false when it cannot be sent: the transport is not open, or open no more */
  send(packet: Buffer): boolean {
    return !this.#closed && !this.#failed && trySend(this.#track, packet);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The track is closed with it. Closing the track first races with a packet that arrives.
    this.#connection.close();
  }

  #onState(state: string): void {
    if (this.#closed || this.#failed) return;
    if (state === 'connected') this.#options.onOpen();
    if (state !== 'failed' && state !== 'closed') return;
    this.#failed = true;
    this.#options.onFailed();
  }
}
