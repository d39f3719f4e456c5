// Publishes this node's part of a room in steps, and follows the parts of the other nodes.
import type { Bus } from '../../cluster/cluster.ts';
import { MeshNews, MeshState, meshNewsTopic, meshTopic } from '../../cluster/messages/mesh.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { type Difference, OtherState, OwnState } from './node-state.ts';
import { TopicSubscription } from './topic-subscription.ts';

export interface StateExchangeContext {
  nodeId: string;
  bus: Pick<Bus, 'publish' | 'subscribe'>;
  /** False while the store is away: then the silence of another node means nothing. */
  isConnected(): boolean;
  resources: Resources;
  log: Logger;
}

export interface StateExchangeOptions {
  room: string;
  /** Asks another node for its part. @returns null when it has none of the room */
  ask(nodeId: string): Promise<MeshState | null>;
  /** Sets the pipes of {@link StateExchange.own} right before they are published. */
  refreshLinks(why: 'changed' | 'tick'): void;
  /** A node was met, or its part is different. */
  onDifference(nodeId: string, difference: Difference, state: OtherState): void;
  /** A node has none of the room any more. */
  onForgotten(nodeId: string, state: OtherState): void;
  onTick(): void;
}

interface Other {
  readonly state: OtherState;
  /** Undefined until it has said so: a node of an older release never does. */
  readsNews: boolean | undefined;
  heardAt: number;
  asking: boolean;
}

/** What a node has is published again this often, so that a lost message is noticed within this time. */
const PUBLISH_EVERY_MS = 2_000;
/** A node that was silent for this long is taken to have none of the room any more. */
const SILENT_MS = 3.5 * PUBLISH_EVERY_MS;

let lastSeq = 0;

/** A room that ends and begins again in this process goes on from there: others may not have noticed. */
function nextSeq(): number {
  lastSeq = Math.max(lastSeq + 1, Date.now());
  return lastSeq;
}

export class StateExchange {
  readonly own: OwnState;
  readonly #options: StateExchangeOptions;
  readonly #context: StateExchangeContext;
  readonly #others = new Map<string, Other>();
  readonly #subscriptions: readonly { close(): Promise<void> }[];
  #ticks: Timer | undefined;
  #publishing = false;
  #wholeIsDue = false;
  #closed = false;

  constructor(options: StateExchangeOptions, context: StateExchangeContext) {
    this.#options = options;
    this.#context = context;
    this.own = new OwnState(context.nodeId, nextSeq);
    // Without them the room would stay cut in two for good.
    const common = { ...context, firstMs: PUBLISH_EVERY_MS, maxMs: PUBLISH_EVERY_MS };
    this.#subscriptions = [
      new TopicSubscription({
        ...common,
        topic: meshTopic(options.room),
        schema: MeshState,
        onMessage: (state) => this.#onState(state),
      }),
      new TopicSubscription({
        ...common,
        topic: meshNewsTopic(options.room),
        schema: MeshNews,
        onMessage: (news) => this.#onNews(news),
      }),
    ];
  }

  /** Asks those of these nodes that are not known yet for their part, and publishes ours to them. */
  async exchange(nodeIds: readonly string[]): Promise<void> {
    const { nodeId } = this.#context;
    const strangers = nodeIds.filter((id) => id !== nodeId && !this.#others.has(id));
    if (strangers.length === 0) return;
    await Promise.all(
      strangers.map(async (id) => {
        try {
          const state = await this.#options.ask(id);
          if (state) this.#onState(state);
        } catch (err) {
          this.#context.log.info({ err, nodeId: id }, 'mesh state request failed');
        }
      }),
    );
    this.#publishWhole();
  }

  /** Publishes what became different, once for all changes in one turn of the event loop. */
  publish(): void {
    if (this.#publishing || this.#closed) return;
    this.#publishing = true;
    queueMicrotask(() => {
      this.#publishing = false;
      if (!this.#closed) this.#flush();
    });
  }

  /** Our part, for another node that has participants of the room. */
  answer(from: string, readsNews: boolean | undefined): MeshState {
    this.meet(from, readsNews);
    this.#flush();
    return this.own.whole();
  }

  /** Another node has participants of the room. */
  meet(nodeId: string, readsNews?: boolean): void {
    if (nodeId === this.#context.nodeId || this.#closed) return;
    const other = this.#others.get(nodeId) ?? this.#know(nodeId);
    other.readsNews = readsNews ?? other.readsNews;
  }

  /** The parts of other nodes, as far as they are known. */
  get others(): ReadonlyMap<string, { readonly state: OtherState }> {
    return this.#others;
  }

  /** Says that nothing of the room is here any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticks?.close();
    if (this.#others.size > 0) this.#send(meshTopic(this.#options.room), this.own.gone());
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()));
  }

  #onState(state: MeshState): void {
    const { nodeId, seq, gone, readsNews = false } = state;
    if (this.#closed || nodeId === this.#context.nodeId) return;
    const known = this.#others.get(nodeId);
    if (gone) {
      if (known?.state.isOlderThan(seq)) this.#forget(nodeId, known);
      return;
    }
    const other = known ?? this.#know(nodeId);
    other.heardAt = performance.now();
    other.readsNews = readsNews;
    this.#differs(nodeId, other, other.state.replace(state));
    // A node that is new to us does not know our part either.
    if (!known) this.#publishWhole();
  }

  #onNews(news: MeshNews): void {
    const { nodeId } = news;
    if (this.#closed || nodeId === this.#context.nodeId) return;
    const known = this.#others.get(nodeId);
    const other = known ?? this.#know(nodeId);
    other.heardAt = performance.now();
    other.readsNews = true;
    if (news.kind === 'digest') {
      if (other.state.isBehind(news)) void this.#ask(nodeId, other);
    } else {
      const followed = other.state.follow(news);
      if (followed === 'missed') void this.#ask(nodeId, other);
      else if (followed !== 'known') this.#differs(nodeId, other, followed);
    }
    if (!known) this.#publishWhole();
  }

  #differs(nodeId: string, { state }: Other, difference: Difference | undefined): void {
    if (difference) this.#options.onDifference(nodeId, difference, state);
  }

  /** Something of its part was missed: it sends the whole of it, once for all that was missed meanwhile. */
  async #ask(nodeId: string, other: Other): Promise<void> {
    if (other.asking) return;
    other.asking = true;
    try {
      const state = await this.#options.ask(nodeId);
      if (this.#closed || this.#others.get(nodeId) !== other) return;
      if (state) this.#onState(state);
      else this.#forget(nodeId, other);
    } catch (err) {
      // Its next digest asks again.
      this.#context.log.debug({ err, nodeId }, 'mesh state request failed');
    } finally {
      other.asking = false;
    }
  }

  #know(nodeId: string): Other {
    const heardAt = performance.now();
    const other: Other = { state: new OtherState(), readsNews: undefined, heardAt, asking: false };
    this.#others.set(nodeId, other);
    this.#ticks ??= this.#context.resources.every(PUBLISH_EVERY_MS, () => this.#tick());
    return other;
  }

  #forget(nodeId: string, { state }: Other): void {
    this.#others.delete(nodeId);
    this.#options.onForgotten(nodeId, state);
    if (this.#others.size > 0) return;
    this.#ticks?.close();
    this.#ticks = undefined;
  }

  #tick(): void {
    if (!this.#context.isConnected()) {
      for (const other of this.#others.values()) other.heardAt = performance.now();
      return;
    }
    const silentSince = performance.now() - SILENT_MS;
    for (const [nodeId, other] of [...this.#others]) {
      if (other.heardAt < silentSince) this.#forget(nodeId, other);
    }
    if (this.#others.size === 0) return;
    this.#options.onTick();
    this.#options.refreshLinks('tick');
    this.#flush();
    if (this.#allReadNews) this.#send(meshNewsTopic(this.#options.room), this.own.digest());
    else this.#sendRepeated();
  }

  get #allReadNews(): boolean {
    return [...this.#others.values()].every(({ readsNews }) => readsNews);
  }

  #publishWhole(): void {
    this.#wholeIsDue = true;
    this.publish();
  }

  #flush(): void {
    this.#options.refreshLinks('changed');
    const { room } = this.#options;
    const { isChanged } = this.own;
    const isWholeDue = this.#wholeIsDue;
    this.#wholeIsDue = false;
    if (this.#others.size === 0) {
      this.own.next();
      return;
    }
    if (!this.#allReadNews) {
      if (isChanged || isWholeDue) this.#sendRepeated();
      return;
    }
    const change = this.own.next();
    if (change) this.#send(meshNewsTopic(room), change);
    if (isWholeDue) this.#send(meshTopic(room), this.own.whole());
  }

  /** The whole state under a new number, which nodes of older releases understand. */
  #sendRepeated(): void {
    this.own.renumber();
    this.#send(meshTopic(this.#options.room), this.own.whole());
  }

  #send(topic: string, message: MeshState | MeshNews): void {
    this.#context.bus.publish(topic, message).catch((err) => {
      this.#context.log.debug({ err, topic }, 'mesh state could not be published');
    });
  }
}
