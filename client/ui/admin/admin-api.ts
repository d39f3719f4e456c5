// Asks the server as its operator: what is shown, and what can be done. Answers are checked.
import * as v from 'valibot';
import { NodeOverview, TurnOverview } from '../../../shared/admin.ts';

/** Longer than any answer takes; then the page says that it is old. Milliseconds. */
const TIMEOUT_MS = 8_000;
const UNREACHABLE = 'The server cannot be reached.';

const Refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

/** A server to add, as the API takes it. */
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
  /** `unreachable`: nothing was heard. Otherwise the code of the server. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** The token is not the server's, or the server has none: nothing is to be had here. */
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
    return this.#parse(TurnOverview, await this.#ask('GET', '/api/turn'));
  }

  async nodes(): Promise<NodeOverview> {
    return this.#parse(NodeOverview, await this.#ask('GET', '/api/nodes'));
  }

  async add(server: NewServer): Promise<void> {
    await this.#ask('POST', '/api/turn', server);
  }

  async remove(id: string): Promise<void> {
    await this.#ask('DELETE', serverPath(id));
  }

  /** @param move calls go to other servers now; otherwise they end where they are */
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
    const refusal = v.safeParse(Refusal, answer);
    if (refusal.success) {
      const { code, message } = refusal.output.error;
      throw new AdminError(code, message);
    }
    // A proxy in between, say.
    throw new AdminError('unreachable', `The server answered with status ${response.status}.`);
  }

  #parse<S extends v.GenericSchema>(schema: S, answer: unknown): v.InferOutput<S> {
    const parsed = v.safeParse(schema, answer);
    if (parsed.success) return parsed.output;
    throw new AdminError(
      'unsupported_version',
      'The server is of another release than this page. Reload the page.',
    );
  }
}

function serverPath(id: string): string {
  return `/api/turn/${encodeURIComponent(id)}`;
}
