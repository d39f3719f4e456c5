// The data of the operator's page, polled while the page is visible.
import { signal } from '@preact/signals';
import type { NodeView, TurnOverview } from '../../../shared/api/admin.ts';
import { AdminApi } from './admin-api.ts';
import { ApiError } from './api-request.ts';

const POLL_MS = 2_000;

export interface AdminData {
  turn: TurnOverview;
  nodes: readonly NodeView[];
  /** UTC milliseconds. */
  at: number;
}

export class AdminModel {
  readonly api: AdminApi;
  readonly data = signal<AdminData | undefined>(undefined);
  /** Why the newest request failed. */
  readonly failure = signal<ApiError | undefined>(undefined);
  readonly #onFinal: (error: ApiError) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: Promise<void> | undefined;
  #closed = false;

  /** @param onFinal called when no further request can succeed */
  constructor(token: string, onFinal: (error: ApiError) => void) {
    this.api = new AdminApi(token);
    this.#onFinal = onFinal;
    document.addEventListener('visibilitychange', this.#onVisibility);
    void this.refresh();
  }

  /** Asks now. */
  refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#schedule();
    });
    return this.#asking;
  }

  /** Runs an action, and reads the result. @throws ApiError */
  async act<T>(action: (api: AdminApi) => Promise<T>): Promise<T> {
    const answer = await action(this.api);
    // An earlier request may bring data from before the change.
    await this.#asking;
    await this.refresh();
    return answer;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisibility);
  }

  /** A hidden page does not poll. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed || document.hidden) return;
    this.#timer = setTimeout(() => void this.refresh(), POLL_MS);
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) clearTimeout(this.#timer);
    else void this.refresh();
  };

  async #ask(): Promise<void> {
    try {
      const [turn, { nodes }] = await Promise.all([this.api.turn(), this.api.nodes()]);
      if (this.#closed) return;
      this.data.value = { turn, nodes, at: Date.now() };
      this.failure.value = undefined;
    } catch (cause) {
      if (this.#closed) return;
      const error = cause instanceof ApiError ? cause : new ApiError('unreachable', String(cause));
      this.failure.value = error;
      if (error.isFinal) {
        this.close();
        this.#onFinal(error);
      }
    }
  }
}
