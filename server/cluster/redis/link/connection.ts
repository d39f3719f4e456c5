// Runs commands and scripts on the store: each ends within its time, or fails with `unavailable`.
import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../../../shared/errors.ts';
import { refusalOf } from './errors.ts';
import { NotSent } from './link.ts';
import { argumentsOf, type RedisScript, type ScriptValues } from './script.ts';
import type { StoreNode, Topology } from './topology.ts';

export interface RunOptions {
  /**
   * Done twice is done once: it may be sent again when a connection ended before the answer. Anything
   * else fails as `unavailable` then, and whether it was done is not known.
   */
  repeatable?: boolean;
  /** Milliseconds, if less than the store's own. */
  timeoutMs?: number;
}

/** Between two tries of what was refused for the moment; grows, with full jitter. */
const MAX_PAUSE_MS = 200;
/** How long a client should wait after `unavailable`: reconnecting takes about this long. */
const RETRY_AFTER_MS = 1_000;

export class RedisConnection {
  readonly #topology: Topology;
  readonly #timeoutMs: number;
  readonly #running = new Set<() => void>();
  #closed = false;
  /** Resolves when a waiting call should look again. */
  #changed = Promise.withResolvers<void>();

  constructor(topology: Topology, timeoutMs: number) {
    this.#topology = topology;
    this.#timeoutMs = timeoutMs;
  }

  /** A link or the topology is not what it was: commands that wait try again. */
  noteChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /**
   * @param key decides which server it goes to
   * @throws ParleyError `unavailable` when there was no answer in time. What had not been written
   *   until then never happens; what had been may still.
   */
  command(key: string, args: readonly string[], options: RunOptions = {}): Promise<unknown> {
    return this.#run(key, () => args, options);
  }

  /**
   * @param keyOf a key by its name in the script; all belong to one server
   * @throws ParleyError `unavailable`, as {@link command}
   */
  async script<Argument extends string>(
    script: RedisScript<Argument>,
    keyOf: (name: string) => string,
    values: ScriptValues<Argument>,
    options: RunOptions = {},
  ): Promise<unknown> {
    const keys = script.keys.map(keyOf);
    const call = [String(keys.length), ...keys, ...argumentsOf(script, values)];
    const command = (known: boolean) =>
      known ? ['EVALSHA', script.sha, ...call] : ['EVAL', script.text, ...call];
    return this.#run(keys[0] ?? '', command, options);
  }

  close(): void {
    this.#closed = true;
    for (const giveUp of [...this.#running]) giveUp();
  }

  async #run(
    key: string,
    command: (scriptIsKnown: boolean) => readonly string[],
    { repeatable = false, timeoutMs = this.#timeoutMs }: RunOptions,
  ): Promise<unknown> {
    const end = deadline(this.#closed ? 0 : Math.min(timeoutMs, this.#timeoutMs));
    this.#running.add(end.giveUp);
    let known = true;
    let ask: StoreNode | undefined;
    let cause: unknown;
    try {
      for (let tries = 0; !end.signal.aborted; tries++) {
        const node = ask ?? (await this.#ready(key, end.passed));
        try {
          if (ask) ask.commands.send(['ASKING'], end.signal).catch(() => {});
          return await Promise.race([node.commands.send(command(known), end.signal), end.passed]);
        } catch (error) {
          cause = error === END ? (node.commands.lastError ?? cause) : error;
          if (error === END) break;
          ask = undefined;
          const refusal = refusalOf(error);
          if (!refusal && !repeatable && !(error instanceof NotSent)) break;
          if (refusal?.kind === 'final') throw new ParleyError('internal', { cause: error });
          if (refusal?.kind === 'no-script') {
            known = false;
            continue;
          }
          if (refusal?.kind === 'ask') ask = this.#topology.nodeAt(refusal);
          // Another server may have this name now.
          if (refusal?.kind === 'read-only') node.commands.reset('it has become a replica');
          if (refusal && !ask) await Promise.race([this.#topology.refresh(), end.passed]);
          const pauseMs = Math.random() * Math.min(MAX_PAUSE_MS, 5 * 2 ** tries);
          if (!ask) await Promise.race([sleep(pauseMs), end.passed]);
        }
      }
    } catch (error) {
      if (error !== END) throw error;
    } finally {
      end.close();
      this.#running.delete(end.giveUp);
    }
    cause ??= this.#topology.ownerOf(key)?.commands.lastError;
    throw new ParleyError('unavailable', { retryAfterMs: RETRY_AFTER_MS, cause });
  }

  async #ready(key: string, passed: Promise<never>): Promise<StoreNode> {
    for (;;) {
      const changed = this.#changed.promise;
      const node = this.#topology.ownerOf(key);
      if (node?.commands.ready) return node;
      await Promise.race([changed, passed]);
    }
  }
}

const END = Symbol('the time is over');

/** One timer for one operation. */
function deadline(ms: number) {
  const controller = new AbortController();
  const { promise: passed, reject } = Promise.withResolvers<never>();
  passed.catch(() => {});
  const giveUp = () => {
    // First the answer to the caller, then whatever the abort itself rejects.
    reject(END);
    controller.abort();
  };
  const timer = setTimeout(giveUp, ms);
  return { signal: controller.signal, passed, giveUp, close: () => clearTimeout(timer) };
}
