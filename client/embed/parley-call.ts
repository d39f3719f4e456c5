// <parley-call room="…" token="…">: a call inside a page, in a frame of the Parley server.
import type { EmbedArgs, EmbedCommand } from '../../shared/embed/commands.ts';
import type { EmbedDetail, EmbedEvent } from '../../shared/embed/events.ts';
import { type Wanted, wantedOf } from './attributes.ts';
import { EmbedError } from './embed-error.ts';
import { FrameChannel } from './frame-channel.ts';

/** The events of the element: `detail` of the event of this name, and what `on` calls its listener with. */
export interface ParleyCallEvents extends Details {
  /** The call is shown and takes commands. */
  ready: undefined;
  /** The call cannot be shown, or an attribute is wrong. */
  error: EmbedError;
}
type Details = { [E in EmbedEvent]: EmbedDetail<E> };

/** What the page lends to the frame. The page has to have it: see its own Permissions-Policy. */
const ALLOW =
  'camera; microphone; display-capture; autoplay; fullscreen; speaker-selection; clipboard-write; picture-in-picture; screen-wake-lock';

const STYLE = `
  :host { display: block; min-block-size: 20rem; }
  :host([hidden]) { display: none; }
  iframe { display: block; inline-size: 100%; block-size: 100%; min-block-size: inherit; border: 0; }
  p { margin: 0; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
`;

/** The origin of the server where an element names none; see served.ts. */
let ownServer: string | undefined;

export class ParleyCall extends HTMLElement {
  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #observer = new MutationObserver(() => this.#apply());
  #channel: FrameChannel | undefined;
  /** What is shown. */
  #shown: Wanted | undefined;
  #token: string | undefined;
  #room: EmbedDetail<'room'> | undefined;
  #connection: EmbedDetail<'connection'> | undefined;
  #participantId: string | undefined;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
  }

  /** The room token. Set here it is in no attribute, where other scripts and screenshots find it. */
  get token(): string | undefined {
    return this.#token ?? this.getAttribute('token') ?? undefined;
  }

  set token(token: string | undefined) {
    this.#token = token;
    if (this.isConnected) this.#apply();
  }

  /** The newest state of the room; undefined before the join. */
  get call(): EmbedDetail<'room'> | undefined {
    return this.#room;
  }

  get connection(): EmbedDetail<'connection'> | undefined {
    return this.#connection;
  }

  get participantId(): string | undefined {
    return this.#participantId;
  }

  /** @returns a function that ends the subscription */
  on<K extends keyof ParleyCallEvents>(
    event: K,
    listener: (detail: ParleyCallEvents[K]) => void,
  ): () => void {
    const onEvent = (given: Event) => {
      if (given instanceof CustomEvent) listener(given.detail);
    };
    this.addEventListener(event, onEvent);
    return () => this.removeEventListener(event, onEvent);
  }

  /**
   * As a click on "Join". Resolves when the participant is in the call.
   *
   * @throws EmbedError
   */
  join(options: { name?: string } = {}): Promise<void> {
    return this.#command('join', [options]);
  }

  leave(): Promise<void> {
    return this.#command('leave', []);
  }

  setMuted(source: 'microphone' | 'camera', muted: boolean): Promise<void> {
    return this.#command('setMuted', [source, muted]);
  }

  /** Ends sharing the screen. It begins with a click in the frame, which browsers ask for. */
  unpublish(source: 'screen'): Promise<void> {
    return this.#command('unpublish', [source]);
  }

  sendChat(text: string): Promise<void> {
    return this.#command('sendChat', [text]);
  }

  /** A host mutes a track of another participant. */
  muteOther(trackId: string): Promise<void> {
    return this.#command('muteOther', [trackId]);
  }

  /** A host ends another participant's session. */
  removeParticipant(participantId: string): Promise<void> {
    return this.#command('removeParticipant', [participantId]);
  }

  readonly recording = {
    start: (): Promise<void> => this.#command('recording.start', []),
    setPaused: (paused: boolean): Promise<void> => this.#command('recording.setPaused', [paused]),
    stop: (): Promise<void> => this.#command('recording.stop', []),
  };

  connectedCallback(): void {
    this.#observer.observe(this, { attributes: true });
    this.#apply();
  }

  disconnectedCallback(): void {
    this.#observer.disconnect();
    this.#clear();
  }

  #apply(): void {
    let wanted: Wanted;
    try {
      const attributes = new Map([...this.attributes].map(({ name, value }) => [name, value]));
      const { token } = this;
      if (token !== undefined) attributes.set('token', token);
      wanted = wantedOf(attributes, ownServer);
    } catch (error) {
      // A call that is shown goes on as it was.
      this.#fail(error instanceof EmbedError ? error : new EmbedError('internal', `${error}`));
      return;
    }
    const { server, room, options } = wanted;
    if (this.#channel && this.#shown?.server === server && this.#shown.room === room) {
      this.#channel.configure(options);
    } else {
      this.#show(wanted);
    }
    this.#shown = wanted;
  }

  #show({ server, room, options }: Wanted): void {
    this.#clear();
    const frame = document.createElement('iframe');
    frame.title = `Call in ${room}`;
    frame.allow = ALLOW;
    frame.referrerPolicy = 'no-referrer';
    // The room alone: a token or a name in an address is in histories and logs.
    frame.src = `${server}/embed/${encodeURIComponent(room)}`;
    this.#channel = new FrameChannel({
      frame: () => frame.contentWindow,
      origin: server,
      options,
      onReady: () => this.#tell('ready', undefined),
      onEvent: (name, detail) => this.#onEvent(name, detail),
      onError: (error) => this.#fail(error),
    });
    this.#root.replaceChildren(frame);
  }

  #clear(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#shown = undefined;
    this.#room = undefined;
    this.#connection = undefined;
    this.#participantId = undefined;
    this.#root.replaceChildren();
  }

  #onEvent<E extends EmbedEvent>(name: E, detail: EmbedDetail<E>): void {
    // One lookup, for TypeScript to know which detail belongs to which name.
    const details: Partial<Details> = { [name]: detail };
    if (details.room) this.#room = details.room;
    if (details.connection) this.#connection = details.connection;
    if (details.joined) this.#participantId = details.joined.participantId;
    this.#tell(name, detail);
  }

  #command<C extends EmbedCommand>(name: C, args: EmbedArgs<C>): Promise<void> {
    if (this.#channel) return this.#channel.command(name, args);
    return Promise.reject(new EmbedError('closed', 'This <parley-call> shows no call.'));
  }

  #fail(error: EmbedError): void {
    if (!this.#channel || error.code === 'unreachable') {
      const text = document.createElement('p');
      text.setAttribute('role', 'alert');
      text.textContent = error.message;
      this.#clear();
      this.#root.replaceChildren(text);
    }
    // Unless the page takes care of it, somebody has to see it.
    if (this.#tell('error', error)) console.error(error);
  }

  #tell(type: string, detail: unknown): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));
  }
}

/** @param server the server of elements that name none */
export function defineParleyCall({ server }: { server?: string } = {}): void {
  ownServer = server ?? ownServer;
  if (!customElements.get('parley-call')) customElements.define('parley-call', ParleyCall);
}

declare global {
  interface HTMLElementTagNameMap {
    'parley-call': ParleyCall;
  }
}
