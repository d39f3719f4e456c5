// A participant of the protocol alone who follows the room patch by patch, and goes elsewhere when told to:
// it notes what it missed or was told twice.
import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../../shared/errors.ts';
import type { JoinResult } from '../../../shared/protocol/protocol.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import { applyPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { type Heard, RawClient } from './client.ts';
import type { Owner } from './owned.ts';

export interface RoomFollowerOptions {
  owner: Owner;
  room: string;
  /** The signalling sockets' URLs: the one of the join, and the one it resumes at. */
  urls: readonly [string, string];
}

const KEEP_ALL = { chatHistory: Number.MAX_SAFE_INTEGER };
/** Before a resume that was refused for the moment is tried again. */
const AGAIN_MS = 100;
const ATTEMPTS = 50;

export class RoomFollower {
  readonly room: string;
  /** What the room said in its patches since this participant joined, in order. */
  readonly texts: string[] = [];
  /** Patches that did not follow the one before, and refusals. */
  readonly faults: string[] = [];
  /** When it was sent away, and when it was back. Milliseconds of performance.now(). */
  sentAwayAt: number | undefined;
  backAt: number | undefined;
  readonly #options: RoomFollowerOptions;
  readonly #joined: JoinResult;
  #known: RoomSnapshot;
  /** What a new socket says before the answer that it follows was read. */
  #early: RoomPatch[] | undefined;

  private constructor(client: RawClient, joined: JoinResult, options: RoomFollowerOptions) {
    this.room = options.room;
    this.#options = options;
    this.#joined = joined;
    this.#known = joined.snapshot;
    for (const heard of client.heard) this.#hear(heard);
    client.onEvent((heard) => this.#hear(heard));
  }

  static async join(options: RoomFollowerOptions): Promise<RoomFollower> {
    const client = await RawClient.open(options.owner, options.urls[0]);
    return new RoomFollower(client, await client.join(options.room), options);
  }

  #hear({ event, data }: Heard): void {
    if (event === 'patch') this.#follow(data);
    if (event !== 'bye' || !data.reconnect) return;
    this.sentAwayAt = performance.now();
    this.#goOn().catch((error) => this.faults.push(`not back: ${error}`));
  }

  #follow(patch: RoomPatch): void {
    if (this.#early) {
      this.#early.push(patch);
      return;
    }
    const next = applyPatch(this.#known, patch, KEEP_ALL);
    if (!next) {
      this.faults.push(`patch ${patch.version} after ${this.#known.version}`);
      return;
    }
    this.#known = next;
    for (const op of patch.ops) if (op.op === 'chat') this.texts.push(op.message.text);
  }

  async #goOn(): Promise<void> {
    const { owner, urls, room } = this.#options;
    const client = await RawClient.open(owner, urls[1]);
    this.#early = [];
    client.onEvent((heard) => this.#hear(heard));
    const { patches, snapshot } = await insist(() =>
      client.resume(room, this.#joined, this.#known.version),
    );
    const early = this.#early;
    this.#early = undefined;
    if (snapshot) this.faults.push('a snapshot in place of patches');
    for (const patch of [...(patches ?? []), ...early]) this.#follow(patch);
    this.backAt = performance.now();
  }
}

async function insist<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!ParleyError.from(error).retryable || attempt >= ATTEMPTS) throw error;
      await sleep(AGAIN_MS);
    }
  }
}
