// What was prepared for one join: used by its first attempt, and closed if that cannot use it.
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { Socket, SocketListener } from '../link/socket.ts';
import type { PreparedTransports } from '../prepared/prepared-transports.ts';

/** A socket, open or opening, with transports if they are there. It belongs to the join that took it. */
export interface Ready {
  /** @returns the socket, whose events go to this listener from now on. Rejects when it does not open */
  listen(listener: SocketListener): Promise<Socket>;
  readonly media: ReadyMedia | undefined;
}

export interface ReadyMedia {
  /** The server's name for it. */
  readonly id: string;
  readonly epoch: number;
  /** Ids of the tracks that are negotiated. */
  readonly trackIds: ReadonlyMap<TrackSource, string>;
  take(): PreparedTransports;
  close(): void;
}

/** The listener of a socket that is closed as soon as it is open. */
const NOBODY: SocketListener = { onEvent: () => {}, onSize: () => {}, onLost: () => {} };

export class ReadyJoin {
  readonly #ready: Ready | undefined;
  #socket: Socket | undefined;
  /** The first attempt has the socket, and closes it. */
  #isAsked = false;

  constructor(ready: Ready | undefined) {
    this.#ready = ready;
  }

  /** The socket of the first attempt, if there is one. */
  socket(listener: SocketListener): Promise<Socket> | undefined {
    this.#isAsked = true;
    return this.#ready?.listen(listener).then((socket) => {
      this.#socket = socket;
      return socket;
    });
  }

  /** What a join on this socket may name. */
  namesOn(socket: Socket): Pick<MethodParams<'join'>, 'prepared'> {
    const media = socket === this.#socket ? this.#ready?.media : undefined;
    return media ? { prepared: media.id } : {};
  }

  /** The id that a track of this source was negotiated under. */
  trackId(source: TrackSource): string | undefined {
    return this.#ready?.media?.trackIds.get(source);
  }

  /** The transports of this media session. The server may have opened others. */
  transports(epoch: number): PreparedTransports | undefined {
    const media = this.#ready?.media;
    if (media?.epoch === epoch) return media.take();
    this.close();
    return undefined;
  }

  /** Idempotent. Transports that were taken stay, and so does the socket of an attempt. */
  close(): void {
    this.#ready?.media?.close();
    if (this.#isAsked) return;
    // The join was given up before its first attempt: what is open at the server ends with the socket.
    this.socket(NOBODY)?.then(
      (socket) => socket.close(),
      () => {},
    );
  }
}
