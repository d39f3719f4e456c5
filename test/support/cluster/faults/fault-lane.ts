// One small cluster in this process, where lives are lived one after the other: a web replica and a media
// node that are made fail, and a web replica that is not.
import assert from 'node:assert/strict';
import { RoomTokens } from '../../../../server/api/tokens.ts';
import type { Role } from '../../../../shared/room/room.ts';
import { until } from '../../process/until.ts';
import type { Owner } from '../../server/owned.ts';
import { type MediaNode, type Replica, type Replicas, startReplicas } from '../replicas.ts';
import { StubbornClient } from '../stubborn-client.ts';
import { FaultyCluster } from './faulty-cluster.ts';

const AUTH_TOKEN = 'the-operator-of-this-test';
/** The lease of a session is grace and margin: renewals of a busy machine come late, but not by so much. */
export const LANE_ENV = {
  AUTH_TOKEN,
  GRACE_PERIOD_MS: '600',
  SESSION_LEASE_MARGIN_MS: '1200',
  COMMAND_TIMEOUT_MS: '700',
  NODE_WATCH_MS: '60000',
  ORPHAN_GRACE_MS: '1500',
  JOINS_PER_MINUTE: '10000',
  PUBLICATIONS_PER_MINUTE: '10000',
  MAX_ROOMS_PER_ADDRESS: '10000',
  ARRIVALS_PER_ADDRESS_PER_MINUTE: '100000',
  ARRIVAL_BURST_PER_ADDRESS: '100000',
};
/** Longer than the lease of a session, its release by somebody else, and the limit of a command. */
export const STILL_MS = 2_500;
const DELAY_MS = 100;

/** A process that can be made fail. */
export interface Faulty<T> {
  readonly it: T;
  readonly faults: FaultyCluster;
  /** What it held before anybody came. */
  readonly rest: Readonly<Record<string, number>>;
}

export class FaultLane {
  readonly replicas: Replicas;
  readonly #owner: Owner;
  readonly #tokens: RoomTokens;
  #web: Faulty<Replica>;
  #node: Faulty<MediaNode>;
  readonly #healthy: Faulty<Replica>;
  #lives = 0;

  private constructor(
    owner: Owner,
    replicas: Replicas,
    parts: { web: Faulty<Replica>; node: Faulty<MediaNode>; healthy: Faulty<Replica> },
  ) {
    this.#owner = owner;
    this.replicas = replicas;
    this.#web = parts.web;
    this.#node = parts.node;
    this.#healthy = parts.healthy;
    const { secrets } = replicas.cluster;
    this.#tokens = new RoomTokens({
      authToken: AUTH_TOKEN,
      apiKeys: [],
      rejoinTtlSeconds: 60,
      secrets,
    });
  }

  static async start(owner: Owner, env: Readonly<Record<string, string>> = {}): Promise<FaultLane> {
    const replicas = await startReplicas(owner, { web: 0, nodes: 0 }, { ...LANE_ENV, ...env });
    const node = await faulty((wrap) => replicas.addNode(wrap));
    const web = await faulty((wrap) => replicas.addWeb(wrap));
    const healthy = await faulty((wrap) => replicas.addWeb(wrap));
    return new FaultLane(owner, replicas, { web, node, healthy });
  }

  /** The web replica that fails. */
  get web(): Faulty<Replica> {
    return this.#web;
  }

  /** The media node that fails. */
  get node(): Faulty<MediaNode> {
    return this.#node;
  }

  /** The web replica that does not. */
  get healthy(): Replica {
    return this.#healthy.it;
  }

  newRoom(): string {
    return `life-${++this.#lives}`;
  }

  /** @param first the replica that it prefers */
  async client(
    room: string,
    name: string,
    first: 'web' | 'healthy',
    role: Role,
  ): Promise<StubbornClient> {
    const { token } = await this.#tokens.mint({ room, role }, 60);
    const both = [this.#web.it.signalingUrl, this.healthy.signalingUrl];
    const urls = first === 'web' ? both : both.reverse();
    return new StubbornClient({ owner: this.#owner, room, name, token, urls });
  }

  /** Another web replica takes the place of the one that ended. */
  async replaceWeb(): Promise<void> {
    this.#web = await faulty((wrap) => this.replicas.addWeb(wrap));
  }

  /** Another node is there besides. @returns the one of before, which is to end */
  async addNode(): Promise<Faulty<MediaNode>> {
    const before = this.#node;
    this.#node = await faulty((wrap) => this.replicas.addNode(wrap));
    return before;
  }

  /** Nothing is left of a room that everybody has left. */
  async isAtRest(room: string): Promise<void> {
    const parts = [this.#web, this.#healthy, this.#node];
    await until('everything to be at rest', async () => {
      assert.equal(await this.replicas.cluster.rooms.snapshot(room), undefined);
      for (const { it, rest } of parts) assert.deepEqual(countsOf(it), rest);
    });
  }
}

/** An ended process holds nothing at all. */
export async function holdsNothing({ it }: Faulty<Replica | MediaNode>): Promise<void> {
  await until('an ended process to hold nothing', () => {
    for (const [kind, count] of Object.entries(it.resources.counts())) {
      assert.equal(count, 0, `${count} of ${kind}`);
    }
  });
}

async function faulty<T extends Replica | MediaNode>(
  start: (wrap: (inner: FaultyCluster['cluster']) => FaultyCluster['cluster']) => Promise<T>,
): Promise<Faulty<T>> {
  let faults: FaultyCluster | undefined;
  const it = await start((inner) => {
    faults = new FaultyCluster(inner, { delayMs: DELAY_MS, stillMs: STILL_MS });
    return faults.cluster;
  });
  assert.ok(faults);
  return { it, faults, rest: countsOf(it) };
}

/** Timers come and go by themselves. */
function countsOf({ resources }: Replica | MediaNode): Record<string, number> {
  const { timer: _, ...counts } = resources.counts();
  return counts;
}
