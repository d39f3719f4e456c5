// Channels that this process listens to: subscribed where they belong, and again after each outage.
import { ParleyError } from '../../../../shared/errors.ts';
import type { Closer } from '../../cluster.ts';
import type { StoreNode, Topology } from './topology.ts';

export interface ChannelListener {
  onMessage(text: string): void;
  /** It is subscribed again after it was not: what was published meanwhile was missed. */
  onResumed?(): void;
}

interface Channel {
  readonly name: string;
  readonly listeners: Set<ChannelListener>;
  /** Where it is subscribed, or being subscribed, and on which connection. */
  place: { node: StoreNode; generation: number } | undefined;
  /** The server has confirmed it on that connection. */
  inPlace: boolean;
  /** It was, once: from then on nothing may be missed in silence. */
  established: boolean;
  readonly waiting: Set<() => void>;
}

const RETRY_MS = 200;

export class RedisSubscriptions {
  readonly #topology: Topology;
  readonly #timeoutMs: number;
  readonly #onChange: () => void;
  readonly #onListenerError: (error: unknown) => void;
  readonly #channels = new Map<string, Channel>();
  #retry: NodeJS.Timeout | undefined;
  #missing = 0;
  #closed = false;

  constructor(options: {
    topology: Topology;
    timeoutMs: number;
    /** {@link inPlace} may be another now. */
    onChange(): void;
    onListenerError(error: unknown): void;
  }) {
    this.#topology = options.topology;
    this.#timeoutMs = options.timeoutMs;
    this.#onChange = options.onChange;
    this.#onListenerError = options.onListenerError;
  }

  /** Everything that was subscribed once is subscribed now. */
  get inPlace(): boolean {
    return this.#missing === 0;
  }

  /**
   * Resolves when the server has confirmed it.
   * @throws ParleyError `unavailable` when it has not in time; nothing is left subscribed then
   */
  async subscribe(name: string, listener: ChannelListener): Promise<Closer> {
    // A wrapper of its own: the same listener may subscribe twice and leave once.
    const own: ChannelListener = {
      onMessage: (text) => listener.onMessage(text),
      onResumed: () => listener.onResumed?.(),
    };
    const channel = this.#channels.get(name) ?? this.#open(name);
    channel.listeners.add(own);
    const closer = { close: async () => this.#leave(channel, own) };
    if (channel.inPlace) return closer;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const confirm = () => resolve(true);
    const timer = setTimeout(() => resolve(false), this.#closed ? 0 : this.#timeoutMs);
    channel.waiting.add(confirm);
    this.#place(channel);
    const confirmed = await promise;
    clearTimeout(timer);
    channel.waiting.delete(confirm);
    if (confirmed) return closer;
    await closer.close();
    throw new ParleyError('unavailable', { retryAfterMs: 1_000 });
  }

  /** The connection that subscribes on this node is there: everything of it is subscribed anew. */
  onReady(node: StoreNode): void {
    for (const channel of this.#channels.values()) {
      if (this.#topology.ownerOf(channel.name) === node) this.#place(channel);
    }
  }

  onLost(node: StoreNode): void {
    for (const channel of this.#channels.values()) {
      if (channel.place?.node === node) this.#displace(channel);
    }
  }

  /** Channels may have new owners. A connection that lost one is made anew: its state is in doubt. */
  onTopology(): void {
    const losers = new Set<StoreNode>();
    for (const channel of this.#channels.values()) {
      const owner = this.#topology.ownerOf(channel.name);
      if (channel.place && owner && channel.place.node !== owner) {
        losers.add(channel.place.node);
        this.#displace(channel);
      }
      if (!channel.inPlace) this.#place(channel);
    }
    for (const { messages } of losers) messages.reset('a slot moved');
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#channels.clear();
  }

  #open(name: string): Channel {
    const channel: Channel = {
      name,
      listeners: new Set(),
      place: undefined,
      inPlace: false,
      established: false,
      waiting: new Set(),
    };
    if (!this.#closed) this.#channels.set(name, channel);
    return channel;
  }

  #leave(channel: Channel, listener: ChannelListener): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
    if (this.#channels.get(channel.name) !== channel) return;
    this.#channels.delete(channel.name);
    channel.place?.node.messages.unsubscribe(channel.name, this.#deliver).catch(() => {});
    if (channel.established && !channel.inPlace) this.#miss(-1);
  }

  #place(channel: Channel): void {
    const node = this.#topology.ownerOf(channel.name);
    if (!node?.messages.ready || this.#closed) return;
    const { generation } = node.messages;
    if (channel.place?.node === node && channel.place.generation === generation) return;
    const place = { node, generation };
    channel.place = place;
    const isCurrent = () => channel.place === place && node.messages.generation === generation;
    node.messages.subscribe(channel.name, this.#deliver).then(
      () => {
        if (isCurrent() && this.#channels.get(channel.name) === channel) this.#confirm(channel);
      },
      () => {
        // It moved, or the connection went: the next look at the topology, or a retry, places it.
        if (channel.place === place) channel.place = undefined;
        void this.#topology.refresh();
        this.#retrySoon();
      },
    );
  }

  #confirm(channel: Channel): void {
    channel.inPlace = true;
    const resumed = channel.established;
    channel.established = true;
    for (const confirm of channel.waiting) confirm();
    if (!resumed) return;
    for (const listener of [...channel.listeners]) this.#call(() => listener.onResumed?.());
    this.#miss(-1);
  }

  #displace(channel: Channel): void {
    channel.place = undefined;
    if (channel.inPlace) this.#miss(1);
    channel.inPlace = false;
  }

  #miss(change: number): void {
    this.#missing += change;
    this.#onChange();
  }

  #retrySoon(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.onTopology(), RETRY_MS * Math.random());
  }

  /** One function for all channels: the client knows a subscription by its listener. */
  readonly #deliver = (text: string, name: string): void => {
    const channel = this.#channels.get(name);
    if (!channel) return;
    for (const listener of [...channel.listeners]) this.#call(() => listener.onMessage(text));
  };

  #call(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}
