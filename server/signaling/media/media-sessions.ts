// One participant's media sessions: the current one, and older ones that still carry media.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import type { MediaCommand, MediaParams, MediaResult } from '../../cluster/messages/media.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { MediaClient } from './media-client.ts';

export interface PlacedSession {
  readonly nodeId: string;
  /** The router that it is on. Each router reports the speakers of its own. */
  readonly origin: string;
  readonly epoch: number;
}

/**
 * How often an older session is looked at, until the client says that it has settled on the current one. A
 * session that carries nothing was left, or its client is gone. One that carries is kept for the drain's grace.
 */
const LOOK_EVERY_MS = 15_000;
/** Errors that say nothing about the older session. */
const UNKNOWN: ReadonlySet<string> = new Set(['timeout', 'unavailable'] satisfies ErrorCode[]);

export class MediaSessions {
  readonly #room: string;
  readonly #participantId: string;
  readonly #media: MediaClient;
  readonly #resources: Resources;
  readonly #drainGraceMs: number;
  #current: PlacedSession | undefined;
  #older: PlacedSession[] = [];
  #overlap: Timer | undefined;

  constructor(
    room: string,
    participantId: string,
    {
      media,
      resources,
      drainGraceMs,
    }: { media: MediaClient; resources: Resources; drainGraceMs: number },
  ) {
    this.#room = room;
    this.#participantId = participantId;
    this.#media = media;
    this.#resources = resources;
    this.#drainGraceMs = drainGraceMs;
  }

  /** The newest: the one that the client has, or is about to get. */
  get current(): PlacedSession | undefined {
    return this.#current;
  }

  /** A newer session. The one before is kept for a while if it is on another node. */
  adopt(newest: PlacedSession): void {
    const before = this.#current;
    this.#current = newest;
    if (!before || before.epoch === newest.epoch) return;
    // A node has one session of a participant: it closed the older one itself.
    this.#older = [...this.#older, before].filter(({ nodeId }) => nodeId !== newest.nodeId);
    this.#overlap?.close();
    if (this.#older.length === 0) return;
    this.#lookLater(this.#drainGraceMs);
  }

  /** The client receives all it needs through the current session. */
  settled(epoch: number): void {
    if (epoch === this.#current?.epoch) this.#closeOlder();
  }

  /** @throws ParleyError `stale_epoch` when the participant has no such session any more */
  of(epoch: number): PlacedSession {
    const session = [this.#current, ...this.#older].find((known) => known?.epoch === epoch);
    if (!session) throw new ParleyError('stale_epoch');
    return session;
  }

  /** To the current session. @throws ParleyError `media_failed` when there is none, or the node's */
  async send<K extends MediaCommand>(command: K, params: MediaParams<K>): Promise<MediaResult<K>> {
    if (!this.#current) throw new ParleyError('media_failed');
    return this.#media.send(this.#current.nodeId, command, params);
  }

  /** To every session there is. @throws ParleyError what the newest answers */
  async sendToAll<K extends MediaCommand>(command: K, params: MediaParams<K>): Promise<void> {
    for (const { nodeId } of this.#older) this.#media.send(nodeId, command, params).catch(() => {});
    await this.send(command, params);
  }

  async closeAll(): Promise<void> {
    const all = [...this.#older, ...(this.#current ? [this.#current] : [])];
    this.#older = [];
    await Promise.all(all.map((session) => this.#close(session)));
  }

  /** Nothing is timed any more. What is open belongs to the replica that has the participant now. */
  end(): void {
    this.#overlap?.close();
    this.#overlap = undefined;
  }

  /** @param graceMs how long an older session that carries is kept from now on */
  #lookLater(graceMs: number): void {
    const overlap = this.#resources.after(LOOK_EVERY_MS, () => {
      void this.#look(overlap, graceMs - LOOK_EVERY_MS);
    });
    this.#overlap = overlap;
  }

  async #look(overlap: Timer, graceMs: number): Promise<void> {
    if (graceMs <= 0) return this.#closeOlder();
    const looked = [...this.#older];
    const carries = await Promise.all(looked.map((session) => this.#carries(session)));
    // Meanwhile a newer session came, or the client settled, or it is gone.
    if (this.#overlap !== overlap || this.#older.length === 0) return;
    for (const [index, session] of looked.entries()) {
      if (carries[index]) continue;
      this.#older = this.#older.filter((other) => other !== session);
      void this.#close(session);
    }
    if (this.#older.length > 0) this.#lookLater(graceMs);
  }

  async #carries({ nodeId, epoch }: PlacedSession): Promise<boolean> {
    const whose = { room: this.#room, participantId: this.#participantId };
    try {
      return (await this.#media.send(nodeId, 'carries', { ...whose, epoch })).carries;
    } catch (error) {
      return UNKNOWN.has(ParleyError.from(error).code);
    }
  }

  #closeOlder(): void {
    this.#overlap?.close();
    for (const session of this.#older.splice(0)) void this.#close(session);
  }

  #close({ nodeId, epoch }: PlacedSession): Promise<void> {
    const [room, participantId] = [this.#room, this.#participantId];
    return this.#media.close(nodeId, { room, participantId, epoch });
  }
}
