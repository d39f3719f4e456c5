// Makes the media nodes mute what the room has muted: the newest state of each track, until it has arrived.
import { ParleyError } from '../../../shared/errors.ts';
import type { MediaParams } from '../../cluster/messages/media.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface MutesOptions {
  room: string;
  participantId: string;
  /** To every node that has media of the participant. Rejects with what the newest answers. */
  send(params: MediaParams<'mute'>): Promise<void>;
  resources: Resources;
  log: Logger;
}

interface Mute {
  readonly muted: boolean;
  /** Of the room that has it so. */
  readonly version: number;
  readonly sent: Promise<void>;
}

/** Between attempts, while a node may not have got it. Doubles up to the second figure. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;
/** Errors after which a node may be as it was before. Others mean that a publication follows, and brings it. */
const UNSURE: ReadonlySet<string> = new Set(['timeout', 'unavailable', 'internal']);

export class Mutes {
  readonly #options: MutesOptions;
  readonly #mutes = new Map<string, Mute>();
  readonly #retries = new Map<string, Timer>();
  #ended = false;

  constructor(options: MutesOptions) {
    this.#options = options;
  }

  /** Whether the room has the track muted; undefined when that has not changed since it was published. */
  of(trackId: string): boolean | undefined {
    return this.#mutes.get(trackId)?.muted;
  }

  /**
   * The room has it so since this version. An older version changes nothing, and the same one is sent once.
   * Resolves after the first attempt. Never rejects.
   */
  set(trackId: string, muted: boolean, version: number): Promise<void> {
    const known = this.#mutes.get(trackId);
    if (known && known.version >= version) return known.sent;
    const sent = this.#send(trackId, { muted, version }, RETRY_MS);
    this.#mutes.set(trackId, { muted, version, sent });
    return sent;
  }

  /** The track is over. */
  forget(trackId: string): void {
    this.#mutes.delete(trackId);
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
  }

  end(): void {
    this.#ended = true;
    for (const trackId of [...this.#mutes.keys()]) this.forget(trackId);
  }

  async #send(
    trackId: string,
    mute: Pick<Mute, 'muted' | 'version'>,
    delayMs: number,
  ): Promise<void> {
    const { room, participantId, send, resources, log } = this.#options;
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
    try {
      await send({ room, participantId, trackId, ...mute });
    } catch (err) {
      const isNewest = this.#mutes.get(trackId)?.version === mute.version;
      if (this.#ended || !isNewest || !UNSURE.has(ParleyError.from(err).code)) return;
      log.debug({ err, room, trackId }, 'a mute has not arrived yet');
      const again = () => void this.#send(trackId, mute, Math.min(delayMs * 2, RETRY_MAX_MS));
      this.#retries.set(trackId, resources.after(delayMs, again));
    }
  }
}
