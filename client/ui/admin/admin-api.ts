// The operator's requests to the server. Answers are parsed with schemas.
import { NodeOverview, TurnOverview, TurnServerAdded } from '../../../shared/api/admin.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { apiRequest, understood } from './api-request.ts';

/** A server to add, in the API's form. */
export interface NewServer {
  id?: string;
  urls: string[];
  region?: string;
  weight?: number;
  capacity?: number;
  metricsUrl?: string;
  secret?: string;
  username?: string;
  password?: string;
}

/** Every method throws ApiError with a sentence. */
export class AdminApi {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async turn(): Promise<TurnOverview> {
    const answer = await this.#ask('GET', '/api/turn');
    return understood(() => parse(TurnOverview, answer));
  }

  async nodes(): Promise<NodeOverview> {
    const answer = await this.#ask('GET', '/api/nodes');
    return understood(() => parse(NodeOverview, answer));
  }

  async add(server: NewServer): Promise<TurnServerAdded> {
    const answer = await this.#ask('POST', '/api/turn', server);
    return understood(() => parse(TurnServerAdded, answer));
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', serverPath(id));
  }

  /** @param move moves calls to other servers now; otherwise they end where they are */
  async drain(id: string, move: boolean): Promise<void> {
    await this.#ask('POST', `${serverPath(id)}/drain`, { move });
  }

  async resume(id: string): Promise<void> {
    await this.#ask('POST', `${serverPath(id)}/resume`);
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    return apiRequest({ method, path, token: this.#token, body });
  }
}

function serverPath(id: string): string {
  return `/api/turn/${encodeURIComponent(id)}`;
}
