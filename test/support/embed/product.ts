// Somebody's product: a page on an origin of its own, which shows a call.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProductRequest {
  url: string;
  referer: string | undefined;
}

export class Product implements AsyncDisposable {
  readonly origin: string;
  /** What its server was asked for. */
  readonly requests: readonly ProductRequest[];
  readonly #pages: Map<string, string>;
  readonly #close: () => Promise<void>;

  private constructor(
    origin: string,
    pages: Map<string, string>,
    requests: ProductRequest[],
    close: () => Promise<void>,
  ) {
    this.origin = origin;
    this.requests = requests;
    this.#pages = pages;
    this.#close = close;
  }

  /** On a free port, so that it is another origin than any server's. */
  static async start(): Promise<Product> {
    const pages = new Map<string, string>();
    const requests: ProductRequest[] = [];
    const server = createServer(({ url = '/', headers }, answer) => {
      requests.push({ url, referer: headers.referer });
      const body = pages.get(url);
      answer.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html' });
      answer.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return new Product(`http://localhost:${port}`, pages, requests, close);
  }

  /** @returns the address of a page with this body */
  page(path: string, body: string): string {
    const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Product</title></head><body><main>${body}</main></body></html>`;
    this.#pages.set(path, html);
    return this.origin + path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
