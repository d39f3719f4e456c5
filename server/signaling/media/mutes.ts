// Tells media nodes which tracks of a participant are muted: the room's newest word, until it has arrived.
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

interface Word {
  readonly muted: boolean;
  /** Of the room that says so. */
  readonly version: number;
  readonly sent: Promise<void>;
}

/** Between attempts to tell a node that may not have heard. Doubles up to the second. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;
/** Errors after which a node may be as it was before. Others mean that a publication follows, and brings it. */
const UNSURE: ReadonlySet<string> = new Set(['timeout', 'unavailable', 'internal']);

export class Mutes {
  readonly #options: MutesOptions;
  readonly #words = new Map<string, Word>();
  readonly #retries = new Map<string, Timer>();
  #ended = false;

  constructor(options: MutesOptions) {
    this.#options = options;
  }

  /** Whether the room has the track muted; undefined when nobody has changed it since it was published. */
  of(trackId: string): boolean | undefined {
    return this.#words.get(trackId)?.muted;
  }

  /**
   * The room says so since this version; older words change nothing any more, and the same one is told once.
   * Resolves after the first attempt. Never rejects.
   */
  say(trackId: string, muted: boolean, version: number): Promise<void> {
    const known = this.#words.get(trackId);
    if (known && known.version >= version) return known.sent;
    const sent = this.#send(trackId, { muted, version }, RETRY_MS);
    this.#words.set(trackId, { muted, version, sent });
    return sent;
  }

  /** The track is over. */
  forget(trackId: string): void {
    this.#words.delete(trackId);
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
  }

  end(): void {
    this.#ended = true;
    for (const trackId of [...this.#words.keys()]) this.forget(trackId);
  }

  async #send(
    trackId: string,
    word: Pick<Word, 'muted' | 'version'>,
    delayMs: number,
  ): Promise<void> {
    const { room, participantId, send, resources, log } = this.#options;
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
    try {
      await send({ room, participantId, trackId, ...word });
    } catch (err) {
      const isNewest = this.#words.get(trackId)?.version === word.version;
      if (this.#ended || !isNewest || !UNSURE.has(ParleyError.from(err).code)) return;
      log.debug({ err, room, trackId }, 'a mute was not told yet');
      const again = () => void this.#send(trackId, word, Math.min(delayMs * 2, RETRY_MAX_MS));
      this.#retries.set(trackId, resources.after(delayMs, again));
    }
  }
}
