// The commands that a node takes from the bus: each with its schema and its handler.
import { ParleyError } from '../../shared/errors.ts';
import { type Handlers, type Method, parse } from '../../shared/protocol/rpc.ts';
import type { Logger } from '../telemetry/log.ts';

type Handle = (context: null, params: unknown) => Promise<unknown>;

export class CommandTable {
  readonly #commands = new Map<string, { method: Method; handle: Handle }>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add<M extends Readonly<Record<string, Method>>>(methods: M, handlers: Handlers<M, null>): this {
    for (const [name, method] of Object.entries(methods)) {
      // The handler has its own schema, which the compiler cannot follow through a table.
      this.#commands.set(name, { method, handle: handlers[name] as Handle });
    }
    return this;
  }

  /** @throws ParleyError `unknown_method`, `bad_message`, the handler's, or `media_failed` */
  async run(command: string, params: unknown): Promise<unknown> {
    const known = this.#commands.get(command);
    if (!known) throw new ParleyError('unknown_method');
    const parsed = parse(known.method.params, params);
    try {
      return await known.handle(null, parsed);
    } catch (error) {
      if (error instanceof ParleyError) throw error;
      // An error of mediasoup: the worker may be ending. The client gets a code that it knows.
      this.#log.warn({ err: error, command }, 'a media command failed');
      throw new ParleyError('media_failed', { cause: error });
    }
  }
}
