// Notices a proxy in front that takes the Upgrade header off WebSocket handshakes, and says so once in a while.
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '../../telemetry/log.ts';

/** How long after a failed handshake its reason is given. A proxy that was mended is forgotten then. */
const REMEMBERED_MS = 60_000;
const LOGGED_EVERY_MS = 60_000;

export class UpgradeWatch {
  readonly #log: Logger;
  readonly #now: () => number;
  #seenAt = Number.NEGATIVE_INFINITY;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /**
   * A request without Upgrade to the path of WebSockets. Upgrade and Connection end at each proxy; the
   * other headers of a handshake (RFC 6455 §4.1) pass, and show what it was.
   */
  plainRequest(headers: IncomingHttpHeaders): void {
    if (headers['sec-websocket-key'] === undefined) return;
    this.#seenAt = this.#now();
    if (this.#now() - this.#loggedAt < LOGGED_EVERY_MS) return;
    this.#loggedAt = this.#now();
    const { via, server, 'x-forwarded-for': forwardedFor } = headers;
    this.#log.warn(
      { via, server, forwardedFor },
      'a proxy in front does not pass WebSockets on, so nobody can join: nginx needs "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";" in the location of Parley',
    );
  }

  /** Whether such a handshake came lately. */
  get recent(): boolean {
    return this.#now() - this.#seenAt < REMEMBERED_MS;
  }
}
