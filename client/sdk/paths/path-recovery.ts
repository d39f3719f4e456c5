// The steps when a media path is down: wait a moment, restart ICE, then rebuild, then relay.
import type { Direction } from '../../../shared/protocol/media-messages.ts';

export type RecoveryStep = 'restart-ice' | 'rebuild' | 'rebuild-relay';

/** The ladder. */
const STEPS: readonly RecoveryStep[] = ['restart-ice', 'rebuild', 'rebuild-relay'];
/** The last steps are repeated in turn: either the direct path or the relay may come back first. */
const REPEATED = 2;
/** A path that ICE calls `disconnected` often comes back by itself: a lost packet, a roaming phone. */
const DISCONNECTED_MS = 1_500;
/**
 * A relayed path ends with its server, and waiting does not bring it back. A browser with a second relay
 * switches to it within this time. Any other has to ask for one.
 */
const DISCONNECTED_RELAY_MS = 300;
/**
 * A first path that takes longer than this is stuck: a DTLS handshake whose first packets were lost waits twice
 * as long each time, up to half a minute, however well the path works by then. Each attempt gets more time than
 * the one before.
 */
const CONNECTING_MS = 6_000;
const CONNECTING_MOST = 5;
/** The time that a step has to restore the path. */
const STEP_MS = 6_000;

export interface PathRecoveryOptions {
  /** Rejects when the step failed at once. The next step still follows in time. */
  run(step: RecoveryStep, direction: Direction): Promise<void>;
  /** Whether a transport's packets went through a TURN server. */
  isRelayed(direction: Direction): boolean;
  /** A path went down, or all are up again. */
  onChange(recovering: boolean): void;
}

/**
 * The states of a transport, and two that ICE does not notice. `stalled`: the relay in use is gone. `ended`: the
 * media server's end is gone.
 */
type PathState =
  | 'new'
  | 'connecting'
  | 'connected'
  | 'disconnected'
  | 'failed'
  | 'closed'
  | 'stalled'
  | 'ended';

export class PathRecovery {
  readonly #options: PathRecoveryOptions;
  readonly #down = new Map<Direction, ReturnType<typeof setTimeout>>();
  /** Paths that are being found, and are not known to be down. */
  readonly #connecting = new Map<Direction, ReturnType<typeof setTimeout>>();
  /** Nothing but another media session brings these back, whatever the browser says of them. */
  readonly #ended = new Set<Direction>();
  readonly #attempts: Record<Direction, number> = { send: 0, recv: 0 };

  constructor(options: PathRecoveryOptions) {
    this.#options = options;
  }

  get recovering(): boolean {
    return this.#down.size > 0;
  }

  onState(direction: Direction, state: PathState): void {
    if (this.#ended.has(direction)) return;
    if (state === 'connecting') {
      this.#begin(direction);
      return;
    }
    this.#found(direction);
    if (state === 'connected') this.#up(direction);
    else if (state === 'disconnected') this.#later(direction, this.#patienceMs(direction));
    else if (state === 'failed') this.#later(direction, 0);
    else if (state === 'stalled') this.#stalled(direction);
    else if (state === 'ended') this.#end(direction);
  }

  /**
   * The server could not be reached, so the last step did nothing. Repeats it, but at most a rebuild: a relay
   * is forced only after a rebuild has failed.
   */
  again(): void {
    for (const [direction, timer] of this.#down) {
      if (this.#attempts[direction] === 0) continue;
      clearTimeout(timer);
      this.#attempts[direction] = Math.min(this.#attempts[direction] - 1, STEPS.indexOf('rebuild'));
      this.#step(direction);
    }
  }

  /** The paths belong to another media session now: forgets their states. */
  reset(): void {
    const was = this.recovering;
    this.close();
    this.#ended.clear();
    if (was) this.#options.onChange(false);
  }

  close(): void {
    for (const timers of [this.#down, this.#connecting]) {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    }
  }

  #begin(direction: Direction): void {
    // A path that is down has steps of its own.
    if (this.#connecting.has(direction) || this.#down.has(direction)) return;
    const patience = Math.min(1 + this.#attempts[direction], CONNECTING_MOST);
    const timer = setTimeout(() => {
      this.#connecting.delete(direction);
      this.#stalled(direction);
    }, CONNECTING_MS * patience);
    this.#connecting.set(direction, timer);
  }

  #found(direction: Direction): void {
    clearTimeout(this.#connecting.get(direction));
    this.#connecting.delete(direction);
  }

  /**
   * A restart of ICE keeps the path in use while ICE believes it works, so it cannot leave a dead relay. New
   * transports can.
   */
  #stalled(direction: Direction): void {
    this.#attempts[direction] = Math.max(this.#attempts[direction], STEPS.indexOf('rebuild'));
    this.#later(direction, 0);
  }

  /** Where every handshake fails, one new media session after the other would fail as fast as it is opened. */
  #end(direction: Direction): void {
    this.#ended.add(direction);
    const isFirst = this.#attempts[direction] === 0;
    this.#attempts[direction] = Math.max(this.#attempts[direction], STEPS.indexOf('rebuild'));
    this.#later(direction, isFirst ? 0 : STEP_MS);
  }

  #patienceMs(direction: Direction): number {
    return this.#options.isRelayed(direction) ? DISCONNECTED_RELAY_MS : DISCONNECTED_MS;
  }

  #up(direction: Direction): void {
    this.#attempts[direction] = 0;
    const timer = this.#down.get(direction);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#down.delete(direction);
    if (this.#down.size === 0) this.#options.onChange(false);
  }

  #later(direction: Direction, delayMs: number): void {
    const before = this.#down.get(direction);
    if (before !== undefined && delayMs > 0) return;
    clearTimeout(before);
    this.#down.set(
      direction,
      setTimeout(() => this.#step(direction), delayMs),
    );
    if (before === undefined && this.#down.size === 1) this.#options.onChange(true);
  }

  #step(direction: Direction): void {
    const step = recoveryStep(this.#attempts[direction]++);
    this.#down.set(
      direction,
      setTimeout(() => this.#step(direction), STEP_MS),
    );
    this.#options.run(step, direction).catch(() => {});
  }
}

/** @param attempt counted from 0 since the path was last up */
export function recoveryStep(attempt: number): RecoveryStep {
  const first = STEPS.length - REPEATED;
  const index = attempt < first ? attempt : first + ((attempt - first) % REPEATED);
  return STEPS[index] ?? 'rebuild';
}
