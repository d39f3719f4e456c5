// Sends the mutes of a participant's tracks to media nodes, as the room has them, until they have arrived.
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

interface MuteState {
  readonly muted: boolean;
  /** Of the room, with this change. */
  readonly version: number;
  readonly sent: Promise<void>;
}

/** Between attempts while a node may not have received a mute. Doubles up to the second. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 5_000;
/** Errors after which a node may have the state of before. After others the client publishes the track again. */
const UNSURE: ReadonlySet<string> = new Set(['timeout', 'unavailable', 'internal']);

export class Mutes {
  readonly #options: MutesOptions;
  readonly #states = new Map<string, MuteState>();
  readonly #retries = new Map<string, Timer>();
  #ended = false;

  constructor(options: MutesOptions) {
    this.#options = options;
  }

  /** Whether the track is muted in the room; undefined when that has not changed since it was published. */
  isMuted(trackId: string): boolean | undefined {
    return this.#states.get(trackId)?.muted;
  }

  /**
   * The room has this state since `version`. An older version changes nothing, and the same one is sent once.
   * Resolves after the first attempt. Never rejects.
   */
  apply(trackId: string, muted: boolean, version: number): Promise<void> {
    const known = this.#states.get(trackId);
    if (known && known.version >= version) return known.sent;
    const sent = this.#send(trackId, { muted, version }, RETRY_MS);
    this.#states.set(trackId, { muted, version, sent });
    return sent;
  }

  /** The track is over. */
  forget(trackId: string): void {
    this.#states.delete(trackId);
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
  }

  end(): void {
    this.#ended = true;
    for (const trackId of [...this.#states.keys()]) this.forget(trackId);
  }

  async #send(
    trackId: string,
    state: Pick<MuteState, 'muted' | 'version'>,
    delayMs: number,
  ): Promise<void> {
    const { room, participantId, send, resources, log } = this.#options;
    this.#retries.get(trackId)?.close();
    this.#retries.delete(trackId);
    try {
      await send({ room, participantId, trackId, ...state });
    } catch (err) {
      const isNewest = this.#states.get(trackId)?.version === state.version;
      if (this.#ended || !isNewest || !UNSURE.has(ParleyError.from(err).code)) return;
      log.debug({ err, room, trackId }, 'a mute has not reached its node yet');
      const again = () => void this.#send(trackId, state, Math.min(delayMs * 2, RETRY_MAX_MS));
      this.#retries.set(trackId, resources.after(delayMs, again));
    }
  }
}
