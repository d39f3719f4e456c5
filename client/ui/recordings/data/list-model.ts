// The data of the list: read page by page, searched, and read again while something in it is under way.
import { signal } from '@preact/signals';
import { ApiError } from '../../admin/api-request.ts';
import { isUnderWay, type Listed, refreshed, withNext, without } from './paging.ts';
import { Polling } from './polling.ts';
import type { RecordingsApi } from './recordings-api.ts';

/** Recordings that run or are prepared change on their own. Milliseconds. */
const POLL_MS = 4_000;
/** A search begins when no letter was typed for this long. Milliseconds. */
const TYPING_MS = 300;

export interface ListModelOptions {
  api: RecordingsApi;
  /** Undefined: all rooms. */
  room: string | undefined;
  /** Called when no further request can succeed with this token. */
  onRefused: (error: ApiError) => void;
}

export class ListModel {
  /** Undefined until the first answer. */
  readonly listed = signal<Listed | undefined>(undefined);
  readonly search = signal('');
  /** The search that `listed` is the answer of. */
  readonly answered = signal('');
  readonly loadingMore = signal(false);
  /** Why the newest request failed. */
  readonly failure = signal<ApiError | undefined>(undefined);
  readonly #options: ListModelOptions;
  readonly #polling: Polling;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: ListModelOptions) {
    this.#options = options;
    this.#polling = new Polling({
      ask: () => this.#ask(),
      afterMs: () => (this.listed.peek()?.recordings.some(isUnderWay) ? POLL_MS : undefined),
      retryMs: POLL_MS,
    });
    void this.#polling.now();
  }

  refresh(): Promise<void> {
    return this.#polling.now();
  }

  type(search: string): void {
    this.search.value = search;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#searchNow(), TYPING_MS);
  }

  async loadMore(): Promise<void> {
    const { api, room } = this.#options;
    const before = this.listed.peek();
    if (!before || before.cursor === null || this.loadingMore.peek()) return;
    this.loadingMore.value = true;
    const search = this.answered.peek();
    try {
      const page = await api.list({ room, search, cursor: before.cursor });
      const now = this.listed.peek();
      // Another search may have been answered meanwhile.
      if (now && this.answered.peek() === search) this.listed.value = withNext(now, page);
      this.failure.value = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.loadingMore.value = false;
    }
  }

  removed(id: string): void {
    this.listed.value = without(this.listed.peek(), id);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#typing);
    this.#polling.close();
  }

  /** An answer to what was typed before may be under way. */
  async #searchNow(): Promise<void> {
    const { search, answered } = this;
    await this.#polling.now();
    if (!this.#closed && search.peek().trim() !== answered.peek() && !this.failure.peek()) {
      await this.#polling.now();
    }
  }

  async #ask(): Promise<void> {
    const { api, room } = this.#options;
    const search = this.search.peek().trim();
    try {
      const first = await api.list({ room, search });
      if (this.#closed) return;
      const isSame = search === this.answered.peek();
      this.listed.value = refreshed(isSame ? this.listed.peek() : undefined, first);
      this.answered.value = search;
      this.failure.value = undefined;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  #failed(cause: unknown): void {
    if (this.#closed) return;
    const error = cause instanceof ApiError ? cause : new ApiError('unreachable', String(cause));
    this.failure.value = error;
    if (isRefusal(error)) this.#options.onRefused(error);
  }
}

/** The token does not let in. */
export function isRefusal({ code }: ApiError): boolean {
  return code === 'unauthorized' || code === 'forbidden' || code.startsWith('token_');
}
