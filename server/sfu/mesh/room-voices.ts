// Speakers of a room that is on several nodes: each node publishes its own speakers and receives those of the others.
import type { Bus } from '../../cluster/cluster.ts';
import { type MeshParams, MeshVoices, voicesTopic } from '../../cluster/messages/mesh.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { Volume } from '../rooms/room-speakers.ts';
import { TopicSubscription } from './topic-subscription.ts';

export interface RoomVoicesOptions {
  room: string;
  nodeId: string;
  bus: Pick<Bus, 'publish' | 'subscribe' | 'request'>;
  /** The other nodes that the room is on. */
  nodes(): readonly string[];
  /** Everybody whom another node hears now, of those whose participants are there. */
  onVoices(nodeId: string, volumes: readonly Volume[]): void;
  resources: Resources;
  log: Logger;
}

/** Longer than another node waits for its participants. */
const CLAIM_TIMEOUT_MS = 1_500;
const SUBSCRIBE = { firstMs: 1_000, maxMs: 10_000 };

export class RoomVoices {
  readonly #options: RoomVoicesOptions;
  #subscription: TopicSubscription<typeof MeshVoices> | undefined;
  #closed = false;

  constructor(options: RoomVoicesOptions) {
    this.#options = options;
  }

  /** The room is on other nodes too. Idempotent. */
  listen(): void {
    if (this.#closed) return;
    const { room, nodeId, onVoices } = this.#options;
    this.#subscription ??= new TopicSubscription({
      ...this.#options,
      ...SUBSCRIBE,
      topic: voicesTopic(room),
      schema: MeshVoices,
      onMessage: (voices) => {
        if (voices.nodeId !== nodeId) onVoices(voices.nodeId, voices.volumes);
      },
    });
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

  /** A participant here begins to speak. Resolves when those on the other nodes who are to hear it receive it. */
  async claim(producerId: string): Promise<void> {
    const { room, bus, nodes, log } = this.#options;
    const params: MeshParams<'meshSpeaking'> = { room, producerId };
    const timeoutMs = CLAIM_TIMEOUT_MS;
    const asked = nodes().map((id) =>
      bus.request(id, 'meshSpeaking', params, { timeoutMs }).catch((err) => {
        // It chooses the voice when it hears of it on the topic.
        log.debug({ err, room, nodeId: id }, 'another node did not take a claim');
      }),
    );
    await Promise.all(asked);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#subscription?.close();
  }
}
