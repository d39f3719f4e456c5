// A cluster whose media replicas have addresses of their own, and what its operator can see of it.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { NodeInfo } from '../../../server/cluster/cluster.ts';
import type { Participant } from '../browser/participant.ts';
import { TestCluster } from '../cluster/local-cluster.ts';
import { until } from '../process/until.ts';
import type { Sample } from '../server/prometheus.ts';
import { placeInNamespaces } from './namespace-network.ts';

/** Shows that we are the operator. */
const AUTH_TOKEN = 'a-token-for-this-test-alone';
const headers = { authorization: `Bearer ${AUTH_TOKEN}` };

export class NamespaceCluster {
  readonly #cluster: TestCluster;

  private constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  /** Two `web` and two `sfu-rtc` replicas. The second participant of a room is placed on the other node. */
  static async start(context: TestContext): Promise<NamespaceCluster> {
    const cluster = await TestCluster.start(context, {
      web: 2,
      sfu: 2,
      env: {
        AUTH_TOKEN,
        WORKERS: '1',
        SPILL_SESSIONS_PER_WORKER: '1',
        // No participant is left when it ends.
        DRAIN_GRACE_SECONDS: '0',
      },
      place: placeInNamespaces(),
    });
    return new NamespaceCluster(cluster);
  }

  /** The room's address for browsers. They trust it: the balancer is on their own machine. */
  async room(name: string): Promise<string> {
    const tokens = new URL(`api/rooms/${name}/tokens`, this.#cluster.url);
    const response = await fetch(tokens, { method: 'POST', headers });
    const { url } = (await response.json()) as { url: string };
    return url;
  }

  /** The registrations of the media replicas. */
  async nodes(): Promise<NodeInfo[]> {
    const response = await fetch(new URL('api/nodes', this.#cluster.url), { headers });
    const { nodes } = (await response.json()) as { nodes: NodeInfo[] };
    return nodes;
  }

  /** Waits until the registry has both replicas, with these many sessions in all. */
  async holdsSessions(count: number): Promise<void> {
    await until(`the registry to count ${count} sessions`, async () => {
      const nodes = await this.nodes();
      assert.equal(nodes.length, 2, 'replicas');
      assert.equal(
        nodes.reduce((sum, { sessions }) => sum + sessions, 0),
        count,
      );
    });
  }

  /** Waits until both replicas report that they reach each other, or that they do not. */
  async reachEachOther(expected: boolean): Promise<void> {
    await until(`the replicas ${expected ? '' : 'not '}to reach each other`, async () => {
      const nodes = await this.nodes();
      assert.equal(nodes.length, 2, 'replicas');
      const reached = nodes.map(({ id, reaches }) =>
        nodes.some((o) => o.id !== id && reaches.includes(o.id)),
      );
      assert.deepEqual(reached, [expected, expected]);
    });
  }

  /** Address of the replica that carries all of a participant's media. */
  async mediaAddress(person: Participant): Promise<string> {
    return until(`${person.name}'s media to be on one replica`, async () => {
      const pairs = await person.candidatePairs();
      const addresses = [...new Set(pairs.map(({ remote }) => remote.address))];
      assert.deepEqual([pairs.length, addresses.length], [2, 1], `on ${addresses}`);
      const [address] = addresses;
      assert.ok(
        this.#cluster.sfus.some(({ host }) => host === address),
        `it is on ${address}`,
      );
      return address as string;
    });
  }

  /** Pipes that end on each replica, by its address. */
  async pipes(): Promise<Record<string, number>> {
    return this.#countOf('pipe');
  }

  /** Media sessions on each replica, by its address. */
  async people(): Promise<Record<string, number>> {
    return this.#countOf('peer');
  }

  /** How many media sessions the `web` replicas moved for this reason. */
  moves(reason: string): Promise<number> {
    return this.#counted('parley_media_rebuilds_total', { reason });
  }

  /** How many sessions have begun. */
  joins(): Promise<number> {
    return this.#counted('parley_sessions_total', { event: 'joined' });
  }

  /** The times at which the `web` replicas logged that they moved media for this reason, in UTC milliseconds. */
  moved(reason: string): number[] {
    return this.#cluster.outputLines.flatMap((line) => {
      const [name = '', json = ''] = line.split(' ', 2);
      if (!name.startsWith('web') || !json.startsWith('{')) return [];
      const entry = JSON.parse(line.slice(name.length)) as Record<string, string>;
      if (entry.msg !== 'media was moved' || entry.reason !== reason) return [];
      return [Date.parse(entry.time ?? '')];
    });
  }

  /** By both `web` replicas together. */
  async #counted(metric: string, wanted: Readonly<Record<string, string>>): Promise<number> {
    const samples = await Promise.all(this.#cluster.webs.map((web) => this.#cluster.metrics(web)));
    const isWanted = (labels: Sample['labels']) =>
      Object.entries(wanted).every(([label, value]) => labels[label] === value);
    return samples
      .flat()
      .filter(({ name, labels }) => name === metric && isWanted(labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  async #countOf(kind: string): Promise<Record<string, number>> {
    const counts = this.#cluster.sfus.map(async (sfu) => {
      const resources = await this.#cluster.resources(sfu);
      return [sfu.host, resources[kind] ?? 0] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  }
}
