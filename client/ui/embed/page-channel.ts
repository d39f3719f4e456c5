// The frame's half of the conversation with the page around it: lets the page in, once, if its origin may.
import { EmbedOrigins } from '../../../shared/api/embed.ts';
import {
  EMBED_VERSION,
  type FrameMessage,
  type Hello,
  type PageMessage,
  readConnect,
  readPageMessage,
} from '../../../shared/embed/messages.ts';
import { parse } from '../../../shared/protocol/rpc.ts';

export interface PageChannelOptions {
  /** The window around the frame. */
  page: Window;
  /** Origins whose pages may show calls. */
  origins: readonly string[];
  onMessage(message: PageMessage): void;
  /** A message of the page that cannot be read: it is of another release, or has a mistake. */
  onUnreadable(): void;
  /** A page that may not show calls asked for it. */
  onRefused(origin: string): void;
}

export class PageChannel {
  readonly #options: PageChannelOptions;
  #port: MessagePort | undefined;

  constructor(options: PageChannelOptions) {
    this.#options = options;
    addEventListener('message', this.#onMessage);
    const hello: Hello = { parley: 'hello', version: EMBED_VERSION };
    // It holds nothing that a page may not know, and which page is there is not known yet.
    options.page.postMessage(hello, '*');
  }

  send(message: FrameMessage): void {
    this.#port?.postMessage(message);
  }

  close(): void {
    removeEventListener('message', this.#onMessage);
    this.#port?.close();
  }

  readonly #onMessage = ({ source, origin, data, ports }: MessageEvent): void => {
    // Windows beside us can reach this one too, and so can those that opened the page.
    if (source !== this.#options.page) return;
    const [port] = ports;
    if (!readConnect(data) || !port) return;
    if (!this.#options.origins.includes(origin)) {
      this.#options.onRefused(origin);
      return;
    }
    // The first port is the page's. Whoever offers another one comes too late.
    removeEventListener('message', this.#onMessage);
    this.#port = port;
    port.onmessage = (event) => {
      const message = readPageMessage(event.data);
      if (message) this.#options.onMessage(message);
      else this.#options.onUnreadable();
    };
  };
}

/** The origins whose pages may show calls of this server: its own, and those of EMBED_ORIGINS. */
export async function readOrigins(): Promise<string[]> {
  const response = await fetch('/api/embed');
  if (!response.ok) throw new Error(`/api/embed answered ${response.status}`);
  const { origins } = parse(EmbedOrigins, await response.json());
  return [location.origin, ...origins];
}
