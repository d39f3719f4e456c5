// Counts one received stream: packets, loss, and gaps in which a listener or viewer would miss something.

/** Silence or a still picture that people notice. Milliseconds. */
export const GAP_MS = 200;

export interface Heard {
  sequence: number;
  timestamp: number;
  /** Payload alone. */
  bytes: number;
  /** Its sender pauses after it: a packet of silence. */
  pauses: boolean;
}

export interface StreamOptions {
  kind: 'audio' | 'video';
  /** The codec's, in Hz. */
  clockRate: number;
  /** The same track before, on an earlier media session: its last packet begins the first gap here. */
  before?: StreamWatch | undefined;
}

export interface StreamSample {
  kind: 'audio' | 'video';
  packets: number;
  lost: number;
  bytes: number;
  gaps: number;
  /** Milliseconds. */
  longestGapMs: number;
}

/** How long a sender is quiet by itself: a frame; with discontinuous transmission, the next packet of silence. */
const FRAME_MS = { audio: 20, video: 34 } as const;
const PAUSE_MS = 400;
const HALF = 0x8000;
const WRAP = 0x10000;

export class StreamWatch {
  readonly #options: StreamOptions;
  #first: number | undefined;
  #highest = 0;
  #timestamp = 0;
  #packets = 0;
  #bytes = 0;
  #gaps = 0;
  #longestGapMs = 0;
  #lastMs: number | undefined;
  #pauses = false;
  /** We paused it, so that what is missing is no gap; or it was asked for again, and has not come yet. */
  #rest: 'none' | 'asleep' | 'waking' = 'none';

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** @param nowMs of a clock that only rises */
  hear(packet: Heard, nowMs: number): void {
    this.#packets++;
    this.#bytes += packet.bytes;
    if (this.#first === undefined || this.#lastMs === undefined) {
      this.#first = packet.sequence;
      this.#highest = packet.sequence;
      const { before } = this.#options;
      if (before && !before.#pauses && this.#rest === 'none')
        this.#judge(before.#silenceMs(nowMs, before.#allowanceMs));
    } else {
      const ahead = this.#aheadBy(packet.sequence);
      // A late one fills a hole, and moves nothing on.
      if (ahead <= 0) return;
      if (this.#rest === 'none') this.#judge(this.#silenceMs(nowMs, this.#pauseMs(packet, ahead)));
      this.#highest += ahead;
    }
    // A packet that was under way as we paused it does not end the pause.
    if (this.#rest === 'waking') this.#rest = 'none';
    this.#lastMs = nowMs;
    this.#timestamp = packet.timestamp;
    this.#pauses = packet.pauses;
  }

  /** It is not wanted for now: until it arrives again after {@link wake}, no gap is counted. */
  rest(): void {
    this.#rest = 'asleep';
  }

  /** It is wanted again. */
  wake(): void {
    if (this.#rest === 'asleep') this.#rest = 'waking';
  }

  /** Whether we want it, and have not paused it. */
  get isWanted(): boolean {
    return this.#rest === 'none';
  }

  /** Extended by the count of wraps; 0 before the first packet. */
  get highestSequence(): number {
    return this.#highest;
  }

  /**
   * @param nowMs counts a gap that is still open, unless it is of a voice that was silent: in a large room the
   *   server sends only who speaks. Left out for a stream that has ended
   */
  sample(nowMs?: number): StreamSample {
    const { kind } = this.#options;
    const isOpen = nowMs !== undefined && this.#rest === 'none' && !this.#pauses;
    const openMs = isOpen ? this.#silenceMs(nowMs, this.#allowanceMs) : 0;
    const isGap = openMs > GAP_MS;
    return {
      kind,
      packets: this.#packets,
      lost: this.lost,
      bytes: this.#bytes,
      gaps: this.#gaps + (isGap ? 1 : 0),
      longestGapMs: Math.max(this.#longestGapMs, isGap ? openMs : 0),
    };
  }

  get packets(): number {
    return this.#packets;
  }

  get lost(): number {
    if (this.#first === undefined) return 0;
    return Math.max(0, this.#highest - this.#first + 1 - this.#packets);
  }

  /** How long the sender may be quiet after the last packet, when nothing says more. */
  get #allowanceMs(): number {
    return this.#pauses ? PAUSE_MS : FRAME_MS[this.#options.kind];
  }

  #aheadBy(sequence: number): number {
    const step = (sequence - (this.#highest % WRAP) + WRAP) % WRAP;
    return step < HALF ? step : step - WRAP;
  }

  /** How long the sender itself was quiet between the last packet and this one. */
  #pauseMs({ timestamp }: Heard, ahead: number): number {
    const { kind, clockRate } = this.#options;
    const stepMs = (((timestamp - this.#timestamp) >>> 0) / clockRate) * 1000;
    // Across lost packets only a sender that was quiet before may be taken at its timestamps.
    if (ahead === 1 || this.#pauses) return Math.max(FRAME_MS[kind], Math.min(stepMs, 60_000));
    return FRAME_MS[kind];
  }

  /** Milliseconds without a packet beyond what the sender left out. */
  #silenceMs(nowMs: number, pauseMs: number): number {
    return this.#lastMs === undefined ? 0 : nowMs - this.#lastMs - pauseMs;
  }

  #judge(silenceMs: number): void {
    if (silenceMs <= GAP_MS) return;
    this.#gaps++;
    this.#longestGapMs = Math.max(this.#longestGapMs, silenceMs);
  }
}
