// The frames of one session to its client, in an order that the client can follow: while an answer with
// the state is on its way, what happens after that state waits behind it.
import type { Connection } from './connection.ts';

interface Waiting {
  frame: string;
  /** Of the room patch it carries. */
  version: number | undefined;
}

export class FrameQueue {
  #connection: Connection | undefined;
  #waiting: Waiting[] = [];
  #holds = 0;
  /** The client has the room up to this version: older patches are not sent. */
  #version = 0;

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Frames go to this socket from now on, or nowhere: a client that returns gets the whole state. */
  set connection(connection: Connection | undefined) {
    this.#connection = connection;
    this.#waiting = [];
  }

  /** Nothing is sent until `flush` was called as often as this. */
  hold(): void {
    this.#holds += 1;
  }

  /** The client has the state, the room's up to `version`. What came after it follows. */
  flush(version = 0): void {
    this.#version = Math.max(this.#version, version);
    this.#holds -= 1;
    if (this.#holds > 0) return;
    for (const { frame, version } of this.#waiting.splice(0)) this.send(frame, version);
  }

  /** @param version of the room patch that the frame carries, if it does */
  send(frame: string, version?: number): void {
    if (!this.#connection) return;
    if (version !== undefined && version <= this.#version) return;
    if (this.#holds > 0) this.#waiting.push({ frame, version });
    else this.#connection.send(frame);
  }

  /** Before everything that is held back. */
  sendFirst(frame: string): void {
    if (!this.#connection) return;
    if (this.#holds > 0) this.#waiting.unshift({ frame, version: undefined });
    else this.#connection.send(frame);
  }
}
