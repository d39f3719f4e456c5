// Where one participant's media is: the session of now, and those before it that still carry media.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import type { MediaCommand, MediaParams, MediaResult } from '../../cluster/messages/media.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { MediaClient } from './media-client.ts';

export interface MediaPlace {
  readonly nodeId: string;
  /** The router there, which tells who is heard. */
  readonly origin: string;
  readonly epoch: number;
}

/**
 * How often an older session is looked at whose client has not said that it has settled: one that carries
 * nothing was left, or its client is gone. One that carries is what people see, until the drain's grace ends.
 */
const LOOK_EVERY_MS = 15_000;
/** Errors that say nothing about the older session. */
const UNKNOWN: ReadonlySet<string> = new Set(['timeout', 'unavailable'] satisfies ErrorCode[]);

export class MediaPlaces {
  readonly #room: string;
  readonly #participantId: string;
  readonly #media: MediaClient;
  readonly #resources: Resources;
  readonly #drainGraceMs: number;
  #current: MediaPlace | undefined;
  #older: MediaPlace[] = [];
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

  /** The newest, which the client is told of. */
  get current(): MediaPlace | undefined {
    return this.#current;
  }

  /** A newer session: the one before is kept for a while if it is on another node. */
  adopt(place: MediaPlace): void {
    const before = this.#current;
    this.#current = place;
    if (!before || before.epoch === place.epoch) return;
    // A node has one session of a participant: it closed the older one itself.
    this.#older = [...this.#older, before].filter(({ nodeId }) => nodeId !== place.nodeId);
    this.#overlap?.close();
    if (this.#older.length === 0) return;
    this.#lookLater(this.#drainGraceMs);
  }

  /** The client has all it needs of the session of now. */
  settled(epoch: number): void {
    if (epoch === this.#current?.epoch) this.#closeOlder();
  }

  /** @throws ParleyError `stale_epoch` when the participant has no such session any more */
  at(epoch: number): MediaPlace {
    const place = [this.#current, ...this.#older].find((known) => known?.epoch === epoch);
    if (!place) throw new ParleyError('stale_epoch');
    return place;
  }

  /** To the session of now. @throws ParleyError `media_failed` when there is none, or the node's */
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
    await Promise.all(all.map((place) => this.#close(place)));
  }

  /** Nothing is timed any more; what is open is left to whoever speaks for the participant now. */
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
    const carries = await Promise.all(looked.map((place) => this.#carries(place)));
    // A newer session came meanwhile, or the client has settled, or is gone.
    if (this.#overlap !== overlap || this.#older.length === 0) return;
    for (const [index, place] of looked.entries()) {
      if (carries[index]) continue;
      this.#older = this.#older.filter((other) => other !== place);
      void this.#close(place);
    }
    if (this.#older.length > 0) this.#lookLater(graceMs);
  }

  async #carries({ nodeId, epoch }: MediaPlace): Promise<boolean> {
    const whose = { room: this.#room, participantId: this.#participantId };
    try {
      return (await this.#media.send(nodeId, 'carries', { ...whose, epoch })).carries;
    } catch (error) {
      return UNKNOWN.has(ParleyError.from(error).code);
    }
  }

  #closeOlder(): void {
    this.#overlap?.close();
    for (const place of this.#older.splice(0)) void this.#close(place);
  }

  #close({ nodeId, epoch }: MediaPlace): Promise<void> {
    const [room, participantId] = [this.#room, this.#participantId];
    return this.#media.close(nodeId, { room, participantId, epoch });
  }
}
