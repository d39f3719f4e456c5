// One HTTP request to the store: sent, answered, or given up when nothing moves any more.
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

export interface HttpRequest {
  method: string;
  /** Scheme, host and port. */
  origin: string;
  /** Encoded, with its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: Buffer;
  signal?: AbortSignal | undefined;
}

/** Errors and listings are far smaller. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Idle connections are closed before the store closes them: many do after five seconds or more. */
const IDLE_MS = 4_000;
/** An answer that nobody reads is kept from filling the memory by this many sockets at most. */
const MAX_SOCKETS = 64;

export class Http {
  readonly #timeoutMs: number;
  readonly #plain = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS });
  readonly #tls = new TlsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS });

  /** @param timeoutMs without a byte in either direction */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @throws the error of the connection; an Error when nothing moved for as long as the timeout */
  send({ method, origin, path, headers, body, signal }: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const isTls = origin.startsWith('https:');
      const request = (isTls ? tlsRequest : plainRequest)(`${origin}${path}`, {
        ...{ method, headers, agent: isTls ? this.#tls : this.#plain },
        ...(signal && { signal }),
      });
      request.setTimeout(this.#timeoutMs, () => {
        request.destroy(new Error(`nothing came for ${this.#timeoutMs / 1_000} s`));
      });
      let answered = false;
      request.once('response', (response) => {
        answered = true;
        resolve(response);
      });
      // After the answer the response reports what goes wrong.
      request.on('error', (error) => {
        if (!answered) reject(error);
      });
      request.end(body);
    });
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

/** The whole body. @throws Error when it is cut off, or far too large */
export async function bodyOf(response: IncomingMessage, method: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_TEXT_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  // The answer to a HEAD says how long the body of a GET would be.
  if (method !== 'HEAD') requireWhole(response, bytes);
  return Buffer.concat(chunks);
}

/** @throws Error when the connection ended before the answer did */
export function requireWhole(response: IncomingMessage, bytes: number): void {
  const length = Number(response.headers['content-length'] ?? bytes);
  if (!response.complete || bytes !== length) {
    throw new Error(`the answer was cut off after ${bytes} of ${length} bytes`);
  }
}
