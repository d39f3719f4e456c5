// Renews the credentials for TURN servers of one media session at a time, before they expire.
import type { MediaResult } from '../../cluster/messages/media.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

type IceServers = MediaResult<'iceServers'>;

export interface CredentialRenewalOptions {
  /** Asks the node of the newest media session. */
  request(): Promise<IceServers>;
  onRenewed(iceServers: IceServers): void;
  resources: Resources;
}

/** Credentials are renewed at this part of their life: late enough to be rare, early enough to retry. */
const RENEW_AT = 0.75;
/** Between attempts while the node does not answer. */
const RETRY_MS = 5_000;
/** Renewals are due at whole seconds from now: timers of one length are one timer of the system. */
const STEP_MS = 1_000;
/** The longest wait: a week. No credentials last longer, and a timer takes 24 days at most. */
const LATEST_MS = 604_800_000;

export class CredentialRenewal {
  readonly #options: CredentialRenewalOptions;
  #next: Timer | undefined;

  constructor(options: CredentialRenewalOptions) {
    this.#options = options;
  }

  /**
   * The client has other credentials from now on. A renewal that is under way changes nothing any more.
   * @param expireAt UTC milliseconds; null: never
   */
  schedule(expireAt: number | null): void {
    this.close();
    if (expireAt === null) return;
    // The clock is another replica's and may be off. A delay of zero would renew in a loop.
    const delayMs = Math.max((expireAt - Date.now()) * RENEW_AT, RETRY_MS);
    this.#renewAfter(Math.min(Math.floor(delayMs / STEP_MS) * STEP_MS, LATEST_MS));
  }

  close(): void {
    this.#next?.close();
    this.#next = undefined;
  }

  #renewAfter(delayMs: number): void {
    const { request, onRenewed, resources } = this.#options;
    const renewal = resources.after(delayMs, () => {
      request().then(
        (iceServers) => {
          if (this.#next !== renewal) return;
          onRenewed(iceServers);
          this.schedule(iceServers.iceServersExpireAt);
        },
        () => {
          // A newer media session has credentials, and a renewal, of its own.
          if (this.#next === renewal) this.#renewAfter(RETRY_MS);
        },
      );
    });
    this.#next = renewal;
  }
}
