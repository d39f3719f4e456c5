// A call in a frame: connects the page around it with the visit to the room.
import { signal } from '@preact/signals';
import type { PageMessage } from '../../../shared/embed/messages.ts';
import type { EmbedOptions } from '../../../shared/embed/options.ts';
import { ParleyError } from '../../../shared/errors.ts';
import type { RoomSession } from '../room/session.ts';
import { runCommand } from './call-commands.ts';
import { tellCalls } from './call-events.ts';
import { PageChannel, readOrigins } from './page-channel.ts';
import { colorProblem, themeOf } from './theme.ts';

export type EmbedState =
  | { state: 'waiting' }
  /** There is no page around it. */
  | { state: 'alone' }
  | { state: 'refused'; origin: string }
  | { state: 'unreachable' }
  | { state: 'open' };

export class EmbeddedCall {
  readonly state = signal<EmbedState>({ state: 'waiting' });
  #channel: PageChannel | undefined;
  #options: EmbedOptions = {};
  #session: RoomSession | undefined;
  #stopTelling: (() => void) | undefined;
  #isClosed = false;

  async open(): Promise<void> {
    if (parent === window) {
      this.state.value = { state: 'alone' };
      return;
    }
    let origins: string[];
    try {
      origins = await readOrigins();
    } catch {
      this.state.value = { state: 'unreachable' };
      return;
    }
    if (this.#isClosed) return;
    this.#channel = new PageChannel({
      page: parent,
      origins,
      onMessage: (message) => this.#take(message),
      onUnreadable: () => {
        const message = 'The call could not read a message of this page: an option may be unknown.';
        this.#channel?.send({ type: 'refused', error: { code: 'bad_option', message } });
      },
      onRefused: (origin) => {
        this.state.value = { state: 'refused', origin };
      },
    });
  }

  /** The visit to the room, as soon as it begins. */
  readonly attach = (session: RoomSession): void => {
    this.#session = session;
    this.#apply(session);
    this.#stopTelling = tellCalls(session, (name, detail) =>
      this.#channel?.send({ type: 'event', name, detail }),
    );
  };

  close(): void {
    this.#isClosed = true;
    this.#stopTelling?.();
    this.#channel?.close();
  }

  #take(message: PageMessage): void {
    if (message.type === 'configure') this.#configure(message.options);
    else void this.#run(message);
  }

  #configure(options: EmbedOptions): void {
    const problem = colorProblem(options);
    if (problem !== undefined) {
      this.#channel?.send({ type: 'refused', error: { code: 'bad_option', message: problem } });
      return;
    }
    this.#options = options;
    document.documentElement.classList.add('embedded');
    paint(options);
    if (this.#session) this.#apply(this.#session);
    this.state.value = { state: 'open' };
    this.#channel?.send({ type: 'configured' });
  }

  #apply(session: RoomSession): void {
    const { token, name } = this.#options;
    session.embedding.value = this.#options;
    session.useToken(token);
    // The name that a token gives is the one that counts.
    if (name !== undefined && session.claims.peek().name === undefined) session.name.value = name;
  }

  async #run({ id, name, args }: PageMessage & { type: 'command' }): Promise<void> {
    try {
      // The page before the call is drawn in the turn after the options came.
      if (!this.#session) throw new ParleyError('not_joined');
      await runCommand(this.#session, name, args);
      this.#channel?.send({ type: 'done', id });
    } catch (error) {
      const { code, message } = ParleyError.from(error);
      this.#channel?.send({ type: 'failed', id, error: { code, message } });
    }
  }
}

let painted: readonly string[] = [];

function paint(options: EmbedOptions): void {
  const { scheme, tokens } = themeOf(options);
  const { style } = document.documentElement;
  for (const token of painted) style.removeProperty(token);
  for (const [token, value] of Object.entries(tokens)) style.setProperty(token, value);
  painted = Object.keys(tokens);
  style.colorScheme = scheme ?? '';
}
