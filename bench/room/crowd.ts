// Participants of the protocol alone who count what they are sent, and read no more of it than they must.
import { inflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { ROUTER_RTP_CAPABILITIES } from '../../shared/media/media.ts';
import { FEATURES, type JoinResult, SUBPROTOCOL } from '../../shared/protocol/protocol.ts';
import type { TrackSource } from '../../shared/room/room.ts';
import { publication } from '../../test/support/server/rtp.ts';

/** Messages of the server, and their bytes. */
export interface Received {
  messages: number;
  bytes: number;
}

/** Bytes of an answer: as it is sent, and as text. */
export interface Answer {
  bytes: number;
  textBytes: number;
}

type Waiting = (answer: { result?: unknown; error?: unknown }, size: Answer) => void;

export class CrowdMember {
  readonly received: Received;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #last: Answer = { bytes: 0, textBytes: 0 };
  #nextId = 1;
  #epoch = 0;
  readonly #tracks = new Map<TrackSource, string>();

  private constructor(socket: WebSocket, received: Received) {
    this.#socket = socket;
    this.received = received;
    socket.on('message', (data: Buffer, isBinary) => {
      received.messages += 1;
      received.bytes += data.length;
      if (this.#waiting.size === 0) return;
      const text = isBinary ? inflateSync(data) : data;
      // Answers begin with their id; events are only counted.
      if (text.subarray(0, 5).toString() !== '{"id"') return;
      const answer = JSON.parse(String(text));
      const size = { bytes: data.length, textBytes: text.length };
      this.#waiting.get(answer.id)?.(answer, size);
      this.#waiting.delete(answer.id);
    });
  }

  /** @param received counts what all of a crowd are sent */
  static async open(url: string, received: Received): Promise<CrowdMember> {
    const socket = new WebSocket(url, [SUBPROTOCOL]);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('open', resolve);
    socket.once('error', reject);
    await promise;
    return new CrowdMember(socket, received);
  }

  async join(room: string, name: string): Promise<Answer> {
    const answer = (await this.#ask('join', {
      ...{ room, name, rtpCapabilities: ROUTER_RTP_CAPABILITIES, features: [...FEATURES] },
    })) as JoinResult;
    this.#epoch = answer.media.epoch;
    return this.#last;
  }

  async publish(sources: readonly TrackSource[]): Promise<void> {
    await Promise.all(
      sources.map(async (source) => {
        const params = publication(this.#epoch, { source });
        this.#tracks.set(source, params.trackId);
        await this.#ask('publish', params);
      }),
    );
  }

  mute(source: TrackSource, muted: boolean): Promise<unknown> {
    return this.#ask('mute', { trackId: this.#tracks.get(source), muted });
  }

  async leave(): Promise<void> {
    await this.#ask('leave', {});
    this.#socket.close();
  }

  close(): void {
    this.#socket.terminate();
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }, size) => {
        this.#last = size;
        if (error) reject(new Error(`${method}: ${JSON.stringify(error)}`));
        else resolve(result);
      });
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }
}
