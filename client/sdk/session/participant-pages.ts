// Pages of a room's participants: from what we know of a small room, from the server of a large one.
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { MethodParams, MethodResult } from '../../../shared/protocol/protocol.ts';
import {
  listed,
  PAGE_LENGTH,
  type ParticipantPage,
  type ParticipantQuery,
} from '../../../shared/room/listing.ts';
import type { RoomView } from './room-view.ts';

/** The server keeps a client up to date about the last pages that it asked for, so many. */
const KEPT = 4;

type Request = (params: MethodParams<'participants'>) => Promise<MethodResult<'participants'>>;

export class ParticipantPages {
  readonly #view: RoomView;
  readonly #request: Request;
  readonly #onAdded: () => void;
  /** By their text, the newest last. */
  readonly #last = new Map<string, MethodParams<'participants'>>();

  /** @param onAdded the view knows those of a page */
  constructor(view: RoomView, request: Request, onAdded: () => void) {
    this.#view = view;
    this.#request = request;
    this.#onAdded = onAdded;
  }

  async find(query: ParticipantQuery): Promise<ParticipantPage> {
    if (!this.#view.isPart) return listed(this.#view.snapshot, query);
    const { search = '', offset = 0, limit = PAGE_LENGTH } = query;
    const params = {
      ...(search.trim() !== '' && { search: search.slice(0, LIMITS.displayNameLength) }),
      ...{ offset, limit: Math.min(limit, LIMITS.participantsPerPage) },
      ...(query.with && { with: query.with }),
    };
    const key = JSON.stringify(params);
    this.#last.delete(key);
    this.#last.set(key, params);
    const [oldest] = this.#last.keys();
    if (oldest !== undefined && this.#last.size > KEPT) this.#last.delete(oldest);
    const page = await this.#request(params);
    this.#view.add(page);
    this.#onAdded();
    return page;
  }

  /** The server may have forgotten what we look at, or did not know: the room was a small one. */
  again(): void {
    if (!this.#view.isPart) return;
    for (const params of [...this.#last.values()]) this.find(params).catch(() => {});
  }
}
