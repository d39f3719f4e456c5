// Janus's WebSocket API: transactions, acknowledgements and the events that answer them.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { WebSocket } from 'ws';
import { parse } from '../../../shared/protocol/rpc.ts';

const Answer = v.looseObject({
  janus: v.string(),
  transaction: v.optional(v.string()),
  data: v.optional(v.object({ id: v.number() })),
  plugindata: v.optional(v.object({ data: v.looseObject({ error: v.optional(v.string()) }) })),
  jsep: v.optional(v.looseObject({ type: v.string(), sdp: v.string() })),
  error: v.optional(v.looseObject({ reason: v.string() })),
});
export type JanusAnswer = v.InferOutput<typeof Answer>;

const SUBPROTOCOL = 'janus-protocol';
const CONNECT_ATTEMPTS = 100;
const RETRY_MS = 100;
const ANSWER_MS = 20_000;

export class JanusApi {
  readonly #socket: WebSocket;
  readonly #apiSecret: string;
  readonly #waiting = new Map<string, (answer: JanusAnswer) => void>();
  #session: number | undefined;

  private constructor(socket: WebSocket, apiSecret: string) {
    this.#socket = socket;
    this.#apiSecret = apiSecret;
    socket.on('message', (data) => {
      const answer = parse(Answer, JSON.parse(String(data)));
      // The answer to a message of a plugin comes after its acknowledgement.
      if (answer.janus !== 'ack') this.#waiting.get(answer.transaction ?? '')?.(answer);
    });
  }

  /** Waits until Janus listens, and opens a session. */
  static async connect(url: string, apiSecret: string): Promise<JanusApi> {
    for (let attempt = 1; ; attempt++) {
      const socket = new WebSocket(url, SUBPROTOCOL);
      try {
        await once(socket, 'open');
        const api = new JanusApi(socket, apiSecret);
        api.#session = (await api.#ask({ janus: 'create' })).data?.id;
        return api;
      } catch (error) {
        if (attempt === CONNECT_ATTEMPTS || socket.readyState === WebSocket.OPEN) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  /** @returns the handle */
  async attach(plugin: string): Promise<number> {
    const { data } = await this.#ask({ janus: 'attach', plugin });
    if (!data) throw new Error('Janus gave no handle');
    return data.id;
  }

  /** A message to the plugin. @returns its answer. @throws Error what the plugin refused */
  async message(
    handle: number,
    body: object,
    jsep?: { type: string; sdp: string },
  ): Promise<JanusAnswer> {
    const answer = await this.#ask({
      ...{ janus: 'message', handle_id: handle, body },
      ...(jsep && { jsep: { ...jsep, trickle: false } }),
    });
    const refusal = answer.plugindata?.data.error;
    if (refusal !== undefined) throw new Error(`Janus: ${refusal}`);
    return answer;
  }

  close(): void {
    this.#socket.terminate();
  }

  async #ask(request: object): Promise<JanusAnswer> {
    const transaction = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<JanusAnswer>();
    const timer = setTimeout(() => reject(new Error('Janus did not answer')), ANSWER_MS);
    this.#waiting.set(transaction, resolve);
    this.#socket.send(
      JSON.stringify({
        ...request,
        transaction,
        apisecret: this.#apiSecret,
        ...(this.#session !== undefined && { session_id: this.#session }),
      }),
    );
    const answer = await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(transaction);
    });
    if (answer.error) throw new Error(`Janus: ${answer.error.reason}`);
    return answer;
  }
}
