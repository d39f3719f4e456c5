// The operator's requests to the server. Answers are parsed with schemas.
import { NodeOverview, Refusal, TurnOverview, TurnServerAdded } from '../../../shared/api/admin.ts';
import { parse } from '../../../shared/protocol/rpc.ts';

/** Longer than any answer takes. After it the page marks its data as old. Milliseconds. */
const TIMEOUT_MS = 8_000;
const UNREACHABLE = 'The server cannot be reached.';

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

export class AdminError extends Error {
  override readonly name = 'AdminError';
  /** `unreachable` without an answer, otherwise the server's code. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** The token is wrong, or the server has none: no request will succeed. */
  get isFinal(): boolean {
    return this.code === 'unauthorized' || this.code === 'not_found';
  }
}

/** Every method throws {@link AdminError} with a sentence. */
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

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(path, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new AdminError('unreachable', UNREACHABLE);
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    throw refusalOf(answer) ?? new AdminError('unreachable', statusText(response.status));
  }
}

function refusalOf(answer: unknown): AdminError | undefined {
  try {
    const { code, message } = parse(Refusal, answer).error;
    return new AdminError(code, message);
  } catch {
    return undefined;
  }
}

/** For answers that are not the server's own, such as a proxy's. */
function statusText(status: number): string {
  return `The server answered with status ${status}.`;
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new AdminError(
      'unsupported_version',
      'The server is of another release than this page. Reload the page.',
    );
  }
}

function serverPath(id: string): string {
  return `/api/turn/${encodeURIComponent(id)}`;
}
