// The requests of the Recordings page to the server. Answers are parsed with schemas.
import type * as v from 'valibot';
import { parse } from '../../../../shared/protocol/rpc.ts';
import {
  Film,
  type FilmOrder,
  RecordingDetails,
  RecordingList,
  ShareLink,
} from '../../../../shared/recording/recording.ts';
import { MediaTicket } from '../../../../shared/recording/requests.ts';
import { apiRequest, understood } from '../../kit/api-request.ts';

const RECORDINGS = '/api/recordings';

export interface ListQuery {
  /** Undefined: of all rooms, for operators. */
  room: string | undefined;
  /** A part of a name, as it was typed. */
  search: string;
  /** Where the page before ended. */
  cursor?: string | undefined;
}

/** `film`: to be shown in the page. `file`: to be saved. */
export type TicketKind = 'film' | 'file';

/** Every method throws ApiError with a sentence. */
export class RecordingsApi {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  list({ room, search, cursor }: ListQuery): Promise<RecordingList> {
    const query = new URLSearchParams({
      ...(room !== undefined && { room }),
      ...(search !== '' && { q: search }),
      ...(cursor !== undefined && { cursor }),
    });
    return this.#read(RecordingList, 'GET', `${RECORDINGS}?${query}`);
  }

  details(id: string): Promise<RecordingDetails> {
    return this.#read(RecordingDetails, 'GET', pathOf(id));
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', pathOf(id));
  }

  orderFilm(id: string, order: FilmOrder): Promise<Film> {
    return this.#read(Film, 'POST', `${pathOf(id)}/films`, order);
  }

  async cancelFilm(id: string, jobId: string): Promise<void> {
    await this.#ask('DELETE', `${pathOf(id)}/films/${encodeURIComponent(jobId)}`);
  }

  /** An address that works for a short time without the token: for a video element, and for a download. */
  ticket(id: string, name: string, kind: TicketKind): Promise<MediaTicket> {
    return this.#read(MediaTicket, 'POST', `${pathOf(id)}/tickets`, { name, kind });
  }

  /** @param expiresIn seconds */
  share(id: string, name: string, expiresIn: number): Promise<ShareLink> {
    return this.#read(ShareLink, 'POST', `${pathOf(id)}/links`, { name, expiresIn });
  }

  async #read<S extends v.GenericSchema>(
    schema: S,
    method: string,
    path: string,
    body?: object,
  ): Promise<v.InferOutput<S>> {
    const answer = await this.#ask(method, path, body);
    return understood(() => parse(schema, answer));
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    return apiRequest({ method, path, token: this.#token, body });
  }
}

function pathOf(id: string): string {
  return `${RECORDINGS}/${encodeURIComponent(id)}`;
}
