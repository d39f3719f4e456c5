// Records when each frame of a camera arrives at a participant without a browser, to prove that the picture
// never stood still.
import { longestGap } from '../browser/gap-watch.ts';
import { until } from '../process/until.ts';
import { watchFrames } from './media.ts';
import type { Person } from './participant.ts';

/** Frames before the watch counts as begun: the first one may take as long as it likes. */
const SETTLED_FRAMES = 5;
/** A process that stands still receives no frames. Its own stalls are excused. */
const TICK_MS = 10;

export class FrameWatch implements Disposable {
  readonly #watcher: Person;
  readonly #watched: Person;
  readonly #frames: number[] = [];
  readonly #ticks: number[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #sink: { track: MediaStreamTrack; stop(): void } | undefined;

  private constructor(watcher: Person, watched: Person) {
    this.#watcher = watcher;
    this.#watched = watched;
    this.#timer = setInterval(() => this.#ticks.push(performance.now()), TICK_MS);
    this.#stopListening = watcher.call.on('remoteTracks', () => this.#follow());
    this.#follow();
  }

  /** Resolves once the picture moves. */
  static async start(watcher: Person, watched: Person): Promise<FrameWatch> {
    const watch = new FrameWatch(watcher, watched);
    await until(`${watcher.name} to see ${watched.name} move`, () => {
      if (watch.#frames.length < SETTLED_FRAMES) throw new Error(`${watch.#frames.length} frames`);
    });
    watch.restart();
    return watch;
  }

  /** The gaps from now on. */
  restart(): void {
    this.#frames.splice(0, this.#frames.length - 1);
  }

  /** The longest time between two frames, to now, less what this process stood still in it. */
  longestGapMs(): number {
    const now = performance.now();
    return longestGap([...this.#frames, now], [...this.#ticks, now]);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#sink?.stop();
  }

  /** The track that is shown now. */
  #follow(): void {
    const shown = this.#watcher
      .tracksOf(this.#watched)
      .find(({ source }) => source === 'camera')?.track;
    if (shown === this.#sink?.track) return;
    this.#sink?.stop();
    this.#sink = undefined;
    if (!shown) return;
    const stop = watchFrames(shown, () => this.#frames.push(performance.now()));
    this.#sink = { track: shown, stop };
  }
}
