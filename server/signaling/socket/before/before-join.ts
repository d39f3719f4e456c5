// What a socket may do before it joins or resumes, and for how long.

import { ParleyError } from '../../../../shared/errors.ts';
import type { MethodParams } from '../../../../shared/protocol/protocol.ts';
import type { RoomTokens } from '../../../api/tokens.ts';
import type { Config } from '../../../config/config.ts';
import type { Logger } from '../../../telemetry/log.ts';
import type { Timer } from '../../../telemetry/resources.ts';
import { Preparation, type PreparationOptions } from '../../media/preparation.ts';
import { Budgets } from '../../session/budgets.ts';
import { NetworkCheck, type NetworkCheckOptions } from './network-check.ts';

export interface BeforeJoinOptions
  extends NetworkCheckOptions,
    Omit<PreparationOptions, 'leaseMs'> {
  limits: Config['limits'];
  timing: Config['timing'];
  tokens: RoomTokens | undefined;
  /** This replica takes no more clients. */
  isClosing(): boolean;
}

/** What makes a socket's wait for its join longer. */
export type Pastime = 'none' | 'checking' | 'prepared';

export class BeforeJoin {
  readonly #options: BeforeJoinOptions;

  constructor(options: BeforeJoinOptions) {
    this.#options = options;
  }

  get log(): Logger {
    return this.#options.log;
  }

  /** How long a page may keep transports ready. Milliseconds. */
  get preparedForMs(): number {
    return this.#options.limits.preparedSeconds * 1000;
  }

  /** How long a socket may be in no call. */
  joinTimer(pastime: Pastime, onOver: () => void): Timer {
    const { resources, timing, limits } = this.#options;
    const seconds = {
      none: 0,
      checking: limits.networkCheckSeconds,
      prepared: limits.preparedSeconds,
    };
    return resources.after(timing.joinTimeoutMs + seconds[pastime] * 1000, onOver);
  }

  /** New budgets, for one socket. */
  budgets(): Budgets {
    return new Budgets(this.#options.limits);
  }

  /** @throws ParleyError `shutting_down` */
  networkCheck(): NetworkCheck {
    this.#assertOpen();
    return new NetworkCheck(this.#options);
  }

  /** @throws ParleyError `shutting_down`, or what is wrong with the token */
  async preparation({ room, token, ...able }: MethodParams<'prepare'>): Promise<Preparation> {
    const { tokens, limits } = this.#options;
    this.#assertOpen();
    await tokens?.verify({ token }, room);
    return new Preparation(room, { ...this.#options, ...able, leaseMs: limits.preparedLeaseMs });
  }

  #assertOpen(): void {
    if (this.#options.isClosing()) throw new ParleyError('shutting_down');
  }
}
