// Watches how the packets of one transport travel: tells the server, and leaves a relay that goes away.

import type { IceServer } from '../../../shared/media/rtp.ts';
import type { PathReport, TurnRefusal } from '../../../shared/protocol/media-messages.ts';
import type { Retries } from '../link/retries.ts';
import { beatOf, type Expected, PULSE_MS, RelayPulse } from './relay-pulse.ts';
import { mustLeave } from './relay-servers.ts';
import { isSamePath, NO_PATH, type Stats, selectedPath } from './selected-path.ts';
import { type IceError, TurnRefusals } from './turn-refusals.ts';

/**
 * When it is looked at after ICE found a path, in milliseconds; the last one is repeated. Not at once:
 * the first picture comes first, and ICE often finds a better path a moment later.
 */
const LOOKS_MS: readonly number[] = [1_000, 3_000, 10_000];
/** A path that is down for no longer than this was never down. Milliseconds. */
const DOWN_MS = 2_000;
/** ICE asks several servers, some of them in vain, before it has its first path. Milliseconds. */
const FIRST_PATH_MS = 8_000;
/**
 * How long a restart may take to lead away from a relay. Chromium compares the servers by their places
 * in the list before it prefers the newer path: some never leave one that still works. Milliseconds.
 */
const LEAVE_MS = 4_000;

export interface PathWatchOptions {
  /** Rejects once the transport is closed. */
  stats(): Promise<Stats>;
  retries: Retries;
  /** Tells it apart from others of the same retries. */
  key: string;
  /** Rejects where the server did not hear it. */
  report(path: PathReport, refusals: readonly TurnRefusal[]): Promise<unknown>;
  /** Rejects where it could not be tried. Media goes on meanwhile. */
  restartIce(): Promise<void>;
  /** Other transports, for when that did not help. */
  rebuild(): void;
  onChange(): void;
  /** What should come in, with what goes out. Bytes. */
  expects(sent: number): Expected;
  /** The relay in use fell silent, or something came again. */
  onPulse(isAlive: boolean): void;
}

type State = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';

export class PathWatch {
  readonly #options: PathWatchOptions;
  readonly #refusals = new TurnRefusals();
  readonly #pulse = new RelayPulse();
  #state: State = 'new';
  /** Undefined while nothing is known. */
  #path: PathReport | undefined;
  /** The last one that was up. */
  #lastUp = NO_PATH;
  /** What the server knows, or is being told. */
  #said: PathReport | undefined;
  #looks = 0;
  #look: ReturnType<typeof setTimeout> | undefined;
  #down: { at: number; timer: ReturnType<typeof setTimeout> } | undefined;
  /** The only servers that may relay, until it was seen to. */
  #allowed: readonly IceServer[] | undefined;
  /** When ICE was restarted for that. */
  #leftAt: number | undefined;
  #closed = false;

  constructor(options: PathWatchOptions) {
    this.#options = options;
  }

  get path(): PathReport {
    return this.#path ?? NO_PATH;
  }

  /** Whether its packets went through a TURN server when they last went at all. */
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
      // A restart passes through here too: then there is a path that may still carry.
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

  /** From now on only these may relay: leaves any other one, at once if there is a path. */
  allow(iceServers: readonly IceServer[]): void {
    this.#allowed = iceServers;
    this.#leftAt = undefined;
    if (this.#state === 'connected') void this.#lookNow();
    else if (this.isRelayed) this.#leave(this.#lastUp);
  }

  /** There is a socket again: says what was lost with the one before, and tries what failed. */
  resync(): void {
    if (this.#state === 'connected') void this.#lookNow();
    else this.#sayNews();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#look);
    clearTimeout(this.#down?.timer);
  }

  /** The earliest of what was asked for counts. */
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
    // Connected by a pair that the statistics do not show yet: not known is not none.
    if (stats && path.kind !== 'none') this.#found(path, stats);
    this.#schedule();
  }

  #found(path: PathReport, stats: Stats): void {
    this.#lastUp = path;
    this.#set(path);
    if (path.kind === 'relay') this.#feel(stats);
    if (this.#allowed && mustLeave(path, this.#allowed)) this.#leave(path);
    else this.#allowed = undefined;
  }

  #feel(stats: Stats): void {
    const { expects, onPulse } = this.#options;
    const beat = beatOf(stats, performance.now());
    if (!beat) return;
    const before = this.#pulse.stalled;
    this.#pulse.feel(beat, (last) => expects(beat.sent - last.sent));
    if (this.#pulse.stalled !== before) onPulse(before);
  }

  #leave({ server }: PathReport): void {
    const now = performance.now();
    this.#leftAt ??= now;
    if (this.#leftAt === now) {
      this.#options.restartIce().catch(() => {});
      // Whether it helped could not be told.
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
    this.#sayNews();
  }

  #sayNews(): void {
    const isNews = this.#path && !(this.#said && isSamePath(this.#path, this.#said));
    if (!isNews && this.#refusals.pending.length === 0) return;
    const { retries, key } = this.#options;
    // A refused report is sent again at the next look; the participant need not know.
    retries.say(
      key,
      () => this.#say(),
      () => {},
    );
  }

  async #say(): Promise<void> {
    const { path } = this;
    const refusals = [...this.#refusals.pending];
    this.#said = path;
    try {
      await this.#options.report(path, refusals);
      this.#refusals.told(refusals);
    } catch (error) {
      if (this.#said === path) this.#said = undefined;
      throw error;
    }
  }
}
