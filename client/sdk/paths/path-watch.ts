// Watches how the packets of one transport travel: reports it to the server, and leaves a relay that goes away.

import type { IceServer } from '../../../shared/media/rtp.ts';
import type { PathReport, TurnRefusal } from '../../../shared/protocol/media-messages.ts';
import type { Retries } from '../link/retries.ts';
import { beatOf, type Expected, PULSE_MS, RelayPulse } from './relay-pulse.ts';
import { mustLeave } from './relay-servers.ts';
import { isSamePath, NO_PATH, type Stats, selectedPath } from './selected-path.ts';
import { type IceError, TurnRefusals } from './turn-refusals.ts';

/**
 * The looks after ICE found a path, in milliseconds; the last one is repeated. Not at once: the
 * first picture comes first, and ICE often finds a better path a moment later.
 */
const LOOKS_MS: readonly number[] = [1_000, 3_000, 10_000];
/** A shorter interruption is not reported. Milliseconds. */
const DOWN_MS = 2_000;
/** ICE may ask several servers in vain before it has its first path. Milliseconds. */
const FIRST_PATH_MS = 8_000;
/**
 * The time for a restart to leave a relay. Chromium compares the servers by their places in the list before it
 * prefers the newer path: some never leave one that still works. Milliseconds.
 */
const LEAVE_MS = 4_000;

export interface PathWatchOptions {
  /** Rejects once the transport is closed. */
  stats(): Promise<Stats>;
  retries: Retries;
  /** Distinguishes it from other requests of the same retries. */
  key: string;
  /** Rejects when the server did not receive it. */
  report(path: PathReport, refusals: readonly TurnRefusal[]): Promise<unknown>;
  /** Rejects when it could not be tried. Media goes on meanwhile. */
  restartIce(): Promise<void>;
  /** Asks for other transports, when the restart did not help. */
  rebuild(): void;
  onChange(): void;
  /** What should arrive, given how many bytes were sent. */
  expects(sent: number): Expected;
  /** The relay in use fell silent, or carries packets again. */
  onPulse(isAlive: boolean): void;
}

type State = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

export class PathWatch {
  readonly #options: PathWatchOptions;
  readonly #refusals = new TurnRefusals();
  readonly #pulse = new RelayPulse();
  #state: State = 'new';
  /** Undefined until the first look. */
  #path: PathReport | undefined;
  /** The last path that worked. */
  #lastUp = NO_PATH;
  /** The path that was reported, or is being reported. */
  #reported: PathReport | undefined;
  #looks = 0;
  #look: ReturnType<typeof setTimeout> | undefined;
  #down: { at: number; timer: ReturnType<typeof setTimeout> } | undefined;
  /** The only servers that may relay. Undefined once the path uses no other. */
  #allowed: readonly IceServer[] | undefined;
  /** When ICE was restarted to leave a relay. */
  #leftAt: number | undefined;
  #closed = false;

  constructor(options: PathWatchOptions) {
    this.#options = options;
  }

  get path(): PathReport {
    return this.#path ?? NO_PATH;
  }

  /** Whether the last path that worked went through a TURN server. */
  get isRelayed(): boolean {
    return this.#lastUp.kind === 'relay';
  }

  onState(state: State): void {
    this.#state = state;
    this.#pulse.reset();
    if (state === 'connected') {
      clearTimeout(this.#down?.timer);
      this.#down = undefined;
      this.#lookSoon();
    } else if (state === 'connecting') {
      // A restart passes through here too: the old path may still carry packets.
      this.#downAfter(FIRST_PATH_MS);
    } else if (state === 'disconnected' || state === 'failed') {
      this.#downAfter(DOWN_MS);
    }
  }

  onIceError(error: IceError): void {
    this.#refusals.add(error);
  }

  /** ICE begins anew. */
  onRestart(): void {
    this.#refusals.restart();
    if (this.#state === 'connected') this.#lookSoon();
  }

  /** Only these servers may relay from now on. Leaves any other, at once if there is a path. */
  allow(iceServers: readonly IceServer[]): void {
    this.#allowed = iceServers;
    this.#leftAt = undefined;
    if (this.#state === 'connected') void this.#lookNow();
    else if (this.isRelayed) this.#leave(this.#lastUp);
  }

  /** There is a socket again: repeats reports that were lost with the old one, and steps that failed. */
  resync(): void {
    if (this.#state === 'connected') void this.#lookNow();
    else this.#reportChange();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#down?.timer);
  }

  /** The earliest request counts. */
  #downAfter(delayMs: number): void {
    const at = performance.now() + delayMs;
    if (this.#down && this.#down.at <= at) return;
    clearTimeout(this.#down?.timer);
    const timer = setTimeout(() => {
      this.#set(NO_PATH);
    }, delayMs);
    this.#down = { at, timer };
  }

  #lookSoon(): void {
    this.#looks = 0;
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#look);
    if (this.#closed) return;
    const seldom = LOOKS_MS[Math.min(this.#looks++, LOOKS_MS.length - 1)];
    const delayMs = this.path.kind === 'relay' ? PULSE_MS : seldom;
    this.#look = setTimeout(() => void this.#lookNow(), delayMs);
  }

  async #lookNow(): Promise<void> {
    clearTimeout(this.#look);
    const stats = await this.#options.stats().catch(() => undefined);
    if (this.#closed || this.#state !== 'connected') return;
    const path = stats ? selectedPath(stats) : NO_PATH;
    // If no pair is shown yet, the path is unknown, not lost.
    if (stats && path.kind !== 'none') this.#found(path, stats);
    this.#schedule();
  }

  #found(path: PathReport, stats: Stats): void {
    this.#lastUp = path;
    this.#set(path);
    if (path.kind === 'relay') this.#checkPulse(stats);
    if (this.#allowed && mustLeave(path, this.#allowed)) this.#leave(path);
    else this.#allowed = undefined;
  }

  #checkPulse(stats: Stats): void {
    const { expects, onPulse } = this.#options;
    const beat = beatOf(stats, performance.now());
    if (!beat) return;
    const before = this.#pulse.stalled;
    this.#pulse.update(beat, (last) => expects(beat.sent - last.sent));
    if (this.#pulse.stalled !== before) onPulse(before);
  }

  #leave({ server }: PathReport): void {
    const now = performance.now();
    this.#leftAt ??= now;
    if (this.#leftAt === now) {
      this.#options.restartIce().catch(() => {});
      // Whether the restart helped is unknown.
      if (server === null) this.#allowed = undefined;
    } else if (now - this.#leftAt >= LEAVE_MS) {
      this.#allowed = undefined;
      this.#options.rebuild();
    }
  }

  #set(path: PathReport): void {
    const isChanged = !isSamePath(path, this.path);
    this.#path = path;
    if (isChanged) this.#options.onChange();
    this.#reportChange();
  }

  #reportChange(): void {
    const isNews = this.#path && !(this.#reported && isSamePath(this.#path, this.#reported));
    if (!isNews && this.#refusals.pending.length === 0) return;
    const { retries, key } = this.#options;
    // A refused report is sent again at the next look; the participant need not know.
    retries.send(
      key,
      () => this.#report(),
      () => {},
    );
  }

  async #report(): Promise<void> {
    const { path } = this;
    const refusals = [...this.#refusals.pending];
    this.#reported = path;
    try {
      await this.#options.report(path, refusals);
      this.#refusals.reported(refusals);
    } catch (error) {
      if (this.#reported === path) this.#reported = undefined;
      throw error;
    }
  }
}
