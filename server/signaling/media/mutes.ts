// Sends the mutes of a participant's tracks to media nodes, as the room has them, until they have arrived.
import { ParleyError } from '../../../shared/errors.ts';
import type { MediaParams } from '../../cluster/messages/media.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';

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
  /** The version of the room with this change. */
  readonly version: number;
  readonly sent: Promise<void>;
  readonly retry: Retry;
}

/** Between attempts while a node may not have received a mute. */
const RETRY = { firstMs: 500, maxMs: 5_000 };
/** Errors after which a node may have the state of before. After others the client publishes the track again. */
const UNSURE: ReadonlySet<string> = new Set(['timeout', 'unavailable', 'internal']);

export class Mutes {
  readonly #options: MutesOptions;
  readonly #states = new Map<string, MuteState>();
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
    known?.retry.reset();
    const retry = new Retry({ ...RETRY, resources: this.#options.resources });
    const sent = this.#send(trackId, { muted, version }, retry);
    this.#states.set(trackId, { muted, version, sent, retry });
    return sent;
  }

  /** The track is over. */
  forget(trackId: string): void {
    this.#states.get(trackId)?.retry.reset();
    this.#states.delete(trackId);
  }

  end(): void {
    this.#ended = true;
    for (const trackId of [...this.#states.keys()]) this.forget(trackId);
  }

  async #send(
    trackId: string,
    state: Pick<MuteState, 'muted' | 'version'>,
    retry: Retry,
  ): Promise<void> {
    const { room, participantId, send, log } = this.#options;
    try {
      await send({ room, participantId, trackId, ...state });
    } catch (err) {
      const isNewest = this.#states.get(trackId)?.version === state.version;
      if (this.#ended || !isNewest || !UNSURE.has(ParleyError.from(err).code)) return;
      log.debug({ err, room, trackId }, 'a mute has not reached its node yet');
      retry.later(() => void this.#send(trackId, state, retry));
    }
  }
}
