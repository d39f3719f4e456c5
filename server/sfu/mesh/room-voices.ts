// Speakers of a room that is on several nodes: each node publishes its own speakers and receives those of the others.
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Bus, Closer } from '../../cluster/cluster.ts';
import { MeshVoices, voicesTopic } from '../../cluster/messages/mesh.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';
import type { Volume } from '../rooms/room-speakers.ts';

export interface RoomVoicesOptions {
  room: string;
  nodeId: string;
  bus: Pick<Bus, 'publish' | 'subscribe'>;
  /** Everybody whom another node hears now, of those whose participants are there. */
  onVoices(nodeId: string, volumes: readonly Volume[]): void;
  resources: Resources;
  log: Logger;
}

const SUBSCRIBE = { firstMs: 1_000, maxMs: 10_000 };

export class RoomVoices {
  readonly #options: RoomVoicesOptions;
  readonly #retry: Retry;
  #subscription: Promise<Closer | undefined> | undefined;
  #closed = false;

  constructor(options: RoomVoicesOptions) {
    this.#options = options;
    this.#retry = new Retry({ ...SUBSCRIBE, resources: options.resources });
  }

  /** The room is on other nodes too. Idempotent. */
  listen(): void {
    if (!this.#closed) this.#subscription ??= this.#subscribe();
  }

  /** Nothing, where the room has been on this node alone. */
  publish(volumes: readonly Volume[]): void {
    if (!this.#subscription) return;
    const { room, nodeId, bus, log } = this.#options;
    const message: MeshVoices = { nodeId, volumes: [...volumes] };
    bus.publish(voicesTopic(room), message).catch((err) => {
      log.debug({ err, room }, 'voices could not be published');
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry.reset();
    await (await this.#subscription?.catch(() => undefined))?.close().catch(() => {});
  }

  async #subscribe(): Promise<Closer | undefined> {
    const { room, nodeId, bus, onVoices, log } = this.#options;
    try {
      return await bus.subscribe(voicesTopic(room), (message) => {
        try {
          const voices = parse(MeshVoices, message);
          if (!this.#closed && voices.nodeId !== nodeId) onVoices(voices.nodeId, voices.volumes);
        } catch (err) {
          log.error({ err, room }, 'voices could not be read');
        }
      });
    } catch (err) {
      log.warn({ err, room }, 'subscription to voices failed');
      if (!this.#closed) {
        this.#retry.later(() => {
          this.#subscription = undefined;
          this.listen();
        });
      }
      return undefined;
    }
  }
}
