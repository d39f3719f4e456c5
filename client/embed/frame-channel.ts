// The page's half of the conversation with the call in a frame: opens a channel, and sends commands through it.
import type { EmbedArgs, EmbedCommand } from '../../shared/embed/commands.ts';
import { detailOf, type EmbedDetail, type EmbedEvent } from '../../shared/embed/events.ts';
import {
  type Connect,
  EMBED_VERSION,
  type FrameMessage,
  type PageMessage,
  readFrameMessage,
  readHello,
} from '../../shared/embed/messages.ts';
import type { EmbedOptions } from '../../shared/embed/options.ts';
import { EmbedError } from './embed-error.ts';

export interface FrameChannelOptions {
  /** The frame's window. It stays the same when the frame is loaded again. */
  frame(): Window | null;
  /** The server's origin: nothing else is listened to, and nothing else is sent anything. */
  origin: string;
  options: EmbedOptions;
  /** The call takes commands. Again when the frame was loaded again. */
  onReady(): void;
  onEvent<E extends EmbedEvent>(name: E, detail: EmbedDetail<E>): void;
  onError(error: EmbedError): void;
}

/** The frame loads its page and asks its server which pages may show it: on a bad line a few seconds. */
const READY_WITHIN_MS = 15_000;

interface Waiting {
  message: PageMessage & { type: 'command' };
  resolve(): void;
  reject(error: EmbedError): void;
}

export class FrameChannel {
  readonly #given: FrameChannelOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #timer: ReturnType<typeof setTimeout>;
  #options: EmbedOptions;
  #port: MessagePort | undefined;
  #isReady = false;
  #commands = 0;

  constructor(given: FrameChannelOptions) {
    this.#given = given;
    this.#options = given.options;
    addEventListener('message', this.#onMessage);
    this.#timer = setTimeout(() => {
      const { origin } = given;
      given.onError(
        new EmbedError(
          'unreachable',
          `The call at ${origin} did not answer. Either that server cannot be reached, or it does not let pages of ${location.origin} show calls: its operator sets EMBED_ORIGINS.`,
        ),
      );
    }, READY_WITHIN_MS);
  }

  configure(options: EmbedOptions): void {
    this.#options = options;
    this.#send({ type: 'configure', options });
  }

  /** Waits until the call takes commands. @throws EmbedError */
  command<C extends EmbedCommand>(name: C, args: EmbedArgs<C>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const id = ++this.#commands;
    const message = { type: 'command' as const, id, name, args: [...args] as unknown[] };
    this.#waiting.set(id, { message, resolve, reject });
    if (this.#isReady) this.#send(message);
    return promise;
  }

  close(): void {
    removeEventListener('message', this.#onMessage);
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#failAll('The call was taken out of the page.');
  }

  readonly #onMessage = ({ source, origin, data }: MessageEvent): void => {
    const frame = this.#given.frame();
    // Other windows, and other pages that the frame may show one day, have no say.
    if (!frame || source !== frame || origin !== this.#given.origin) return;
    const hello = readHello(data);
    if (!hello) return;
    if (hello.version !== EMBED_VERSION) {
      clearTimeout(this.#timer);
      this.#given.onError(
        new EmbedError(
          'unsupported_version',
          `This page has version ${EMBED_VERSION} of <parley-call>, and ${origin} version ${hello.version}. Load the element from that server, or update the package.`,
        ),
      );
      return;
    }
    this.#open(frame);
  };

  #open(frame: Window): void {
    // The frame was loaded again: what the page before it was asked got lost with it.
    this.#port?.close();
    if (this.#isReady) this.#failAll('The call was loaded again.');
    this.#isReady = false;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => {
      const message = readFrameMessage(data);
      if (message) this.#take(message);
    };
    const connect: Connect = { parley: 'connect', version: EMBED_VERSION };
    // The browser delivers it to a page of this origin or not at all.
    frame.postMessage(connect, this.#given.origin, [port2]);
    this.configure(this.#options);
  }

  #take(message: FrameMessage): void {
    switch (message.type) {
      case 'configured':
        this.#ready();
        return;
      case 'refused':
        clearTimeout(this.#timer);
        this.#given.onError(new EmbedError(message.error.code, message.error.message));
        return;
      case 'done':
        this.#waiting.get(message.id)?.resolve();
        this.#waiting.delete(message.id);
        return;
      case 'failed': {
        const { code, message: text } = message.error;
        this.#waiting.get(message.id)?.reject(new EmbedError(code, text));
        this.#waiting.delete(message.id);
        return;
      }
      case 'event': {
        const detail = detailOf(message.name, message.detail);
        if (detail !== undefined) this.#given.onEvent(message.name, detail);
      }
    }
  }

  #ready(): void {
    clearTimeout(this.#timer);
    if (this.#isReady) return;
    this.#isReady = true;
    for (const { message } of this.#waiting.values()) this.#send(message);
    this.#given.onReady();
  }

  #send(message: PageMessage): void {
    this.#port?.postMessage(message);
  }

  #failAll(text: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new EmbedError('closed', text));
  }
}
