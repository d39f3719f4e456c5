// What one participant may ask for, by what it costs others: a rate for each kind of request.
import { ParleyError } from '../../../shared/errors.ts';
import type { MethodName } from '../../../shared/protocol/protocol.ts';
import type { Config } from '../../config/config.ts';
import { TokenBucket } from '../socket/token-bucket.ts';

type Limits = Config['limits'];
type Budget = Extract<keyof Limits, `${string}PerMinute`>;

/** Requests that cost no more than reading them have MESSAGES_PER_SECOND alone. */
const BUDGET_OF: Partial<Record<MethodName, Budget>> = {
  publish: 'publicationsPerMinute',
  rebuildMedia: 'mediaRebuildsPerMinute',
  restartIce: 'mediaRebuildsPerMinute',
  snapshot: 'snapshotsPerMinute',
  renewRejoin: 'snapshotsPerMinute',
  unpublish: 'roomChangesPerMinute',
  mute: 'roomChangesPerMinute',
  muteOther: 'roomChangesPerMinute',
  remove: 'roomChangesPerMinute',
  startRecording: 'roomChangesPerMinute',
  pauseRecording: 'roomChangesPerMinute',
  stopRecording: 'roomChangesPerMinute',
  consent: 'roomChangesPerMinute',
  recordingAccess: 'roomChangesPerMinute',
  subscribe: 'preferencesPerMinute',
  speaking: 'speakingPerMinute',
  chat: 'chatPerMinute',
  participants: 'listsPerMinute',
};

/** One for all: there are two of them for each session. */
const CLOCK = () => performance.now();

export class Budgets {
  readonly #limits: Limits;
  readonly #now: () => number;
  /** Undefined until something was asked for that has a rate. */
  #buckets: Map<Budget, TokenBucket> | undefined;

  constructor(limits: Limits, now: () => number = CLOCK) {
    this.#limits = limits;
    this.#now = now;
  }

  /** @throws ParleyError `rate_limited` */
  spend(method: MethodName): void {
    const budget = BUDGET_OF[method];
    if (budget !== undefined) this.#spend(budget);
  }

  /** A join or a resume, on one socket. @throws ParleyError `rate_limited` */
  enter(): void {
    this.#spend('joinsPerMinute');
  }

  #spend(budget: Budget): void {
    const bucket = this.#bucket(budget);
    if (bucket.take(this.#now())) return;
    throw new ParleyError('rate_limited', { retryAfterMs: bucket.waitMs });
  }

  #bucket(budget: Budget): TokenBucket {
    this.#buckets ??= new Map();
    const known = this.#buckets.get(budget);
    if (known) return known;
    const perMinute = this.#limits[budget];
    const bucket = new TokenBucket(perMinute / 60, perMinute, this.#now());
    this.#buckets.set(budget, bucket);
    return bucket;
  }
}
