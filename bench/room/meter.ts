// What a change costs: CPU time of the server's Node.js, and what all participants are sent.
import { setTimeout as wait } from 'node:timers/promises';
import type { Parley } from '../../test/support/server/parley.ts';
import type { Received } from './crowd.ts';

/** What one change costs. */
export interface Cost {
  cpuMs: number;
  messages: number;
  bytes: number;
}

/** The server is at rest when it uses less than this share of a CPU. */
const AT_REST = 0.08;
const LOOK_MS = 250;
/** Changes of a large room are gathered: the last of them are still to come. */
const GATHERED_MS = 700;
/** Changes come in this pace: how many of them are gathered must not depend on how busy the machine is. */
const PACE_MS = 100;

export class Meter {
  readonly received: Received = { messages: 0, bytes: 0 };
  readonly #parley: Parley;

  constructor(parley: Parley) {
    this.#parley = parley;
  }

  async read(): Promise<Record<string, number>> {
    const samples = await this.#parley.metrics();
    return Object.fromEntries(
      samples.map(({ name, labels, value }) => [
        `${name}${labels.kind ? ` ${labels.kind}` : ''}`,
        value,
      ]),
    );
  }

  /** Resolves when nothing is going on any more, with the CPU time used until then. */
  async atRest(): Promise<number> {
    for (let before = await this.#cpuMs(); ; ) {
      await wait(LOOK_MS);
      const now = await this.#cpuMs();
      if (now - before < AT_REST * LOOK_MS) return now;
      before = now;
    }
  }

  /** The cost of one of `count` changes, made one after the other. Looking costs too, and is taken off. */
  async cost(count: number, change: (index: number) => Promise<unknown>): Promise<Cost> {
    await this.atRest();
    const restFrom = await this.#cpuMs();
    await wait(4 * LOOK_MS);
    const idleMs = (await this.#cpuMs()) - restFrom;
    const startedAt = performance.now();
    const before = { ...this.received };
    const from = await this.#cpuMs();
    for (let index = 0; index < count; index++) {
      const next = wait(PACE_MS);
      await change(index);
      await next;
    }
    await wait(GATHERED_MS);
    const used = (await this.atRest()) - from;
    const idle = (idleMs * (performance.now() - startedAt)) / (4 * LOOK_MS);
    return {
      cpuMs: Math.max(0, used - idle) / count,
      messages: (this.received.messages - before.messages) / count,
      bytes: (this.received.bytes - before.bytes) / count,
    };
  }

  async #cpuMs(): Promise<number> {
    const values = await this.read();
    const seconds =
      (values.process_cpu_user_seconds_total ?? 0) + (values.process_cpu_system_seconds_total ?? 0);
    return seconds * 1_000;
  }
}
