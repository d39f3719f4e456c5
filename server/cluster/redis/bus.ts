// The bus on sharded pub/sub: messages exist only on their way, between processes that are there.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { ParleyError } from '../../../shared/errors.ts';
import { ErrorBody, errorBody, errorFromBody } from '../../../shared/protocol/rpc.ts';
import type { Bus, Closer, CommandHandler } from '../cluster.ts';
import type { RedisConnection } from './link/connection.ts';
import type { RedisSubscriptions } from './link/subscriptions.ts';

const Question = v.object({
  id: v.string(),
  replyTo: v.string(),
  command: v.string(),
  params: v.optional(v.unknown()),
});
const Answer = v.union([
  v.object({ id: v.string(), error: ErrorBody }),
  v.object({ id: v.string(), result: v.optional(v.unknown()) }),
]);
type Answer = v.InferOutput<typeof Answer>;

interface Asked {
  resolve(answer: Answer): void;
  reject(error: ParleyError): void;
}

export interface RedisBusOptions {
  connection: RedisConnection;
  subscriptions: RedisSubscriptions;
  keyPrefix: string;
  onListenerError(error: unknown): void;
  /** A handler threw what is no ParleyError. The requester gets `internal` and no more. */
  onAccident(error: unknown, command: string): void;
  onUnreadable(error: unknown, channel: string): void;
  /** An answer that could not be published. The requester gets `timeout`. */
  onUnanswered(error: unknown): void;
}

/** The channel that a node is asked on; who serves it is subscribed to it. */
export function commandChannel(keyPrefix: string, nodeId: string): string {
  return `${keyPrefix}:commands:{${nodeId}}`;
}

export class RedisBus implements Bus {
  readonly #options: RedisBusOptions;
  /** The channel for answers to this process; no other one subscribes to it. */
  readonly #replyTo: string;
  readonly #asked = new Map<string, Asked>();
  readonly #served = new Map<string, { handler: CommandHandler }>();
  #lastId = 0;

  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#replyTo = `${options.keyPrefix}:answers:{${randomUUID()}}`;
  }

  /** Listens for answers. @throws ParleyError `unavailable` */
  async start(): Promise<void> {
    const { subscriptions } = this.#options;
    await subscriptions.subscribe(this.#replyTo, {
      onMessage: (text) => {
        const answer = this.#read(Answer, text, this.#replyTo);
        // Those who no longer wait are not in the table any more.
        if (answer) this.#asked.get(answer.id)?.resolve(answer);
      },
    });
  }

  async request(
    nodeId: string,
    command: string,
    params: unknown,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<unknown> {
    this.#lastId += 1;
    const id = String(this.#lastId);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    // Publishing may fail before the answer is awaited.
    promise.catch(() => {});
    const timer = setTimeout(() => reject(new ParleyError('timeout')), timeoutMs);
    this.#asked.set(id, { resolve, reject });
    try {
      const text = JSON.stringify({ id, replyTo: this.#replyTo, command, params });
      const channel = commandChannel(this.#options.keyPrefix, nodeId);
      const sending = this.#send(channel, text, timeoutMs);
      const receivers = await Promise.race([sending, promise.then(() => 1)]);
      if (receivers === 0) throw new ParleyError('no_capacity');
      const answer = await promise;
      if ('error' in answer) throw errorFromBody(answer.error);
      return answer.result;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(id);
    }
  }

  async serve(nodeId: string, handler: CommandHandler): Promise<Closer> {
    const channel = commandChannel(this.#options.keyPrefix, nodeId);
    // The handler that was registered last for the node serves it.
    const served = { handler };
    this.#served.set(nodeId, served);
    const leave = () => {
      if (this.#served.get(nodeId) === served) this.#served.delete(nodeId);
    };
    const onMessage = (text: string) => {
      const question = this.#read(Question, text, channel);
      if (question && this.#served.get(nodeId) === served) void this.#answer(handler, question);
    };
    try {
      const closer = await this.#options.subscriptions.subscribe(channel, { onMessage });
      return {
        close: async () => {
          leave();
          await closer.close();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async publish(topic: string, message: unknown): Promise<void> {
    await this.#send(this.#topic(topic), JSON.stringify(message) ?? 'null');
  }

  subscribe(topic: string, listener: (message: unknown) => void): Promise<Closer> {
    const channel = this.#topic(topic);
    return this.#options.subscriptions.subscribe(channel, {
      onMessage: (text) => {
        const message = this.#read(
          v.object({ message: v.unknown() }),
          `{"message":${text}}`,
          channel,
        );
        if (message) listener(message.message);
      },
    });
  }

  /** Ends the wait for an answer. */
  close(): void {
    for (const { reject } of this.#asked.values()) reject(new ParleyError('unavailable'));
  }

  async #answer(
    handler: CommandHandler,
    { id, replyTo, command, params }: v.InferOutput<typeof Question>,
  ): Promise<void> {
    let answer: string;
    try {
      answer = JSON.stringify({ id, result: await handler(command, params) });
    } catch (thrown) {
      if (!(thrown instanceof ParleyError)) this.#options.onAccident(thrown, command);
      answer = JSON.stringify({ id, error: errorBody(ParleyError.from(thrown)) });
    }
    await this.#send(replyTo, answer).catch(this.#options.onUnanswered);
  }

  /** @returns how many received it */
  async #send(channel: string, text: string, timeoutMs?: number): Promise<number> {
    const args = ['SPUBLISH', channel, text];
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    return v.parse(v.number(), await this.#options.connection.command(channel, args, options));
  }

  #topic(topic: string): string {
    return `${this.#options.keyPrefix}:topic:${topic}`;
  }

  #read<S extends v.GenericSchema>(
    schema: S,
    text: string,
    channel: string,
  ): v.InferOutput<S> | undefined {
    try {
      return v.parse(schema, JSON.parse(text));
    } catch (error) {
      this.#options.onUnreadable(error, channel);
      return undefined;
    }
  }
}
