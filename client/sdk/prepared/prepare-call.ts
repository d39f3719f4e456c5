// Prepares a call on the page before it: a socket, and transports that are connected. Nobody in the room sees it.
import { ParleyError } from '../../../shared/errors.ts';
import type { EventName, EventPayload } from '../../../shared/protocol/protocol.ts';
import { Socket, type SocketListener } from '../link/socket.ts';
import { type LoadedDevice, loadDevice } from '../session/preload.ts';
import type { Ready } from '../session/ready-join.ts';
import type { JoinOptions, LocalTrackInput, PreparedJoin } from '../session/types.ts';
import { PreparedMedia } from './prepared-media.ts';

export interface PrepareOptions
  extends Pick<JoinOptions, 'url' | 'room' | 'token' | 'relayOnly' | 'videoCodec' | 'handlerName'> {
  /** Nothing is prepared any more: it failed, or took too long. A join works all the same. */
  onOver?(): void;
}

/**
 * A socket that was silent for longer may be dead, as after a laptop has slept: its own pings come every five
 * seconds. A join would notice too late.
 */
const FRESH_MS = 7_000;

export class PreparedCall implements PreparedJoin {
  readonly #options: PrepareOptions;
  readonly #abort = new AbortController();
  #listener: SocketListener | undefined;
  #socket: Socket | undefined;
  #opening: Promise<Socket> | undefined;
  #media: PreparedMedia | undefined;
  #tracks: readonly LocalTrackInput[] = [];
  #isOver = false;
  #isTaken = false;

  constructor(options: PrepareOptions) {
    this.#options = options;
    this.#begin().catch(() => this.close());
  }

  /** A picture that the join will probably bring. Nothing comes of it before. */
  get picture(): MediaStreamTrack | undefined {
    return this.#media?.picture;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tracks that the participant will probably send: negotiated ahead, not sent. */
  expect(tracks: readonly LocalTrackInput[]): void {
    this.#tracks = tracks;
    this.#media?.expect(tracks);
  }

  /** A join is near: finds out whether the socket is alive. */
  refresh(): void {
    this.#socket?.doubt();
  }

  /** For a join, which owns from now on what it gets. Undefined: the join opens a socket of its own. */
  take(join: JoinOptions): Ready | undefined {
    const { url, room, token, relayOnly = false, videoCodec, handlerName } = this.#options;
    const isFor =
      String(url) === String(join.url) &&
      room === join.room &&
      token === join.token &&
      relayOnly === (join.relayOnly ?? false) &&
      videoCodec === join.videoCodec &&
      handlerName === join.handlerName;
    const opening = this.#opening;
    const isFresh = !this.#socket || Date.now() - this.#socket.heardAt < FRESH_MS;
    if (!isFor || !opening || !isFresh || this.#isOver) {
      this.close();
      return undefined;
    }
    this.#isOver = true;
    this.#isTaken = true;
    const listen = (listener: SocketListener) => {
      this.#listener = listener;
      return opening;
    };
    // It may be dead all the same: then it does not answer soon. The join goes out first.
    setTimeout(() => this.#socket?.doubt());
    const media = this.#media;
    if (media?.isReady) return { listen, media };
    media?.close();
    return { listen, media: undefined };
  }

  /** The page is left, or a join goes without it. Idempotent. Does nothing after a join has taken it. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort.abort();
    this.#media?.close();
    this.#socket?.close();
    this.#options.onOver?.();
  }

  async #begin(): Promise<void> {
    const { url, room, token, handlerName } = this.#options;
    const device = loadDevice(handlerName);
    const listener: SocketListener = {
      onEvent: (event, data) => {
        if (this.#listener) this.#listener.onEvent(event, data);
        else this.#onEvent(event, data, device);
      },
      onSize: (size) => this.#listener?.onSize(size),
      onLost: () => {
        if (this.#listener) this.#listener.onLost();
        else this.close();
      },
    };
    this.#opening = Socket.open(url, listener, this.#abort.signal);
    const socket = await this.#opening;
    this.#socket = socket;
    if (this.#isOver && !this.#isTaken) socket.close();
    const { rtpCapabilities } = await device;
    if (this.#isOver) return;
    const whose = { room, ...(token !== undefined && { token }) };
    await socket.request('prepare', { ...whose, rtpCapabilities });
  }

  #onEvent<K extends EventName>(event: K, data: EventPayload<K>, device: Promise<LoadedDevice>) {
    if (event === 'bye') this.close();
    if (event !== 'prepared') return;
    const offer = data as EventPayload<'prepared'>;
    device.then(
      (loaded) => this.#open(offer, loaded),
      () => this.close(),
    );
  }

  #open(offer: EventPayload<'prepared'>, { device }: LoadedDevice): void {
    if (this.#isOver || this.#media) return;
    const { relayOnly = false, videoCodec } = this.#options;
    this.#media = new PreparedMedia({
      ...{ device, offer, relayOnly, videoCodec },
      connect: async (direction, dtlsParameters) => {
        if (!this.#socket) throw new ParleyError('unreachable');
        await this.#socket.request('prepareConnect', { id: offer.id, direction, dtlsParameters });
      },
      onUseless: () => this.close(),
    });
    this.#media.expect(this.#tracks);
  }
}

/** Opens the paths of a join that will probably follow. It fails in silence: then the join opens them. */
export function prepareCall(options: PrepareOptions): PreparedCall {
  return new PreparedCall(options);
}
