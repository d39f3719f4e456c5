// The frames of a session to its client, in an order that the client can follow: while an answer with the
// room's state is under way, later frames wait behind it.
import type { PatchBatch, PatchReader } from '../roster/patch-batch.ts';

interface Waiting {
  frame: string;
  /** The version of the room patch that it carries, if it does. */
  version: number | undefined;
  /** It is about the room as the client knows it. */
  isOfRoom?: boolean;
}

/** Where frames go. */
export interface FrameSink {
  send(frame: string): void;
}

export class FrameQueue {
  readonly #sink: () => FrameSink | undefined;
  #waiting: Waiting[] = [];
  #pauses = 0;
  /** How many of them wait for the answer of a request. */
  #held = 0;
  /** The client has the room up to this version: older patches are not sent. */
  #version = 0;

  /** @param sink the socket of the client; without one frames are dropped, and a resume brings the state */
  constructor(sink: () => FrameSink | undefined) {
    this.#sink = sink;
  }

  /** Frames wait until `flush` was called as often as this. */
  pause(): void {
    this.#pauses += 1;
  }

  /** The client has another socket: what waited for the former one is part of the state it is sent. */
  clear(): void {
    this.#waiting = [];
  }

  /** Frames wait until `answered`: they come after what the answer of a request says. */
  hold(): void {
    this.pause();
    this.#held += 1;
  }

  /** The answer of a request was sent. */
  answered(): void {
    for (; this.#held > 0; this.#held -= 1) this.flush();
  }

  /** The client is sent the room as it is now: what waited is part of it. */
  dropRoomFrames(): void {
    this.#waiting = this.#waiting.filter(({ isOfRoom }) => !isOfRoom);
  }

  /** The client was sent the state, the room's up to `version`: what came after it follows. */
  flush(version = 0): void {
    this.#version = Math.max(this.#version, version);
    this.#pauses -= 1;
    if (this.#pauses > 0) return;
    for (const { frame, version } of this.#waiting.splice(0)) this.send(frame, version);
  }

  /** @param version of the room patch that the frame carries, if it does */
  send(frame: string, version?: number): void {
    const sink = this.#sink();
    if (!sink) return;
    if (version !== undefined && version <= this.#version) return;
    if (this.#pauses > 0) this.#waiting.push({ frame, version });
    else sink.send(frame);
  }

  /** An event about the room as the client knows it. */
  sendRoomFrame(frame: string): void {
    const sink = this.#sink();
    if (!sink) return;
    if (this.#pauses > 0) this.#waiting.push({ frame, version: undefined, isOfRoom: true });
    else sink.send(frame);
  }

  /** Gathered ones are sent as one, unless the client has the first of them already. */
  sendPatches({ patches, gathered }: PatchBatch, reader: PatchReader): void {
    const isFlowing = this.#pauses === 0 && (patches[0]?.patch.version ?? 0) > this.#version;
    const isWhole = !reader.older && !patches.some(({ patch }) => reader.except(patch));
    if (gathered !== undefined && reader.gathered && isFlowing && isWhole) {
      this.#sink()?.send(gathered());
      return;
    }
    for (const { patch, frame } of patches) {
      if (!reader.except(patch)) this.send(frame(reader.older), patch.version);
    }
  }

  /** The frame goes before all those that wait. */
  sendFirst(frame: string): void {
    const sink = this.#sink();
    if (!sink) return;
    if (this.#pauses > 0) this.#waiting.unshift({ frame, version: undefined });
    else sink.send(frame);
  }
}
