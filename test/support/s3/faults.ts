// A proxy in front of an object store that fails as stores and networks do, request by request.
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Fault =
  | 'none'
  /** 500 InternalError, in place of an answer. */
  | 'error'
  /** 503 SlowDown. */
  | 'slow_down'
  /** The request is carried out, and its answer is lost. */
  | 'lost_answer'
  /** Nothing comes, and the connection stays. */
  | 'hang'
  /** Half of the body of the answer, then the connection is closed. */
  | 'half'
  /** 403 AccessDenied. */
  | 'denied'
  /** One bit of the request's body is another. */
  | 'damage'
  /** 502 with a page in HTML, as of a proxy whose store is away. */
  | 'bad_gateway';

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
}

export class FaultyProxy implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  /** Says what is to happen to a request. */
  fault: (request: SeenRequest) => Fault = () => 'none';
  /** What each answer is late. Milliseconds. */
  delayMs = 0;
  /** What the clock of this store is ahead of ours. Milliseconds. */
  clockAheadMs = 0;
  #server: Server | undefined;
  #port = 0;
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target port of the store */
  static async start(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await proxy.start();
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    const server = createServer((incoming, answer) => {
      void this.#handle(incoming, answer).catch(() => answer.destroy());
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** All connections break. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const seen = { method, url, headers };
    this.seen.push(seen);
    const fault = this.fault(seen);
    const body = await bodyOf(incoming);
    if (fault === 'hang') return;
    if (this.delayMs > 0) await sleep(this.delayMs);
    if (this.#isSkewed(headers)) return this.#refuse(answer, 403, 'RequestTimeTooSkewed');
    if (fault === 'error') return this.#refuse(answer, 500, 'InternalError');
    if (fault === 'slow_down') return this.#refuse(answer, 503, 'SlowDown');
    if (fault === 'denied') return this.#refuse(answer, 403, 'AccessDenied');
    if (fault === 'bad_gateway') {
      answer.writeHead(502, { 'content-type': 'text/html' }).end('<html><p>Bad gateway<br></html>');
      return;
    }
    if (fault === 'damage' && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
    const upstream = request({
      ...{ host: '127.0.0.1', port: this.#target, method, path: url, headers, agent: false },
    });
    // Swift sends a body with its refusal of a HEAD, which is no HTTP: the answer has come by then.
    upstream.on('error', () => {});
    upstream.end(body);
    const [response] = (await once(upstream, 'response')) as [IncomingMessage];
    const whole = await bodyOf(response);
    if (fault === 'lost_answer') return void answer.destroy();
    const { 'transfer-encoding': _, ...kept } = response.headers;
    const length = method === 'HEAD' ? kept['content-length'] : String(whole.length);
    answer.writeHead(response.statusCode ?? 502, {
      ...kept,
      ...(length !== undefined && { 'content-length': length }),
    });
    if (fault !== 'half' || whole.length < 2) return void answer.end(whole);
    answer.write(whole.subarray(0, whole.length / 2), () => answer.destroy());
  }

  #isSkewed(headers: IncomingMessage['headers']): boolean {
    if (this.clockAheadMs === 0) return false;
    const text = String(headers['x-amz-date'] ?? '');
    const at = Date.parse(
      text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
    );
    return Math.abs(Date.now() + this.clockAheadMs - at) > 15 * 60_000;
  }

  #refuse(answer: ServerResponse, status: number, code: string): void {
    const date = new Date(Date.now() + this.clockAheadMs).toUTCString();
    answer.writeHead(status, { 'content-type': 'application/xml', date });
    answer.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Said so.</Message></Error>`,
    );
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
