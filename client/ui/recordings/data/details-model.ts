// The data of one recording, read again while it or a film of it is under way.
import { signal } from '@preact/signals';
import type { RecordingDetails } from '../../../../shared/recording/recording.ts';
import { ApiError } from '../../admin/api-request.ts';
import { announce } from '../../kit/announcer.tsx';
import { isRefusal } from './list-model.ts';
import { isBusy } from './paging.ts';
import { Polling } from './polling.ts';
import type { RecordingsApi } from './recordings-api.ts';
import { filmNews } from './words.ts';

/** A film's progress moves visibly this often. Milliseconds. */
const POLL_MS = 2_000;

export interface DetailsModelOptions {
  api: RecordingsApi;
  id: string;
  /** Called when no further request can succeed with this token. */
  onRefused: (error: ApiError) => void;
}

export class DetailsModel {
  readonly api: RecordingsApi;
  readonly id: string;
  /** Undefined until the first answer. */
  readonly details = signal<RecordingDetails | undefined>(undefined);
  /** Why the newest request failed. */
  readonly failure = signal<ApiError | undefined>(undefined);
  readonly #polling: Polling;
  readonly #onRefused: (error: ApiError) => void;
  #closed = false;

  constructor({ api, id, onRefused }: DetailsModelOptions) {
    this.api = api;
    this.id = id;
    this.#onRefused = onRefused;
    this.#polling = new Polling({
      ask: () => this.#ask(),
      afterMs: () => {
        const details = this.details.peek();
        return details && isBusy(details) ? POLL_MS : undefined;
      },
      retryMs: POLL_MS,
    });
    void this.#polling.now();
  }

  refresh(): Promise<void> {
    return this.#polling.now();
  }

  /** Runs an action, and reads the result. @throws ApiError */
  async act<T>(action: (api: RecordingsApi) => Promise<T>): Promise<T> {
    const answer = await action(this.api);
    await this.#polling.again();
    return answer;
  }

  close(): void {
    this.#closed = true;
    this.#polling.close();
  }

  async #ask(): Promise<void> {
    try {
      const details = await this.api.details(this.id);
      if (this.#closed) return;
      for (const text of filmNews(this.details.peek(), details)) announce(text);
      this.details.value = details;
      this.failure.value = undefined;
    } catch (cause) {
      if (this.#closed) return;
      const error = cause instanceof ApiError ? cause : new ApiError('unreachable', String(cause));
      this.failure.value = error;
      if (isRefusal(error)) this.#onRefused(error);
      // It was deleted, and does not come back.
      if (error.code === 'not_found') return;
      throw error;
    }
  }
}
