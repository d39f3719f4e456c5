// The requests of the Recordings page to the server. Answers are parsed with schemas.
import { parse } from '../../../../shared/protocol/rpc.ts';
import {
  Film,
  type FilmOrder,
  RecordingDetails,
  RecordingList,
  ShareLink,
} from '../../../../shared/recording/recording.ts';
import { MediaTicket } from '../../../../shared/recording/requests.ts';
import { apiRequest, understood } from '../../admin/api-request.ts';

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

  async list({ room, search, cursor }: ListQuery): Promise<RecordingList> {
    const query = new URLSearchParams({
      ...(room !== undefined && { room }),
      ...(search !== '' && { q: search }),
      ...(cursor !== undefined && { cursor }),
    });
    const answer = await this.#ask('GET', `${RECORDINGS}?${query}`);
    return understood(() => parse(RecordingList, answer));
  }

  async details(id: string): Promise<RecordingDetails> {
    const answer = await this.#ask('GET', pathOf(id));
    return understood(() => parse(RecordingDetails, answer));
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', pathOf(id));
  }

  async orderFilm(id: string, order: FilmOrder): Promise<Film> {
    const answer = await this.#ask('POST', `${pathOf(id)}/films`, order);
    return understood(() => parse(Film, answer));
  }

  async cancelFilm(id: string, jobId: string): Promise<void> {
    await this.#ask('DELETE', `${pathOf(id)}/films/${encodeURIComponent(jobId)}`);
  }

  /** An address that works for some time without the token: for a video element, and for a download. */
  async ticket(id: string, name: string, kind: TicketKind): Promise<MediaTicket> {
    const answer = await this.#ask('POST', `${pathOf(id)}/tickets`, { name, kind });
    return understood(() => parse(MediaTicket, answer));
  }

  /** @param expiresIn seconds */
  async share(id: string, name: string, expiresIn: number): Promise<ShareLink> {
    const answer = await this.#ask('POST', `${pathOf(id)}/links`, { name, expiresIn });
    return understood(() => parse(ShareLink, answer));
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    return apiRequest({ method, path, token: this.#token, body });
  }
}

function pathOf(id: string): string {
  return `${RECORDINGS}/${encodeURIComponent(id)}`;
}
