// A light WebRTC client that offers or answers: packets go in and out as they are, nothing is encoded.
import { PeerConnection, type Track, Video } from 'node-datachannel';
import { MEDIA_ID, PAYLOAD_TYPES } from '../../client/load/media/descriptions.ts';
import { trySend } from '../../client/load/media/try-send.ts';

export interface PeerOptions {
  name: string;
  /** RTP and RTCP, decrypted. */
  onPacket(packet: Buffer): void;
}

const CONNECT_MS = 20_000;

export class Peer {
  readonly #connection: PeerConnection;
  readonly #name: string;
  readonly #open = Promise.withResolvers<void>();
  readonly #gathered = Promise.withResolvers<void>();
  #track: Track | undefined;
  #closed = false;

  private constructor({ name, onPacket }: PeerOptions) {
    this.#name = name;
    this.#connection = new PeerConnection(name, {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    this.#connection.onStateChange((state) => {
      if (state === 'connected') this.#open.resolve();
      if (state === 'failed') this.#open.reject(new Error(`${name}: no path to the server`));
    });
    this.#connection.onGatheringStateChange((state) => {
      if (state === 'complete') this.#gathered.resolve();
    });
    this.#connection.onTrack((track) => this.#use(track, onPacket));
    // A caller that failed before it waited has an error of its own.
    this.#open.promise.catch(() => {});
  }

  /** @param ssrc of what it sends; without one it receives */
  static offering(options: PeerOptions, ssrc?: number): Peer {
    const peer = new Peer(options);
    const media = new Video(MEDIA_ID, ssrc === undefined ? 'RecvOnly' : 'SendOnly');
    media.addVP8Codec(PAYLOAD_TYPES.video);
    if (ssrc !== undefined) media.addSSRC(ssrc, options.name, options.name, options.name);
    peer.#use(peer.#connection.addTrack(media), options.onPacket);
    peer.#connection.setLocalDescription('offer');
    return peer;
  }

  static answering(options: PeerOptions, offer: string): Peer {
    const peer = new Peer(options);
    peer.#connection.setRemoteDescription(offer, 'offer');
    peer.#connection.setLocalDescription('answer');
    return peer;
  }

  /** Without candidates, for a server that learns our address from our packets. */
  get description(): string {
    return this.#connection.localDescription()?.sdp ?? '';
  }

  /** With all candidates. */
  async wholeDescription(): Promise<string> {
    await this.#gathered.promise;
    return this.description;
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  /** Resolves when ICE and DTLS are done. @throws Error when they do not end soon */
  async opened(): Promise<void> {
    const timer = setTimeout(() => {
      this.#open.reject(
        new Error(
          `${this.#name}: ICE ${this.#connection.iceState()}, ${this.#connection.state()} after ${CONNECT_MS} ms`,
        ),
      );
    }, CONNECT_MS);
    await this.#open.promise.finally(() => clearTimeout(timer));
  }

  /** @returns whether it was sent */
  send(packet: Buffer): boolean {
    return !this.#closed && this.#track !== undefined && trySend(this.#track, packet);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  #use(track: Track, onPacket: PeerOptions['onPacket']): void {
    this.#track = track;
    track.onMessage((packet) => {
      if (!this.#closed) onPacket(packet);
    });
  }
}
